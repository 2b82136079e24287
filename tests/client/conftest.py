"""A server for the client and the command line, which its tests share; and ways to it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from commands import Run, bare
from databases import create_database, drop_database
from flaky_proxy import FlakyProxy
from server import Server, furnish, running

from skyportal_series.client import Client
from skyportal_series.embedded import EmbeddedPostgres

numbers = itertools.count(1)


@pytest.fixture(scope="session")
def portal(
    postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A furnished server."""
    url = create_database(postgres, template="migrated")
    with running(url, tmp_path_factory.mktemp("portal")) as server:
        furnish(server)
        yield server
    drop_database(postgres, url)


@pytest.fixture
def token(portal: Server) -> str:
    return portal.token


@pytest.fixture
def client(portal: Server) -> Iterator[Client]:
    with Client(portal.url, portal.token, retries=0) as made:
        yield made


@pytest.fixture
def proxy(portal: Server) -> Iterator[FlakyProxy]:
    with FlakyProxy(portal.url) as made:
        yield made


@pytest.fixture
def shaky(proxy: FlakyProxy, token: str) -> Iterator[Client]:
    """A client whose way to the server is the proxy, and which does not wait between tries."""
    with Client(proxy.url, token, backoff=0, retries=3) as made:
        yield made


@pytest.fixture
def impatient(proxy: FlakyProxy, token: str) -> Iterator[Client]:
    """Gives up at the first fault, as a run that was killed does."""
    with Client(proxy.url, token, retries=0) as made:
        yield made


@pytest.fixture
def fields(portal: Server) -> Callable[..., dict[str, Any]]:
    """The fields of a series that is not there yet."""

    def make(**others: Any) -> dict[str, Any]:
        usual = {"obj_id": "star1", "instrument_id": portal.instrument_id, "filter": "ztfr"}
        place = {"ra": 10.0, "dec": 20.0, "exp_time": 30.0}
        name = {"series_name": f"name{next(numbers)}", "series_obj_id": "1"}
        return usual | place | name | others

    return make


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user of the command line who has no files yet."""
    for name in ("CONFIG", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    for name in ("URL", "TOKEN"):
        monkeypatch.delenv(f"SKYPORTAL_SERIES_{name}", raising=False)
    return tmp_path


@pytest.fixture
def run(home: Path, portal: Server, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command, as somebody who has set the two variables."""
    monkeypatch.setenv("SKYPORTAL_SERIES_URL", portal.url)
    monkeypatch.setenv("SKYPORTAL_SERIES_TOKEN", portal.token)
    return bare
