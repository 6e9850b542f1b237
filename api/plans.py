"""What is worked out once per endpoint, so that a request only looks it up."""

from pydantic import BaseModel

from api.inputs import QueryReader
from api.matching import parameter_names
from api.rates import Limits
from api.routes import Endpoint


class Plan:
    def __init__(self, endpoint: Endpoint, limits: Limits) -> None:
        self.endpoint = endpoint
        self.names = parameter_names(endpoint.path)
        self.signed_in = endpoint.signed_in
        self.rate_class = endpoint.rate_class
        self.allowance = limits.of(endpoint.rate_class)
        self.idempotency = endpoint.idempotency
        self.query = QueryReader(endpoint.query, "paged" if endpoint.paged else "whole")
        self.default_body = default_body(endpoint)


def default_body(endpoint: Endpoint) -> BaseModel | None:
    """What stands for a body that was left out: possible where no member is required."""
    model = endpoint.body
    if model is None or any(info.is_required() for info in model.model_fields.values()):
        return None
    return model()
