"""The routes that answer with files, as OpenAPI describes them."""

from __future__ import annotations

from ..formats import FORMATS
from . import plot_query
from .data_query import ARGUMENTS
from .openapi import COLUMNS_SCHEMA, Schema, errors, parameters, success

_BINARY: Schema = {"type": "string", "format": "binary"}
_ROWS: Schema = {"schema": {"type": "integer", "minimum": 0}}
_TAG: Schema = {"schema": {"type": "string", "pattern": '^"[0-9a-f.]+"$'}}
_NAME: Schema = {
    "description": "A name for the file.",
    "schema": {"type": "string", "pattern": '^(attachment|inline); filename="[A-Za-z0-9_.+-]+"$'},
}


def file_answer(description: str, media_types: list[str], headers: dict[str, Schema]) -> Schema:
    """A file in one of `media_types`."""
    content = dict.fromkeys(media_types, _BINARY)
    if "application/json" in content:
        content["application/json"] = COLUMNS_SCHEMA
    answer = success(description, content)
    tag = {"description": "The version of this answer, for If-None-Match.", **_TAG}
    answer["headers"] |= {"ETag": tag, "Content-Disposition": _NAME, **headers}
    return answer


def header(name: str, description: str) -> Schema:
    """A header of a request."""
    schema = {"type": "string"}
    return {"name": name, "in": "header", "description": description, "schema": schema}


def operations(get: Schema) -> Schema:
    """GET as described, and HEAD, which has the same headers."""
    head = get | {"operationId": f"head{get['operationId'][3:]}", "summary": "The headers alone"}
    bodiless = {
        code: {key: value for key, value in answer.items() if key != "content"}
        for code, answer in get["responses"].items()
    }
    return {"get": get, "head": head | {"responses": bodiless}}


def data(series_id: Schema) -> Schema:
    """The light curve as a file."""
    counts = {
        "X-Total-Rows": {"description": "Rows of the series.", **_ROWS},
        "X-Returned-Rows": {"description": "Rows in this answer.", **_ROWS},
    }
    media_types = [form.media_type.partition(";")[0] for form in FORMATS.values()]
    get = {
        "operationId": "getPhotometricSeriesData",
        "summary": "The light curve itself, whole or in part",
        "description": "The whole as hdf5 is the stored file: its ETag is the series' `hash`, and "
        "Range gets a part of its bytes. Units and metadata come along in all but json and csv.",
        "parameters": [
            *parameters(ARGUMENTS),
            header("Accept", "Media types; without `format` they decide."),
            header("If-None-Match", "ETags of versions that need not be sent again."),
            header("Range", "Bytes of the stored file, such as `bytes=0-1023` or `bytes=-512`."),
            header("If-Range", "The ETag of the version that Range is for."),
        ],
        "responses": {
            "200": file_answer("The file.", media_types, counts),
            "206": file_answer("Some bytes of the stored file.", media_types[:1], counts),
            "304": {"description": "The version that If-None-Match names is still the one."},
            **errors(404, 406, 416, 507),
        },
    }
    return {"parameters": [series_id], **operations(get)}


def plot(series_id: Schema) -> Schema:
    """A picture."""
    get = {
        "operationId": "getPhotometricSeriesPlot",
        "summary": "A picture of the light curve",
        "description": "Magnitudes grow downwards. More points than can be told apart are thinned, "
        "and the picture says so.",
        "parameters": [
            *parameters(plot_query.ARGUMENTS),
            header("If-None-Match", "ETags of versions that need not be sent again."),
        ],
        "responses": {
            "200": file_answer("The picture.", list(plot_query.MEDIA_TYPES.values()), {}),
            "304": {"description": "The version that If-None-Match names is still the one."},
            **errors(404, 406, 507),
        },
    }
    return {"parameters": [series_id], **operations(get)}
