"""What operators see: health, figures, the log."""

from __future__ import annotations

import json
import re
import resource
import sys

import psutil
import pytest
import requests
from databases import create_database, drop_database
from server import furnish, running
from uploading import upload


@pytest.fixture(scope="module")
def logging_server(postgres, tmp_path_factory):
    """A server that logs JSON lines."""
    url = create_database(postgres, template="migrated")
    with running(url, tmp_path_factory.mktemp("server"), **{"log.format": "json"}) as started:
        furnish(started)
        yield started
    drop_database(postgres, url)


def figures(server):
    """The figures of /metrics by name and labels."""
    text = requests.get(f"{server.url}/metrics", timeout=30).text
    return dict(re.findall(r"^(skyportal_series_\S+) (\S+)$", text, re.MULTILINE))


def lines(server):
    """The JSON lines of the log."""
    log = (server.config.parent / "server.log").read_text()
    return [json.loads(line) for line in log.splitlines()]


def test_a_server_that_is_well_says_so(server):
    answer = requests.get(f"{server.url}/healthz", timeout=30)
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")


def test_a_folder_that_is_gone_is_told(server):
    spool = server.folder / ".spool"
    spool.rename(server.folder / "elsewhere")
    try:
        answer = requests.get(f"{server.url}/healthz", timeout=30)
    finally:
        (server.folder / "elsewhere").rename(spool)
    assert answer.status_code == 503
    assert answer.json()["checks"]["folder"] == "The series folder is not writable."


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux changes the limits of others")
def test_too_many_open_files_are_no_fault_of_the_series(server):
    series_id = upload(server)
    process = psutil.Process(server.process.pid)
    before = process.rlimit(psutil.RLIMIT_NOFILE)
    process.rlimit(psutil.RLIMIT_NOFILE, (3, before[1]))  # which it has for its standard streams
    try:
        answer = server.get(f"/{series_id}?dataFormat=hdf5")
    finally:
        process.rlimit(psutil.RLIMIT_NOFILE, before)
    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the limits of others")
def test_a_server_may_open_more_files_than_the_shell_began_with(database_url, tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 512), hard))
    try:
        with running(database_url, tmp_path) as server:
            found = psutil.Process(server.process.pid).rlimit(psutil.RLIMIT_NOFILE)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert found == (min(hard, 65_536), hard)


def test_requests_are_counted_by_route_and_code(server):
    name = 'skyportal_series_requests_total{code="400",method="GET",route="photometric_series"}'
    before = float(figures(server).get(name, 0))
    server.get("?banana=1")
    assert float(figures(server)[name]) == before + 1


@pytest.mark.parametrize("name", ["uploads_total", "received_bytes_total", "sent_bytes_total"])
def test_an_upload_is_counted(server, name):
    before = float(figures(server)[f"skyportal_series_{name}"])
    upload(server)
    assert float(figures(server)[f"skyportal_series_{name}"]) > before


@pytest.mark.parametrize("name", ["workers_busy", "worker_restarts", "database_connections"])
def test_the_state_of_the_server_is_told(server, name):
    assert float(figures(server)[f"skyportal_series_{name}"]) >= 0


def test_each_request_is_a_line_with_the_id_that_the_client_got(logging_server):
    answer = logging_server.get("?numPerPage=5")
    logging_server.get("")  # on the same connection: only once the first is all done
    found = {line.get("request_id"): line for line in lines(logging_server)}
    line = found[answer.headers["X-Request-Id"]]
    assert (line["path"], line["code"]) == ("/api/photometric_series", 200)


def test_a_token_is_in_no_line(logging_server):
    logging_server.get("")
    assert logging_server.token not in json.dumps(lines(logging_server))


def test_a_path_that_nothing_is_at(server):
    answer = server.request("GET", "/api/nothing")
    assert (answer.status_code, answer.json()["status"]) == (404, "error")


def test_a_method_that_a_route_has_not(server):
    answer = server.request("PUT", "/api/photometric_series")
    assert (answer.status_code, answer.json()["status"]) == (405, "error")
