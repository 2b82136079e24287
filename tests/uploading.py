"""Uploads that are right, to be spoilt by tests one thing at a time."""

from __future__ import annotations

import itertools
from typing import Any

from server import Server

_numbers = itertools.count(1)


def fields(server: Server, **changes: Any) -> dict[str, Any]:
    """All fields of a series that nobody has uploaded yet; `...` leaves one out."""
    complete = {
        "obj_id": "star1",
        "instrument_id": server.instrument_id,
        "series_name": "test/series",
        "series_obj_id": f"object_{next(_numbers)}",
        "ra": 123.4,
        "dec": -5.6,
        "exp_time": 30.0,
        "filter": "ztfr",
    }
    return {name: value for name, value in (complete | changes).items() if value is not ...}


def columns(rows: int = 5) -> dict[str, list[float]]:
    """A light curve."""
    return {
        "mjd": [60000.0 + number for number in range(rows)],
        "flux": [100.0 + number for number in range(rows)],
        "fluxerr": [1.0] * rows,
    }


def upload(server: Server, data: Any = None, **changes: Any) -> int:
    """Upload it; its id."""
    answer = server.post(json={"data": data or columns(), **fields(server, **changes)})
    assert answer.status_code == 200, answer.text
    series_id: int = answer.json()["data"]["id"]
    return series_id
