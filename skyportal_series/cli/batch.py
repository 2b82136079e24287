"""Many uploads: each file becomes one outcome, whatever happens to the others."""

from __future__ import annotations

import concurrent.futures
import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from skyportal_series.cli.journal import Journal
from skyportal_series.cli.options import TYPES, shortened
from skyportal_series.client import Client
from skyportal_series.client.errors import (
    AlreadyExists,
    BadSource,
    NotFound,
    Refused,
    SeriesClientError,
    ServerFault,
    UnknownName,
)
from skyportal_series.client.tidy import Reading
from skyportal_series.client.upload import Upload, prepare, same_fields
from skyportal_series.client.vocabulary import FIELDS, check_fields

_MARK = re.compile(r"\{(\w+)\}")

State = Literal["sent", "there", "refused", "not done"]


@dataclass(frozen=True)
class Outcome:
    """What became of one file, and why."""

    file: str
    state: State
    id: int | None = None
    reason: str = ""
    problems: dict[str, list[str]] = field(default_factory=dict)

    def line(self) -> str:
        number = "" if self.id is None else str(self.id)
        text = f"{self.state:<9} {number:>8}  {self.file}"
        reason = self.reason.removeprefix(f"{self.file}: ")
        return f"{text}: {shortened(reason)}" if reason else text

    def json(self) -> str:
        return json.dumps(asdict(self))


@dataclass(frozen=True)
class Batch:
    """How the files of one run are sent."""

    client: Client
    journal: Journal
    reading: Reading
    again: bool = False

    def run(
        self, files: Mapping[Path, Mapping[str, Any]], jobs: int, tell: Callable[[Outcome], None]
    ) -> SeriesClientError | KeyboardInterrupt | None:
        """Send `files` (path → fields), `jobs` at a time; `tell` hears of each as it is done.

        Gives back what stopped it: no server, a token that is not accepted, or the user.
        """
        stopped: SeriesClientError | KeyboardInterrupt | None = None
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            waiting = {pool.submit(self.send, file, given): file for file, given in files.items()}
            try:
                for future in concurrent.futures.as_completed(list(waiting)):
                    outcome = future.result()
                    waiting.pop(future)
                    tell(outcome)
            except (SeriesClientError, KeyboardInterrupt) as problem:
                stopped = problem
                pool.shutdown(wait=True, cancel_futures=True)
            for future, file in waiting.items():
                tell(_left(future, file))
        return stopped

    def send(self, file: Path, fields: Mapping[str, Any]) -> Outcome:
        """One file. Raises only what would stop all others too."""
        name = str(file)
        try:
            ready = prepare(file, fields, self.reading)
            known = None if self.again else self._known(ready)
            if known is not None:
                return Outcome(name, "there", known)
            return self._sent(name, ready)
        except (BadSource, Refused) as error:
            return Outcome(name, "refused", None, error.message, error.problems)
        except ServerFault as error:
            # One file that the server chokes on says nothing about the others.
            return Outcome(name, "refused", None, error.message)

    def _known(self, ready: Upload) -> int | None:
        """The id in the journal, if the server still has that series under these fields."""
        series_id = self.journal.get(self.client.url, ready)
        if series_id is None:
            return None
        try:
            return series_id if same_fields(ready, self.client.get(series_id).metadata) else None
        except NotFound:
            return None

    def _sent(self, name: str, ready: Upload) -> Outcome:
        state: State = "sent"
        try:
            series_id = self.client.send_upload(ready)
        except AlreadyExists as error:
            if error.series_id is None or not self.client.holds(error.series_id, ready):
                raise
            series_id, state = error.series_id, "there"
        self.journal.add(self.client.url, ready, series_id)
        return Outcome(name, state, series_id)


def _left(future: concurrent.futures.Future[Outcome], file: Path) -> Outcome:
    """What was under way when the run was stopped has ended by now, one way or the other."""
    if future.cancelled() or future.exception() is not None:
        return Outcome(str(file), "not done")
    return future.result()


def read_fields(path: Path) -> dict[str, dict[str, Any]]:
    """Fields by file name, from CSV with a column `file`, or JSON (file name → object).

    Raises BadSource for anything else.
    """
    try:
        if path.suffix.lower() == ".json":
            return _checked_json(json.loads(path.read_text("utf-8")))
        with path.open(newline="", encoding="utf-8") as file:
            return dict(_rows(csv.DictReader(file)))
    except (OSError, ValueError) as problem:
        text = problem.strerror if isinstance(problem, OSError) else problem
        raise BadSource(f"{path}: {text}") from problem


def _rows(reader: csv.DictReader[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    if "file" not in (reader.fieldnames or ()):
        raise ValueError(f"needs a column `file`; found {', '.join(reader.fieldnames or ())}.")
    for row in reader:
        name = row.pop("file")
        yield name, {key: _typed(key, value) for key, value in row.items() if value}


def _typed(name: str, text: str) -> Any:
    kind = next((entry.kind for entry in FIELDS if entry.name == name), "text")
    return TYPES[kind](text)


def _checked_json(content: Any) -> dict[str, dict[str, Any]]:
    if not isinstance(content, dict) or not all(isinstance(v, dict) for v in content.values()):
        raise ValueError("must be an object of file names, each with an object of fields.")
    return content


def fill(fields: Mapping[str, Any], file: Path) -> dict[str, Any]:
    """`fields` with `{stem}`, `{name}` and `{parent}` replaced by those of `file`.

    Raises UnknownName for a field that is none, and for another word in braces.
    """
    parts = {"stem": file.stem, "name": file.name, "parent": file.resolve().parent.name}
    return {name: _replaced(value, parts) for name, value in check_fields(fields).items()}


def _replaced(value: Any, parts: Mapping[str, str]) -> Any:
    if not isinstance(value, str):
        return value
    for mark in _MARK.findall(value):
        if mark not in parts:
            known = ", ".join(f"{{{name}}}" for name in parts)
            raise UnknownName(f"Nothing is known for {{{mark}}}; there are {known}.")
    return _MARK.sub(lambda found: parts[found[1]], value)


def count(outcomes: Sequence[Outcome]) -> str:
    """`47 sent, 2 there, 1 refused`."""
    words = {
        "sent": "sent",
        "there": "already there",
        "refused": "refused",
        "not done": "not done",
    }
    found = {state: sum(o.state == state for o in outcomes) for state in words}
    return ", ".join(f"{n} {words[state]}" for state, n in found.items() if n) or "nothing to send"
