"""Signals: what runs is finished, in time, and no process is lost or left behind."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator

import psutil
import pytest
import requests
import yaml
from databases import create_database, drop_database
from faults import begin_upload, spooled, until
from server import Server, configure, furnish, launch, running
from sqlalchemy import text
from uploading import columns, fields, upload

from skyportal_series.embedded import EmbeddedPostgres


@pytest.fixture(scope="module")
def stopped(
    postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server that does not run; tests launch it."""
    url, folder = create_database(postgres, template="migrated"), tmp_path_factory.mktemp("stopped")
    settings = {"limits.worker_processes": 1, "server.shutdown_seconds": 60}
    server = configure(url, folder, settings)
    server.folder.mkdir()
    furnish(server)
    yield server
    drop_database(postgres, url)


class TestEnding:
    """Signals, and what becomes of requests that run."""

    @pytest.fixture
    def server(self, request: pytest.FixtureRequest, stopped: Server) -> Iterator[Server]:
        """Launched with the time to end that the test names."""
        config = yaml.safe_load(stopped.config.read_text())
        config["server"]["shutdown_seconds"] = getattr(request, "param", 60)
        stopped.config.write_text(yaml.safe_dump(config))
        launch(stopped)
        yield stopped
        stopped.process.kill()
        stopped.process.wait()
        stopped.process.stdout.close()
        stopped.session.close()
        stopped.session = requests.Session()

    def test_what_runs_is_finished(self, server: Server) -> None:
        body = json.dumps({"data": columns(), **fields(server)}).encode()
        connection = begin_upload(server, body[:20], len(body))
        until(lambda: spooled(server))
        server.process.send_signal(signal.SIGTERM)
        until(lambda: not accepts(server))
        connection.send(body[20:])
        answer = connection.getresponse()
        assert (answer.status, answer.headers["Connection"]) == (200, "close")
        connection.close()
        assert server.process.wait(30) == 0

    def test_a_client_that_went_away_is_not_waited_for(self, server: Server) -> None:
        connection = begin_upload(server, b"x")
        until(lambda: spooled(server))
        connection.close()
        until(lambda: not spooled(server))
        started = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - started < 30

    @pytest.mark.parametrize("server", [1], indirect=True)
    def test_what_does_not_end_is_cut_off_in_time(self, server: Server) -> None:
        connection = begin_upload(server, b"x")
        until(lambda: spooled(server))
        assert server.stop() == 0
        connection.close()

    @pytest.mark.parametrize("server", [1], indirect=True)
    def test_a_request_that_waits_for_a_lock_is_cut_off_too(self, server: Server) -> None:
        with server.database() as session:
            session.execute(text("LOCK TABLE tokens"))
            connection = begin_upload(server, b"x", 1)
            until(lambda: waits_for_lock(server))
            assert server.stop() == 0
        connection.close()

    def test_a_second_signal_ends_it_at_once(self, server: Server) -> None:
        connection = begin_upload(server, b"x")
        until(lambda: spooled(server))
        server.process.send_signal(signal.SIGTERM)
        until(lambda: not accepts(server))
        assert server.stop() == 0
        connection.close()


def accepts(server: Server) -> bool:
    try:
        requests.get(f"{server.url}/healthz", timeout=10)
    except requests.ConnectionError:
        return False
    return True


def waits_for_lock(server: Server) -> bool:
    with server.database() as session:
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        return session.scalar(text(f"{waiting} AND datname = current_database()")) > 0


class TestSeveralProcesses:
    """`--workers 2`: who dies is replaced, and nobody stays behind."""

    @pytest.fixture
    def server(
        self, postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
    ) -> Iterator[Server]:
        url, folder = create_database(postgres, template="migrated"), tmp_path_factory.mktemp("m")
        settings = {"server.workers": 2, "limits.worker_processes": 1}
        with running(url, folder, **settings) as started:
            furnish(started)
            yield started
        drop_database(postgres, url)

    def test_a_killed_process_is_replaced_and_the_signal_ends_all(self, server: Server) -> None:
        until(lambda: len(children(server)) == 2)
        victim, other = children(server)
        victim.kill()
        until(lambda: len(set(children(server)) - {victim, other}) == 1)
        new = next(iter(set(children(server)) - {victim, other}))
        other.kill()
        upload(server)  # by the new one, or the one after it
        assert server.stop() == 0
        assert not new.is_running()

    def test_processes_end_with_the_one_that_looks_after_them(self, server: Server) -> None:
        until(lambda: len(children(server)) == 2)
        family = psutil.Process(server.process.pid).children(recursive=True)
        server.process.kill()
        server.process.wait()
        until(lambda: not any(process.is_running() for process in family))


def children(server: Server) -> list[psutil.Process]:
    return [child for child in psutil.Process(server.process.pid).children() if lives(child)]


def lives(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:  # ended since it was listed
        return False
