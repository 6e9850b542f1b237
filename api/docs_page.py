"""`/openapi.json` and `/docs`: the document, and a page made from it that needs no script and loads nothing."""

import hashlib
from base64 import b64encode
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

import orjson

from api.calls import Answer, Call
from api.models import Anything
from api.openapi import openapi_document
from api.problems import CATALOGUE
from api.routes import Endpoint, Reply

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0
1rem;color:#222;background:#fff} h2{border-bottom:1px solid #ccc;margin-top:2.5rem}code,pre{font:14px/1.4
ui-monospace,monospace}
pre{background:#f5f5f5;padding:.75rem;overflow-x:auto}summary{cursor:pointer;padding:.25rem 0}
table{border-collapse:collapse}td,th{text-align:left;padding:.2rem .8rem .2rem 0;vertical-align:top}
b{display:inline-block;min-width:4.5rem}
"""
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    f"style-src 'sha256-{b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'"
)
_HTML_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
}

Json = dict[str, Any]


def documentation(endpoints: Sequence[Endpoint]) -> tuple[Endpoint, ...]:
    """The two routes that describe the given ones and themselves."""

    async def get_openapi(call: Call) -> Answer:
        return Answer(body=document)

    async def get_docs(call: Call) -> Answer:
        return Answer(body=page, headers=_HTML_HEADERS)

    def described(path: str, handler: Any, summary: str, reply: Reply) -> Endpoint:
        return Endpoint(
            "GET", path, handler, summary, "service", {200: reply},
            public=True, viewer="ignored", rate="unlimited",
        )  # fmt: skip

    own = (
        described("/openapi.json", get_openapi, "This document", Reply("OpenAPI 3.1", Anything)),
        described("/docs", get_docs, "The document as a page", Reply("HTML", media_type="text/html")),
    )
    content = openapi_document((*endpoints, *own))
    document, page = orjson.dumps(content), "".join(_page(content)).encode()
    return own


def _page(content: Json) -> Iterator[str]:
    info = content["info"]
    yield f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(info['title'])}</title>"
    yield "<meta name=viewport content='width=device-width'>"
    yield f"<style>{_STYLE}</style><h1>{escape(info['title'])} API</h1><p>{escape(info['description'])}</p>"
    yield "<p>The same for programs: <a href=/openapi.json>openapi.json</a></p>"
    for tag in content["tags"]:
        yield f"<h2>{escape(tag['name'])}</h2>"
        for path, methods in content["paths"].items():
            for method, operation in methods.items():
                if tag["name"] in operation["tags"]:
                    yield from _operation(method, path, operation)
    yield from _problems()
    yield "<h2 id=schemas>Schemas</h2>"
    for name, schema in content["components"]["schemas"].items():
        yield f"<details id='{escape(name)}'><summary><code>{escape(name)}</code></summary>{_json(schema)}</details>"


def _operation(method: str, path: str, operation: Json) -> Iterator[str]:
    yield f"<details><summary><code><b>{method.upper()}</b>{escape(path)}</code> {escape(operation['summary'])}"
    yield "</summary>"
    if "description" in operation:
        yield f"<p>{escape(operation['description'])}</p>"
    yield f"<p>{'A token is needed.' if operation['security'] == [{'bearer': []}] else 'Public.'}</p>"
    own = [parameter for parameter in operation["parameters"] if "name" in parameter]
    if own:
        yield f"<p>Parameters</p>{_json(own)}"
    if "requestBody" in operation:
        yield f"<p>Body</p>{_json(operation['requestBody'])}"
    yield "<table><tr><th>Status<th>Answer"
    for status, response in operation["responses"].items():
        yield f"<tr><td>{status}<td>{escape(response['description'])}"
    yield "</table></details>"


def _problems() -> Iterator[str]:
    yield "<h2>Problems</h2><table><tr><th>Code<th>Status<th>Meaning"
    for kind in CATALOGUE.values():
        yield f"<tr id={kind.code}><td><code>{kind.code}</code><td>{kind.status}<td>{escape(kind.title)}"
    yield "</table>"


def _json(value: object) -> str:
    return f"<pre>{escape(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())}</pre>"
