"""A server that is killed between two steps of a change has lost nothing and shows nothing half.

Whatever the step: the series is as it was before the change or as it was meant to be after it,
value for value, and the check finds no more than leftovers, which it can remove.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import requests
from databases import create_database, drop_database
from jobs_here import JobsHere
from server import Server, configure, furnish
from sqlalchemy import Row, select
from uploading import columns, fields

from skyportal_series import config, fsck
from skyportal_series.database import create_engine_for
from skyportal_series.embedded import EmbeddedPostgres
from skyportal_series.models import PhotometricSeries
from skyportal_series.utils import hdf5_files

OLD, NEW = columns(4), columns(7)
#: What a crash may leave, and the check can remove.
HARMLESS = {"orphan", "leftover"}


class Dying:
    """Servers on one database and folder, one after the other."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._engine = create_engine_for(server.database_url, pool_size=2)
        self._settings = config.load([server.config])
        self._mother = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("dying_server.py")), str(server.config)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def change(self, method: str, path: str, step: int, **options: Any) -> tuple[bool, list[str]]:
        """Ask for a change of a server that dies at `step` (0: never).

        Returns whether the change was acknowledged, and the steps that the server came to.
        """
        self._mother.stdin.write(f"{step}\n")
        self._mother.stdin.flush()
        child, port = map(int, self._mother.stdout.readline().split())
        self.server.url = f"http://127.0.0.1:{port}"
        self.server.session = requests.Session()
        try:
            acknowledged = self.server.request(method, path, **options).status_code == 200
            os.kill(child, signal.SIGTERM)
        except requests.ConnectionError:
            acknowledged = False
        finally:
            self.server.session.close()
        return acknowledged, json.loads(self._mother.stdout.readline())

    def close(self) -> None:
        self._mother.stdin.close()
        self._mother.wait()
        self._mother.stdout.close()

        self._engine.dispose()

    def find(self, *columns: Any) -> Sequence[Row[Any]]:
        """These columns of all series."""
        with self._engine.connect() as connection:
            return connection.execute(select(*columns)).all()

    def stored(self) -> dict[str, dict[str, list[float]]]:
        """The data of every series by series_obj_id, from files that are what their hash says."""
        series = PhotometricSeries
        found = self.find(series.series_obj_id, series.filename, series.hash, series.num_exp)
        return {name: _read(*place) for name, *place in found}

    def path(self, name: str) -> str:
        """The path of the series whose series_obj_id is `name`."""
        found = dict(self.find(PhotometricSeries.series_obj_id, PhotometricSeries.id))
        return f"/api/photometric_series/{found[name]}"

    def check(self, repair: bool = False) -> fsck.Totals:
        """Files of any age count."""
        return asyncio.run(fsck.check(self._settings, self._engine, repair, age=0))


def _read(filename: str, digest: str, rows: int) -> dict[str, list[float]]:
    assert hashlib.md5(Path(filename).read_bytes()).hexdigest() == digest
    data = {name: list(map(float, v)) for name, v in hdf5_files.read_columns(filename).items()}
    assert len(data["mjd"]) == rows
    return data


@pytest.fixture(scope="module")
def dying(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dying]:
    url = create_database(postgres, template="migrated")
    server = configure(url, tmp_path_factory.mktemp("dying"))
    server.folder.mkdir()
    furnish(server)
    servers = Dying(server)
    yield servers
    servers.close()
    drop_database(postgres, url)


@pytest.fixture(autouse=True)
def jobs_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skyportal_series.fsck.checking.Workers", JobsHere)


def post(dying: Dying, name: str, step: int = 0) -> tuple[bool, list[str]]:
    body = fields(dying.server, series_obj_id=name) | {"data": OLD}
    return dying.change("POST", "/api/photometric_series", step, json=body)


def killed_at_every_step(
    dying: Dying, change: Callable[[int], tuple[bool, list[str]]]
) -> Iterator[tuple[int, bool, str]]:
    """Make a change with a server that dies ever later, until one lives to acknowledge it.

    Yields the number of the step, whether the commit came before it, and what was before it.
    """
    for number in itertools.count(1):
        acknowledged, steps = change(number)
        if acknowledged:
            assert {"commit", "committed", "answer"} <= set(steps)
            return
        where = f"killed after {number - 1} steps, the last {steps[-1:]}"
        yield number, "commit" in steps, where
        found = dying.check()
        assert set(found.found) <= HARMLESS, f"{where}: {found}"


def assert_clean_after_repair(dying: Dying) -> None:
    dying.check(repair=True)
    assert dying.check().found == {}


def test_create_is_whole_or_not_at_all(dying: Dying) -> None:
    change = lambda step: post(dying, f"created{step}", step)  # noqa: E731
    for number, committed, where in killed_at_every_step(dying, change):
        assert dying.stored().get(f"created{number}") == (OLD if committed else None), where
    assert_clean_after_repair(dying)


def test_update_is_the_old_or_the_new(dying: Dying) -> None:
    post(dying, "updated")
    path, versions = dying.path("updated"), [OLD, NEW]
    change = lambda step: dying.change("PATCH", path, step, json={"data": versions[1]})  # noqa: E731
    for _, committed, where in killed_at_every_step(dying, change):
        if committed:
            versions.reverse()
        assert dying.stored()["updated"] == versions[0], where
    assert_clean_after_repair(dying)


def test_update_of_fields_alone_keeps_the_points(dying: Dying) -> None:
    post(dying, "relabelled")
    path = dying.path("relabelled")
    change = lambda step: dying.change("PATCH", path, step, json={"exp_time": float(step)})  # noqa: E731
    for _, _, where in killed_at_every_step(dying, change):
        assert dying.stored()["relabelled"] == OLD, where
    assert_clean_after_repair(dying)


def test_delete_is_done_or_not(dying: Dying) -> None:
    post(dying, "deleted")

    def change(step: int) -> tuple[bool, list[str]]:
        if "deleted" not in dying.stored():
            post(dying, "deleted")
        return dying.change("DELETE", dying.path("deleted"), step)

    for _, committed, where in killed_at_every_step(dying, change):
        assert dying.stored().get("deleted") == (None if committed else OLD), where
    assert_clean_after_repair(dying)
