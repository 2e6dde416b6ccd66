"""The OpenAPI 3.1 document, made from the operations themselves: it cannot say anything the server does not do."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from types import NoneType
from typing import Any

import msgspec

from mdm_server.web.operations import Download, Operation, Operations
from mdm_server.web.problem import MEDIA_TYPE, Problem

VERSION = "3.1.0"
# Every operation may answer these, whatever it is about.
ALWAYS = (400, 401, 413, 422, 503)

Document = dict[str, Any]


def openapi_document(
    title: str, version: str, description: str, prefix: str, subjects: Iterable[Operations]
) -> Document:
    """Describe all operations in one document."""
    subjects = list(subjects)
    operations = [operation for subject in subjects for operation in subject]
    schemas = _Schemas(operations)
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(prefix + operation.path, {})[operation.method.lower()] = _describe(operation, schemas)
    document = {
        "openapi": VERSION,
        "info": {"title": title, "version": version, "description": description},
        "tags": [{"name": subject.tag, "description": subject.summary} for subject in subjects],
        "security": [{"administrator": []}],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "securitySchemes": {
                "administrator": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The token that `mdm-server serve` printed on its first start.",
                }
            },
        },
    }
    # Defaults may be tuples; a document is what JSON makes of it.
    decoded: Document = msgspec.json.decode(msgspec.json.encode(document))
    return decoded


class _Schemas:
    """JSON Schemas of every type the operations mention."""

    def __init__(self, operations: list[Operation]) -> None:
        types: list[Any] = [Problem]
        for operation in operations:
            types += operation.path_parameters.values()
            types += [parameter.type for parameter in operation.query.values()]
            types += [
                kind for kind in (operation.body, operation.answer) if kind not in {NoneType, None, bytes, Download}
            ]
        schemas, components = msgspec.json.schema_components(
            types, ref_template="#/components/schemas/{name}", schema_hook=_schema_hook
        )
        self.components: dict[str, Any] = components
        # Annotated types are unhashable when their metadata is; their position tells them apart instead.
        self._schemas = list(zip(types, schemas, strict=True))

    def of(self, kind: Any) -> dict[str, Any]:
        return next(schema for known, schema in self._schemas if known is kind or known == kind)


def _schema_hook(kind: type) -> dict[str, Any]:
    if kind is object:
        return {"description": "Any JSON value."}
    raise NotImplementedError(kind)


def _describe(operation: Operation, schemas: _Schemas) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": operation.summary,
        "parameters": _parameters(operation, schemas),
        "responses": _responses(operation, schemas),
    }
    if operation.description:
        described["description"] = operation.description
    if operation.uploads is not None:
        described["requestBody"] = {"required": True, "content": {operation.uploads: {}}}
    elif operation.body is not NoneType:
        described["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schemas.of(operation.body)}},
        }
    return described


def _parameters(operation: Operation, schemas: _Schemas) -> list[dict[str, Any]]:
    in_path = [
        {"name": name, "in": "path", "required": True, "schema": schemas.of(kind)}
        for name, kind in operation.path_parameters.items()
    ]
    in_query = [
        {"name": name, "in": "query", "required": parameter.required, "schema": _with_default(schemas, parameter)}
        for name, parameter in operation.query.items()
    ]
    return in_path + in_query


def _with_default(schemas: _Schemas, parameter: Any) -> dict[str, Any]:
    schema = dict(schemas.of(parameter.type))
    if not parameter.required and parameter.default is not None:
        schema["default"] = parameter.default
    return schema


def _responses(operation: Operation, schemas: _Schemas) -> dict[str, Any]:
    success: dict[str, Any] = {"description": HTTPStatus(operation.status).phrase}
    if operation.downloads is not None:
        success["content"] = {operation.downloads: {}}
    elif operation.answer not in {None, NoneType}:
        success["content"] = {"application/json": {"schema": schemas.of(operation.answer)}}
    problem = {"content": {MEDIA_TYPE: {"schema": schemas.of(Problem)}}}
    refusals = {
        str(status): {"description": HTTPStatus(status).phrase, **problem}
        for status in sorted({*ALWAYS, *operation.refusals})
    }
    return {str(operation.status): success, **refusals}
