"""The OpenAPI 3.1 document, made from the schemas and the tables of arguments.

`operations.py` has the routes; here is what they share: components, and how arguments, answers and
errors are written down.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..errors import SeriesError
from .answer import series_schema
from .filters import Argument
from .types import ID_SCHEMA, Described
from .upload import UploadSchema

Schema = dict[str, Any]

COLUMNS_SCHEMA: Schema = {
    "type": "object",
    "description": "Column → list of its values; null for none.",
    "additionalProperties": {"type": "array"},
}
BASE64_SCHEMA: Schema = {
    "type": "string",
    "contentEncoding": "base64",
    "contentMediaType": "application/x-hdf5",
    "description": "An HDF5 file in base64.",
}
_TEXTS = {"type": "array", "items": {"type": "string"}}

#: What can go wrong, by HTTP's code.
ERRORS: dict[int, str] = {
    400: "Something is wrong with what was asked or sent; `message` says what, and what is right.",
    401: "No token, a malformed or unknown one, or one without the ACL that this needs.",
    403: "The account of the token's user has expired.",
    404: "There is no such series, or it is not yours to see.",
    406: "None of the formats asked for is made here.",
    409: "The same series, or the same bytes, are here already.",
    412: "The series has changed since the version that If-Match names.",
    413: "Larger than one of the configured limits.",
    416: "The range asked for lies outside the file.",
    500: "The series' file is missing or damaged, or an error that the operators find by its id.",
    503: "The database or the workers are busy or away: try again after `Retry-After` seconds.",
    507: "The disk takes no more.",
}
#: What any request that needs a token may meet.
ALWAYS = (400, 401, 403, 500, 503)


def components(bandpasses: Sequence[str]) -> Schema:
    """The schemas, answers, headers and the security scheme that the routes refer to."""
    return {
        "schemas": _schemas(bandpasses),
        "responses": {_error_name(code): _error(code) for code in ERRORS},
        "headers": _HEADERS,
        "securitySchemes": {
            "token": {
                "type": "apiKey",
                "in": "header",
                "name": "Authorization",
                "description": "`Authorization: token <id>`, with the word token before the id.",
            }
        },
    }


_HEADERS = {
    "X-Request-Id": {
        "description": "Under which the operators find this request.",
        "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
    },
    "ETag": {
        "description": "The version of the series: its `hash` in quotes, for If-Match.",
        "schema": {"type": "string", "pattern": '^"[0-9a-f]{32}"$'},
    },
    "Retry-After": {
        "description": "Seconds after which to try again.",
        "schema": {"type": "integer", "minimum": 1},
    },
}


def _schemas(bandpasses: Sequence[str]) -> Schema:
    fields = field_schemas(bandpasses)
    data = {
        "anyOf": [COLUMNS_SCHEMA, BASE64_SCHEMA, {"type": "null"}],
        "description": "The light curve, as dataFormat says.",
    }
    given = {"data": _or_null({"oneOf": [COLUMNS_SCHEMA, BASE64_SCHEMA]}), **fields}
    given["data"]["examples"] = [{"mjd": [60000.1, 60000.2], "flux": [99.5, 101.2]}]
    return {
        "Series": series_schema(data),
        "Fields": _closed(fields),
        "Change": _closed(given),
        "Upload": _closed(given) | {"required": ["data"]},
        "Created": answer_schema(object_schema({"id": ID_SCHEMA})),
        "Error": object_schema(
            {
                "status": {"const": "error"},
                "message": {"type": "string"},
                "data": _closed({"errors": _ERRORS_BY_FIELD, "id": ID_SCHEMA}),
                "version": {"type": "string"},
            }
        ),
    }


_ERRORS_BY_FIELD = {
    "type": "object",
    "additionalProperties": _TEXTS,
    "description": "Field or argument → what is wrong with it.",
}


def field_schemas(bandpasses: Sequence[str]) -> dict[str, Schema]:
    """The fields of an upload. A null counts as not given."""
    found = {}
    for name, field in UploadSchema().fields.items():
        if not isinstance(field, Described):
            raise TypeError(f"the field {name} does not describe itself")
        schema = field.json_schema()
        if name == "filter":
            schema = {"type": "string", "enum": list(bandpasses)}
        elif "enum" in field.metadata:
            schema = {"type": "string", "enum": list(field.metadata["enum"])}
        about = {
            "description": field.metadata["description"],
            "examples": [field.metadata["example"]],
        }
        found[name] = _or_null(schema) | about
    return found


def _or_null(schema: Schema) -> Schema:
    if "type" not in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    more = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return schema | {"type": [*types, "null"]} | more


def _closed(properties: Mapping[str, Schema]) -> Schema:
    """An object that may have these keys and no others."""
    return {"type": "object", "properties": dict(properties), "additionalProperties": False}


def object_schema(properties: Mapping[str, Schema]) -> Schema:
    """An object that has exactly these keys."""
    return _closed(properties) | {"required": list(properties)}


def answer_schema(data: Schema) -> Schema:
    """The envelope of success around `data`."""
    status, version = {"const": "success"}, {"type": "string"}
    return object_schema({"status": status, "data": data, "version": version})


# How the parts of an operation are written


def ref(name: str, kind: str = "schemas") -> Schema:
    """A reference to a component."""
    return {"$ref": f"#/components/{kind}/{name}"}


def success(description: str, content: Mapping[str, Schema], *headers: str) -> Schema:
    """An answer: media type → schema, with the components `headers`."""
    return {
        "description": description,
        "headers": {name: ref(name, "headers") for name in ("X-Request-Id", *headers)},
        "content": {media: {"schema": schema} for media, schema in content.items()},
    }


def errors(*codes: int) -> Schema:
    """The answers for these codes, and for those that any request may meet."""
    return {str(code): ref(_error_name(code), "responses") for code in sorted({*ALWAYS, *codes})}


def _error_name(code: int) -> str:
    return f"Error{code}"


def _error(code: int) -> Schema:
    headers = ("Retry-After",) if code == 503 else ()
    return success(ERRORS[code], {"application/json": ref("Error")}, *headers)


def parameters(rows: Iterable[Argument]) -> list[Schema]:
    """Query arguments, each in every spelling that it has."""
    return [_parameter(row, spelling) for row in rows for spelling in row.spellings]


def _parameter(row: Argument, spelling: str) -> Schema:
    schema = dict(row.kind.schema)
    if row.default is not None:
        schema["default"] = row.default
    numeric = schema["type"] in ("number", "integer", "boolean")
    same = "" if spelling == row.name else f" The same as {row.name}; give one of the two."
    return {
        "name": spelling,
        "in": "query",
        "description": f"{row.meaning}.{same}",
        "schema": schema,
        "example": json.loads(row.example) if numeric else row.example,
    }


def error_codes() -> set[int]:
    """The codes of all errors there are; a test holds `ERRORS` against them."""
    pending, found = [SeriesError], set()
    while pending:
        kind = pending.pop()
        found.add(kind.status)
        pending += kind.__subclasses__()
    return found
