"""Serve, OpenAPI: the document that says what can be asked for, made of the endpoints themselves."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from streamreg._serve.crowd import CROWDED
from streamreg._serve.endpoint import JSON, Endpoint
from streamreg._serve.guard import NOT_OWN


def document(endpoints: Sequence[Endpoint], *, token: bool) -> dict[str, Any]:
    """The document of OpenAPI 3.1; with a `token`, what needs one says so."""
    found: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": "streamreg",
            "version": version("streamreg"),
            "description": "A run, and its results as they stand.",
        },
        "paths": {each.path: {"get": _operation(each, token=token)} for each in endpoints},
        "components": {
            "schemas": {
                "Error": {
                    "type": "object",
                    "properties": {"error": {"type": "string"}, "status": {"type": "integer"}},
                    "required": ["error", "status"],
                }
            }
        },
    }
    if token:
        found["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    return found


def _operation(endpoint: Endpoint, *, token: bool) -> dict[str, Any]:
    schema = {"type": "object"} if endpoint.kind == JSON else {"type": "string"}
    refusals = dict(endpoint.refusals)
    if token and not endpoint.open:
        refusals[401] = "The token is missing or wrong."
    refusals[421] = f"Of a request for another host: {NOT_OWN}."
    if not endpoint.always:
        refusals[503] = " ".join(filter(None, (refusals.get(503), CROWDED)))
    found: dict[str, Any] = {
        "operationId": endpoint.path.strip("/").translate(str.maketrans("/.", "__", "{}")),
        "summary": endpoint.summary,
        "responses": {
            "200": {
                "description": "What was asked for.",
                "content": {endpoint.kind: {"schema": schema}},
            },
            **{str(status): _error(text) for status, text in sorted(refusals.items())},
        },
    }
    if endpoint.parameters:
        found["parameters"] = [
            {
                "name": each.name,
                "in": each.place,
                "required": each.required,
                "description": each.text,
                "schema": dict(each.schema),
                # Its members are parameters of their own.
                **({"style": "form", "explode": True} if each.schema["type"] == "object" else {}),
            }
            for each in endpoint.parameters
        ]
    if token:
        found["security"] = [] if endpoint.open else [{"token": []}]
    return found


def _error(text: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Error"}
    return {"description": text, "content": {JSON: {"schema": schema}}}
