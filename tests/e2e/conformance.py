"""What every answer of a server must be, whoever asked: as its OpenAPI document says, with the headers that all have."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import unquote

import httpx2
from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

PROBLEM = "application/problem+json"
_DOCUMENT = "urn:openapi"


class Conformance:
    """Judges responses by an OpenAPI document. URLs of the media store are not in it."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        resource = DRAFT202012.create_resource(document)
        self._registry: Registry[Any] = Registry().with_resource(_DOCUMENT, resource)
        fewest_parameters_first = sorted(document["paths"], key=lambda path: path.count("{"))
        self._templates: list[tuple[re.Pattern[str], str]] = [
            (re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), path) for path in fewest_parameters_first
        ]

    def template(self, path: str) -> str | None:
        """The path's template, None when the document has none for it."""
        for pattern, template in self._templates:
            if pattern.fullmatch(path):
                return template
        return None

    def check(self, response: httpx2.Response) -> None:
        request, headers = response.request, response.headers
        where = (
            f"{request.method} {request.url.raw_path.decode()}: {response.status_code} {response.text[:300]}"
        )
        assert headers["X-Content-Type-Options"] == "nosniff", where
        path = unquote(request.url.raw_path.decode().partition("?")[0])
        if request.method == "OPTIONS" or path.startswith("/objects/"):
            return
        template = self.template(path)
        if response.status_code >= 400:
            self._check_problem(response, where)
        if template is None:
            assert response.status_code == 404, where
            return
        method = "get" if request.method == "HEAD" else request.method.lower()
        operation = self.document["paths"][template].get(method)
        if operation is None:
            assert response.status_code == 405, where
            allowed = {name.upper() for name in self.document["paths"][template]}
            assert {*headers["Allow"].split(", ")} - {"HEAD"} == allowed, where
            return
        documented = operation["responses"].get(str(response.status_code))
        assert documented is not None, f"{where} is not documented"
        self._check_headers(documented, response, where)
        if request.method != "HEAD":
            self._check_body((template, method, str(response.status_code)), documented, response, where)

    def _check_problem(self, response: httpx2.Response, where: str) -> None:
        if response.headers["Content-Type"] != PROBLEM:
            assert response.status_code == 503, where  # readyz answers what it knows
            return
        assert "no-store" in response.headers["Cache-Control"], where
        if response.request.method != "HEAD":
            problem = response.json()
            assert problem["status"] == response.status_code, where
            assert problem["type"] == f"/docs#{problem['code']}", where
            if response.status_code == 422:
                assert isinstance(problem["errors"], list), where

    def _check_headers(self, documented: Mapping[str, Any], response: httpx2.Response, where: str) -> None:
        assert "X-Request-Id" in response.headers, where
        assert "Authorization" in response.headers["Vary"], where
        for name, described in documented.get("headers", {}).items():
            required = self.document["components"]["headers"][described["$ref"].rpartition("/")[2]][
                "required"
            ]
            assert not required or name in response.headers, f"{where} lacks {name}"

    def _check_body(
        self,
        at: tuple[str, str, str],
        documented: Mapping[str, Any],
        response: httpx2.Response,
        where: str,
    ) -> None:
        content = documented.get("content", {})
        if not content:
            assert response.content == b"", where
            return
        media_type = response.headers["Content-Type"].partition(";")[0]
        assert media_type in content, f"{where} is {media_type}"
        if media_type.endswith("json"):
            error = next(self._validator((*at, media_type)).iter_errors(response.json()), None)
            assert error is None, f"{where}: {error}"

    @cache  # noqa: B019  # as many as the document has, and it lives as long as the session
    def _validator(self, at: tuple[str, str, str, str]) -> Validator:
        template, method, status, media_type = (part.replace("~", "~0").replace("/", "~1") for part in at)
        pointer = f"/paths/{template}/{method}/responses/{status}/content/{media_type}/schema"
        return Draft202012Validator({"$ref": f"{_DOCUMENT}#{pointer}"}, registry=self._registry)
