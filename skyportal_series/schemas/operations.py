"""The routes as OpenAPI describes them: one function per path, all of them in `PATHS`.

A new route: a function here that gives its operations, and a row in `PATHS`. A test holds the
table against the routes that are served, and their methods.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import __version__
from . import file_operations
from .filters import ARGUMENTS, DATA_FORMAT_ONLY, SCAN_ARGUMENTS
from .openapi import (
    Schema,
    answer_schema,
    components,
    errors,
    object_schema,
    parameters,
    ref,
    success,
)
from .types import ID_SCHEMA

_JSON = "application/json"
_ABOUT = (
    "Photometric series: light curves of up to millions of points, with metadata, statistics and "
    "sharing. Whatever is not understood is refused; empty query arguments count as absent."
)
_SERIES_ID = {
    "name": "series_id",
    "in": "path",
    "required": True,
    "description": "Id of the series.",
    "schema": ID_SCHEMA,
}
_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "description": "ETags of the versions that may be changed, separated by commas; or *.",
    "schema": {"type": "string", "pattern": r'^(\*|(W/)?"[0-9a-f]{32}")$'},
}


def collection() -> Schema:
    """Search, and upload."""
    page: dict[str, Schema] = {
        "series": {"type": "array", "items": ref("Series")},
        "totalMatches": {"type": "integer", "minimum": 0},
        "pageNumber": {"type": "integer", "minimum": 1},
        "numPerPage": {"type": "integer", "minimum": 1},
    }
    return {
        "get": {
            "operationId": "listPhotometricSeries",
            "summary": "Search for series that you may read",
            "description": "A cone search needs ra, dec and radius. Equal ones are sorted by id.",
            "parameters": parameters(ARGUMENTS),
            "responses": {
                "200": success("A page of series.", {_JSON: answer_schema(object_schema(page))}),
                **errors(),
            },
        },
        "post": {
            "operationId": "createPhotometricSeries",
            "summary": "Upload a series",
            "description": "Needs the ACL `Upload data`. Fields that are not given are taken from "
            "the metadata of the HDF5 file, then from the columns of the data.",
            "requestBody": _body("Upload", required_data=True),
            "responses": {
                "200": success("The id of the new series.", {_JSON: ref("Created")}),
                **errors(413, 507),
            },
        },
    }


def item() -> Schema:
    """One series."""
    deleted = {_JSON: answer_schema(object_schema({}))}
    return {
        "parameters": [_SERIES_ID],
        "get": {
            "operationId": "getPhotometricSeries",
            "summary": "Get a series",
            "parameters": parameters(DATA_FORMAT_ONLY.values()),
            "responses": {
                "200": success("The series.", {_JSON: answer_schema(ref("Series"))}, "ETag"),
                **errors(),
            },
        },
        "patch": {
            "operationId": "updatePhotometricSeries",
            "summary": "Change fields, data or both",
            "description": "Needs the ACL `Upload data`, and for other people's series "
            "`Manage photometry`. What is not given stays, or is inferred from new data.",
            "parameters": [_IF_MATCH],
            "requestBody": _body("Change", required_data=False),
            "responses": {
                "200": success("The id of the series.", {_JSON: ref("Created")}),
                **errors(412, 413, 507),
            },
        },
        "delete": {
            "operationId": "deletePhotometricSeries",
            "summary": "Delete a series",
            "parameters": [_IF_MATCH],
            "responses": {"200": success("It is gone.", deleted), **errors(412)},
        },
    }


def scan() -> Schema:
    """All series, page after page."""
    page: dict[str, Schema] = {
        "series": {"type": "array", "items": ref("Series")},
        "next": {
            "type": ["string", "null"],
            "description": "The `after` of the next page; null on the last.",
        },
    }
    return {
        "get": {
            "operationId": "scanPhotometricSeries",
            "summary": "Go through all series that you may read, page by page",
            "description": "Misses and repeats nothing while others upload and delete.",
            "parameters": parameters(SCAN_ARGUMENTS),
            "responses": {
                "200": success("A page of series.", {_JSON: answer_schema(object_schema(page))}),
                **errors(),
            },
        }
    }


def document_itself() -> Schema:
    """This document."""
    return {
        "get": {
            "operationId": "getOpenApi",
            "summary": "This document",
            "security": [],
            "responses": {
                "200": success("OpenAPI 3.1.", {_JSON: {"type": "object"}}),
                "500": errors()["500"],
            },
        }
    }


def _body(schema: str, *, required_data: bool) -> Schema:
    """A body as JSON, or as a form with the HDF5 file in binary."""
    file = {"type": "string", "format": "binary", "contentMediaType": "application/x-hdf5"}
    form = object_schema({"data": file, "metadata": ref("Fields")})
    form["required"] = ["data"] if required_data else []
    encoding = {"metadata": {"contentType": _JSON}, "data": {"contentType": "application/x-hdf5"}}
    return {
        "required": True,
        "content": {
            _JSON: {"schema": ref(schema)},
            "multipart/form-data": {"schema": form, "encoding": encoding},
        },
    }


#: The paths below `<prefix>/photometric_series`.
PATHS: dict[str, Callable[[], Schema]] = {
    "": collection,
    "/openapi.json": document_itself,
    "/scan": scan,
    "/{series_id}": item,
    "/{series_id}/data": lambda: file_operations.data(_SERIES_ID),
    "/{series_id}/plot": lambda: file_operations.plot(_SERIES_ID),
}


def document(prefix: str, bandpasses: Sequence[str]) -> dict[str, Any]:
    """The OpenAPI document of the routes below `prefix`."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "skyportal_series", "version": __version__, "description": _ABOUT},
        "security": [{"token": []}],
        "paths": {f"{prefix}/photometric_series{path}": make() for path, make in PATHS.items()},
        "components": components(bandpasses),
    }
