"""A worker that hangs, dies or grows, seen from the clients of its server."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from databases import create_database, drop_database
from processes import waits, workers_of
from server import Server, furnish, running
from uploading import columns, fields, upload

SECONDS = 6.0


@pytest.fixture(scope="module")
def guarded(postgres, tmp_path_factory) -> Iterator[Server]:
    """A server whose workers may take six seconds and a hundred megabytes."""
    url = create_database(postgres, template="migrated")
    limits = {"worker_seconds": SECONDS, "worker_memory_bytes": 100_000_000, "worker_processes": 3}
    settings = {f"limits.{name}": value for name, value in limits.items()}
    with running(url, tmp_path_factory.mktemp("guarded"), **settings) as started:
        furnish(started)
        yield started
    drop_database(postgres, url)


@pytest.fixture
def next_worker(guarded) -> int:
    """The worker that gets the next job: the one that had the last ones."""
    upload(guarded)  # all have started by now
    before = {pid: waits(pid) for pid in workers_of(guarded)}
    for _ in range(3):
        upload(guarded)
    return max(before, key=lambda pid: waits(pid) - before[pid])


def busy(server: Server) -> float:
    text = requests.get(f"{server.url}/metrics", timeout=30).text
    return float(re.search(r"^skyportal_series_workers_busy (\S+)$", text, re.MULTILINE)[1])


def wait_until_busy(server: Server) -> None:
    deadline = time.monotonic() + 30
    while busy(server) < 1:
        assert time.monotonic() < deadline, "no worker has the job"
        time.sleep(0.01)


def post(server: Server) -> requests.Response:
    body = {"data": columns(), **fields(server)}
    # Without the session, of which there is one for all threads.
    headers = {"Authorization": f"token {server.token}"}
    return requests.post(
        f"{server.url}/api/photometric_series", json=body, headers=headers, timeout=60
    )


def test_a_hanging_worker_costs_one_upload_alone(guarded, next_worker):
    os.kill(next_worker, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as pool:
        hanging = pool.submit(post, guarded)
        wait_until_busy(guarded)
        other = post(guarded)
        assert not hanging.done()
    assert other.status_code == 200
    assert hanging.result().status_code == 400
    assert "limits.worker_seconds (6 s)" in hanging.result().json()["message"]
    assert next_worker not in workers_of(guarded)


def test_a_killed_worker_costs_no_upload(guarded, next_worker):
    os.kill(next_worker, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(post, guarded)
        wait_until_busy(guarded)
        os.kill(next_worker, signal.SIGKILL)
    assert answer.result().status_code == 200


@pytest.mark.parametrize("path", ["", "/data?format=csv", "/plot"])
def test_who_reads_is_not_to_blame_for_a_killed_worker(path, guarded, next_worker):
    series_id = upload(guarded)
    os.kill(next_worker, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(guarded.get, f"/{series_id}{path}")
        wait_until_busy(guarded)
        os.kill(next_worker, signal.SIGKILL)
    assert answer.result().status_code == 503
    assert answer.result().json()["message"] == "A worker process died; try again."
    assert guarded.get(f"/{series_id}").status_code == 200


def test_too_much_for_a_worker_names_limit_and_figure(guarded):
    text = '{"data": {"mjd": [' + '"1.5",' * 4_000_000 + "1]}}"
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(guarded.post, data=text)
        others = [post(guarded).status_code for _ in range(3)]
    assert others == [200] * 3
    assert answer.result().status_code == 400
    assert "limits.worker_memory_bytes (100,000,000 bytes)" in answer.result().json()["message"]


def test_the_server_goes_on_without_any_worker(guarded):
    for pid in workers_of(guarded):
        os.kill(pid, signal.SIGKILL)
    assert guarded.get("").status_code == 200
    assert post(guarded).status_code == 200
