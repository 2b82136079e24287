"""docs/api.md says what the tables say, and its examples work."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import requests
from server import Server

from skyportal_series.models import Obj
from skyportal_series.schemas.documentation import SECTIONS, written
from skyportal_series.schemas.filters import BY_SPELLING

PATH = Path(__file__).parent.parent / "docs" / "api.md"
TEXT = PATH.read_text("utf-8")
UPDATE = "python -m skyportal_series.schemas.documentation docs/api.md"


def test_sections_are_those_of_the_tables() -> None:
    assert written(TEXT) == TEXT, f"the tables have changed; run: {UPDATE}"


@pytest.mark.parametrize("spelling", BY_SPELLING)
def test_every_argument_has_an_example(spelling: str) -> None:
    assert f"`{spelling}`" in TEXT
    assert f"`{BY_SPELLING[spelling].name}=" in TEXT


def test_altered_section_is_noticed() -> None:
    name = next(iter(SECTIONS))
    begin = f"<!-- begin {name} -->\n"
    assert written(TEXT.replace(begin, f"{begin}x\n")) == TEXT
    with pytest.raises(ValueError, match=f"begin {name}"):
        written(TEXT.replace(begin, ""))


def curls() -> list[str]:
    """The curl commands of the document, each in one line."""
    blocks = re.findall(r"^```sh\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
    commands = re.split(r"^(?=curl )", "".join(blocks), flags=re.MULTILINE)
    return [command for command in commands if command.startswith("curl ")]


def run(server: Server, command: str) -> requests.Response:
    """Do what the curl command does."""
    words = iter(shlex.split(command.replace("$API", f"{server.url}/api/photometric_series")))
    assert next(words) == "curl"
    asked: dict[str, Any] = {"headers": {}, "files": {}}
    target = None
    for word in words:
        if word == "-H":
            name, _, value = (
                next(words)
                .replace("$TOKEN", f"Authorization: token {server.token}")
                .partition(": ")
            )
            asked["headers"][name] = value
        elif word == "-X":
            asked["method"] = next(words)
        elif word == "-d":
            asked["data"] = next(words)
        elif word == "-F":
            name, _, value = next(words).partition("=")
            content = Path(value[1:]).read_bytes() if value[0] == "@" else value.split(";")[0]
            asked["files"][name] = content
        elif word == "-o":
            target = Path(next(words))
        else:
            asked["url"] = word
    asked.setdefault("method", "POST" if "data" in asked or asked["files"] else "GET")
    answer = requests.request(**asked, timeout=60)
    if target is not None:
        target.write_bytes(answer.content)
    return answer


def test_examples_work(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with server.database() as session:
        session.add(Obj(id="demo_RRLyrae"))
    first = {
        "obj_id": "demo_RRLyrae",
        "instrument_id": 1,
        "series_name": "first",
        "ra": 1,
        "dec": 1,
    }
    first |= {"series_obj_id": 1, "exp_time": 1, "filter": "ztfr"}
    data = {"data": {"mjd": [1.0, 2.0], "flux": [10.0, 20.0]}}
    assert server.post(data=json.dumps(first | data)).json()["data"] == {"id": 1}
    answers = {command: run(server, command) for command in curls()}
    assert len(answers) > 12
    for command, answer in answers.items():
        assert answer.status_code == (412 if "If-Match" in command else 200), (command, answer.text)
