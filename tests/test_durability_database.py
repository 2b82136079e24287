"""A database that goes away: 503 until it is back, and no half state."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from databases import FAST, connect
from server import Server, furnish, running
from sqlalchemy import text
from uploading import columns, fields, upload

from skyportal_series.database import create_engine_for, ensure_database
from skyportal_series.embedded import EmbeddedPostgres
from skyportal_series.migrations import migrate


@pytest.fixture(scope="module")
def mortal() -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL server that may be stopped."""
    folder = Path(tempfile.mkdtemp(prefix="series-"))
    with EmbeddedPostgres(folder / "pg", settings=FAST) as postgres:
        ensure_database(connect(postgres, "mortal"))
        engine = create_engine_for(connect(postgres, "mortal"))
        migrate(engine)
        engine.dispose()
        yield postgres
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def on_mortal(
    mortal: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    url, folder = connect(mortal, "mortal"), tmp_path_factory.mktemp("mortal")
    with running(url, folder, **{"limits.worker_processes": 2}) as started:
        furnish(started)
        yield started


class TestDatabase:
    """A server whose database goes away and comes back."""

    @pytest.fixture
    def server(self, on_mortal: Server) -> Server:
        return on_mortal

    def test_away_is_503_and_back_is_back(self, server: Server, mortal: EmbeddedPostgres) -> None:
        series_id, before = upload(server), server.files()
        mortal.stop()
        try:
            answers = [
                server.post(json={"data": columns(), **fields(server)}),
                server.patch(series_id, json={"exp_time": 1.0}),
                server.delete(series_id),
                server.get(f"/{series_id}"),
                server.get(""),
            ]
            health = requests.get(f"{server.url}/healthz", timeout=60).status_code
        finally:
            mortal.start()
        assert {answer.status_code for answer in answers} == {503}
        assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers)
        assert health == 503
        assert server.get(f"/{series_id}").json()["data"]["data"] == columns()
        assert server.files() == before

    @pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
    def test_lost_connections_are_not_noticed(self, server: Server, method: str) -> None:
        series_id = upload(server)
        with server.database() as session:
            others = "FROM pg_stat_activity WHERE application_name = 'skyportal-series'"
            session.execute(
                text(f"SELECT pg_terminate_backend(pid) {others} AND pid <> pg_backend_pid()")
            )
        path = f"/api/photometric_series/{series_id}"
        assert server.request(method, path, json={}).status_code == 200

    def test_a_lost_commit_may_have_happened_so_the_file_stays(self, server: Server) -> None:
        before = set(server.files())
        with trigger(server, "PERFORM pg_terminate_backend(pg_backend_pid());"):
            answer = server.post(json={"data": columns(), **fields(server)})
        assert answer.status_code == 503
        assert len(set(server.files()) - before) == 1

    def test_a_connection_lost_before_the_commit_leaves_nothing(self, server: Server) -> None:
        before = set(server.files())
        with trigger(server, "PERFORM pg_terminate_backend(pg_backend_pid());", deferred=False):
            answer = server.post(json={"data": columns(), **fields(server)})
        assert answer.status_code == 503
        assert set(server.files()) == before

    def test_a_transaction_that_met_another_head_on_is_run_again(self, server: Server) -> None:
        once = "IF nextval('times') = 1 THEN RAISE EXCEPTION USING ERRCODE = '40P01'; END IF;"
        with server.database() as session:
            session.execute(text("CREATE SEQUENCE times"))
        with trigger(server, once):
            answer = server.post(json={"data": columns(), **fields(server)})
        assert answer.status_code == 200


@contextmanager
def trigger(server: Server, body: str, deferred: bool = True) -> Iterator[None]:
    """Run `body` for each new series: when it is committed, or when it is inserted."""
    when = "DEFERRABLE INITIALLY DEFERRED" if deferred else ""
    with server.database() as session:
        session.execute(
            text(
                "CREATE FUNCTION trouble() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN {body} RETURN NULL; END $$"
            )
        )
        session.execute(
            text(
                "CREATE CONSTRAINT TRIGGER trouble AFTER INSERT ON photometric_series "
                f"{when} FOR EACH ROW EXECUTE FUNCTION trouble()"
            )
        )
    try:
        yield
    finally:
        with server.database() as session:
            session.execute(text("DROP FUNCTION trouble() CASCADE"))
