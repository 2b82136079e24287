"""The OpenAPI document: valid, complete, held against the routes, and true of every answer."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import openapi_spec_validator
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from server import Server

from skyportal_series import app_server
from skyportal_series.enum_types import ALLOWED_BANDPASSES
from skyportal_series.schemas import openapi
from skyportal_series.schemas.filters import ARGUMENTS, SCAN_ARGUMENTS
from skyportal_series.schemas.operations import document
from skyportal_series.schemas.upload import FIELD_NAMES

BASE = "/api/photometric_series"
DOCUMENT = document("/api", ALLOWED_BANDPASSES)


def test_document_is_openapi_3_1() -> None:
    openapi_spec_validator.validate(DOCUMENT, cls=openapi_spec_validator.OpenAPIV31SpecValidator)


def test_served_to_anyone(server: Server) -> None:
    answer = server.session.get(f"{server.url}{BASE}/openapi.json", timeout=10)
    assert answer.json() == DOCUMENT
    assert answer.headers["Content-Type"].startswith("application/json")


def test_paths_and_methods_are_those_that_are_served() -> None:
    served = {
        re.sub(r"\(\[\^/]\+\)", "{series_id}", route.regex.pattern)
        .replace("\\", "")
        .replace("[.]", ".")
        .rstrip("$"): sorted(route.handler_class.allowed_methods())
        for route in app_server.routes(SimpleNamespace(prefix="/api"))  # type: ignore[arg-type]
    }
    described = {
        path: sorted(name.upper() for name in operations if name != "parameters")
        for path, operations in DOCUMENT["paths"].items()
    }
    assert described == served


def test_prefix_and_bandpasses_are_the_servers() -> None:
    made = document("/x", ["mine"])
    assert all(path.startswith("/x/photometric_series") for path in made["paths"])
    assert made["components"]["schemas"]["Fields"]["properties"]["filter"]["enum"] == ["mine", None]


@pytest.mark.parametrize(
    ("path", "rows"), [("", ARGUMENTS), ("/scan", SCAN_ARGUMENTS)], ids=["list", "scan"]
)
def test_every_argument_is_described(path: str, rows: Any) -> None:
    described = DOCUMENT["paths"][BASE + path]["get"]["parameters"]
    names = [parameter["name"] for parameter in described]
    assert names == [spelling for row in rows for spelling in row.spellings]
    assert all(parameter["description"] and "example" in parameter for parameter in described)


@pytest.mark.parametrize(
    ("schema", "names"),
    [
        ("Fields", {*FIELD_NAMES}),
        ("Change", {*FIELD_NAMES, "data"}),
        ("Upload", {*FIELD_NAMES, "data"}),
    ],
)
def test_every_field_is_described(schema: str, names: set[str]) -> None:
    properties = DOCUMENT["components"]["schemas"][schema]["properties"]
    assert set(properties) == names
    assert all(properties[name]["description"] for name in FIELD_NAMES)


def test_every_error_is_described() -> None:
    assert openapi.error_codes() == set(openapi.ERRORS)


# The server against the document

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
FEW = settings(
    max_examples=12,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def fields(server: Server) -> dict[str, Any]:
    """What an upload needs beside a name."""
    return {
        "obj_id": "star1",
        "instrument_id": server.instrument_id,
        "series_obj_id": "1",
        "ra": 10,
        "dec": 5,
        "exp_time": 30,
        "filter": "ztfr",
        "data": {"mjd": [1.0, 2.0, 3.5], "flux": [10.0, None, 30.0], "note": ["a", "b", "c"]},
    }


@pytest.fixture(scope="module")
def known(server: Server, fields: dict[str, Any]) -> list[int]:
    """Ids of series to get, change and delete."""
    made = [server.post(json=fields | {"series_name": f"known/{n}"}) for n in range(4)]
    return [answer.json()["data"]["id"] for answer in made]


SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
OPERATIONS = [result.ok() for result in SCHEMA.get_all_operations()]
MODES = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]


def send(server: Server, case: Any) -> None:
    """Send `case` and hold the answer against the document."""
    texts = [str(value) for value in (case.headers or {}).values()]
    if not all(text.isascii() and text.isprintable() for text in texts):
        return  # not HTTP: Tornado refuses it before any route is found
    case.headers = {**(case.headers or {}), "Authorization": f"token {server.token}"}
    case.call_and_validate(base_url=server.url, checks=CHECKS, session=server.session)


TAKING = [operation for operation in OPERATIONS if "openapi.json" not in operation.path]


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
@pytest.mark.parametrize("operation", TAKING, ids=lambda operation: operation.label)
def test_anything_sent_is_answered_as_described(
    server: Server, operation: Any, mode: GenerationMode
) -> None:
    @FEW
    @given(operation.as_strategy(generation_mode=mode))
    def run(case: Any) -> None:
        send(server, case)

    run()


NEAR = [operation for operation in OPERATIONS if operation.method in ("get", "post", "patch")]


@pytest.mark.parametrize("operation", NEAR, ids=lambda operation: operation.label)
def test_what_nearly_fits_is_answered_as_described(
    server: Server, operation: Any, known: list[int], fields: dict[str, Any]
) -> None:
    """As above, with ids that exist and most fields right, so that requests get further."""

    @FEW
    @given(operation.as_strategy(), st.randoms(use_true_random=False))
    def run(case: Any, chance: Any) -> None:
        if case.path_parameters:
            case.path_parameters["series_id"] = chance.choice(known)
        if isinstance(case.body, dict) and case.media_type == "application/json":
            given = [name for name in fields if chance.random() < 0.9]
            case.body = {**case.body, **{name: fields[name] for name in given}}
        send(server, case)

    run()


def test_what_is_right_is_answered_as_described(
    server: Server, known: list[int], fields: dict[str, Any]
) -> None:
    item, collection = SCHEMA[f"{BASE}/{{series_id}}"], SCHEMA[BASE]
    upload = server.post(json=fields | {"series_name": "right"})
    number = upload.json()["data"]["id"]
    answers = [(collection["POST"], upload)]
    for data_format in ("json", "hdf5", "none"):
        query = {"params": {"dataFormat": data_format}}
        answers.append((item["GET"], server.get(f"/{number}", **query)))
        answers.append((collection["GET"], server.get("", **query)))
    answers.append((SCHEMA[f"{BASE}/scan"]["GET"], server.get("/scan", params={"numPerPage": 1})))
    answers.append((item["PATCH"], server.patch(number, json={"origin": "x"})))
    answers.append((item["DELETE"], server.delete(number)))
    for operation, answer in answers:
        assert answer.status_code == 200
        operation.validate_response(answer)
