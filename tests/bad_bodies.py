"""Bodies of uploads to be spoilt, and how a refusal looks."""

from __future__ import annotations

import json
from typing import Any

from uploading import columns, fields


def body(server, data: Any = None, **changes: Any) -> str:
    return json.dumps({"data": columns() if data is None else data, **fields(server, **changes)})


def refused(answer, *said: str) -> None:
    assert answer.status_code == 400, answer.text[:500]
    assert answer.json()["status"] == "error"
    for words in said:
        assert words in answer.json()["message"]


def nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(depth):
        value = {"a": value}
    return value
