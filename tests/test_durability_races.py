"""Two server processes asked for the same thing at the same time: one wins, and its file stands."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from hashlib import md5
from pathlib import Path
from typing import Any

import pytest
import requests
from databases import create_database, drop_database
from server import MANAGE, UPLOAD, Server, furnish, running
from uploading import columns, fields, upload

from skyportal_series.embedded import EmbeddedPostgres

AT_ONCE = 8


@pytest.fixture(scope="module")
def server(
    postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    url = create_database(postgres, template="migrated")
    settings = {"server.workers": 2, "limits.worker_processes": 2}
    with running(url, tmp_path_factory.mktemp("races"), **settings) as started:
        furnish(started)
        yield started
    drop_database(postgres, url)


def at_once(*work: Callable[[], requests.Response]) -> list[requests.Response]:
    """The answers to requests that are sent together, each on a connection of its own."""
    barrier = threading.Barrier(len(work))
    answers: list[Any] = [None] * len(work)

    def run(place: int, one: Callable[[], requests.Response]) -> None:
        barrier.wait()
        answers[place] = one()

    threads = [threading.Thread(target=run, args=item) for item in enumerate(work)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def send(server: Server, method: str, path: str = "", **options: Any) -> requests.Response:
    """On a new connection, which either process may take."""
    headers = {"Authorization": f"token {server.token}"} | options.pop("headers", {})
    url = f"{server.url}/api/photometric_series{path}"
    return requests.request(method, url, headers=headers, timeout=60, **options)


def codes(answers: Sequence[requests.Response]) -> list[int]:
    return sorted(answer.status_code for answer in answers)


def whole_file(server: Server, series_id: int) -> bool:
    row = server.get(f"/{series_id}?dataFormat=none").json()["data"]
    return md5(Path(row["filename"]).read_bytes()).hexdigest() == row["hash"]


def files_of(server: Server, name: str) -> list[Path]:
    return [path for path in server.files() if f"_{name}_" in path.name]


@pytest.mark.parametrize("same", ["bytes", "series alone"])
def test_equal_uploads_have_one_winner(server: Server, same: str) -> None:
    body = {"data": columns(), **fields(server)}
    bodies = [
        body | {"exp_time": 30.0 + (number if same == "series alone" else 0)}
        for number in range(AT_ONCE)
    ]
    answers = at_once(*(lambda body=body: send(server, "POST", json=body) for body in bodies))
    assert codes(answers) == [200] + [400] * (AT_ONCE - 1)
    (winner,) = (answer.json()["data"]["id"] for answer in answers if answer.status_code == 200)
    losers = [answer.json() for answer in answers if answer.status_code == 400]
    assert all("already exists" in loser["message"] for loser in losers)
    assert [loser["data"]["id"] for loser in losers] == [winner] * (AT_ONCE - 1)
    assert whole_file(server, winner)
    assert len(files_of(server, body["series_obj_id"])) == 1


def test_who_may_not_read_the_winner_is_not_told_its_id(server: Server) -> None:
    body = {"data": columns(), **fields(server)}
    upload_id = server.post(json=body).json()["data"]["id"]
    other = server.make_token("mallory", UPLOAD)
    answer = server.request("POST", "/api/photometric_series", token=other, json=body)
    assert "already exists" in answer.json()["message"]
    assert str(upload_id) not in str(answer.json()["data"])


def test_updates_leave_one_of_them_whole(server: Server) -> None:
    series_id = upload(server, series_obj_id="updated")
    versions = [columns(10 + number) for number in range(AT_ONCE)]
    answers = at_once(
        *(lambda v=v: send(server, "PATCH", f"/{series_id}", json={"data": v}) for v in versions)
    )
    assert codes(answers) == [200] * AT_ONCE
    found = server.get(f"/{series_id}").json()["data"]
    assert found["data"] in versions
    assert found["num_exp"] == len(found["data"]["mjd"])
    assert whole_file(server, series_id)
    assert len(files_of(server, "updated")) == 1


def test_updates_of_different_fields_lose_none(server: Server) -> None:
    series_id = upload(server)
    changes = [{"ra_unc": 0.5}, {"dec_unc": 0.25}, {"exp_time": 7.0}, {"limiting_mag": 21.0}]
    at_once(*(lambda c=c: send(server, "PATCH", f"/{series_id}", json=c) for c in changes))
    found = server.get(f"/{series_id}?dataFormat=none").json()["data"]
    for change in changes:
        assert change.items() <= found.items()


def test_updates_that_change_nothing_leave_one_file(server: Server) -> None:
    """Equal bytes have equal hashes; the names tell the versions apart."""
    series_id = upload(server, series_obj_id="same")
    at_once(*[lambda: send(server, "PATCH", f"/{series_id}", json={"exp_time": 30.0})] * AT_ONCE)
    assert whole_file(server, series_id)
    assert len(files_of(server, "same")) == 1


def test_of_updates_of_one_version_one_is_let_in(server: Server) -> None:
    series_id = upload(server)
    tag = server.get(f"/{series_id}?dataFormat=none").headers["Etag"]
    answers = at_once(
        *(
            lambda n=n: send(
                server, "PATCH", f"/{series_id}", json={"exp_time": n}, headers={"If-Match": tag}
            )
            for n in range(1, AT_ONCE + 1)
        )
    )
    assert codes(answers) == [200] + [412] * (AT_ONCE - 1)


def test_a_delete_of_an_older_version_is_refused(server: Server) -> None:
    series_id = upload(server)
    tag = server.get(f"/{series_id}").headers["Etag"]
    server.patch(series_id, json={"exp_time": 1.0})
    assert server.delete(series_id, headers={"If-Match": tag}).status_code == 412
    newer = server.get(f"/{series_id}").headers["Etag"]
    assert server.delete(series_id, headers={"If-Match": newer}).status_code == 200


def test_of_deletes_one_is_let_in(server: Server) -> None:
    series_id = upload(server)
    answers = at_once(*[lambda: send(server, "DELETE", f"/{series_id}")] * AT_ONCE)
    assert codes(answers) == [200] + [400] * (AT_ONCE - 1)


def test_update_and_delete_leave_no_file_behind(server: Server) -> None:
    for number in range(5):
        name = f"torn{number}"
        series_id = upload(server, series_obj_id=name)
        update, delete = at_once(
            lambda n=series_id: send(server, "PATCH", f"/{n}", json={"data": columns(9)}),
            lambda n=series_id: send(server, "DELETE", f"/{n}"),
        )
        assert (update.status_code in (200, 400), delete.status_code) == (True, 200)
        assert files_of(server, name) == []


@pytest.mark.parametrize("form", ["json", "hdf5"])
def test_readers_of_a_series_that_changes_get_one_version_of_it(server: Server, form: str) -> None:
    series_id = upload(server, columns(10))
    over, mixed, bad = threading.Event(), [], []

    def read() -> None:
        while not over.is_set():
            answer = send(server, "GET", f"/{series_id}?dataFormat={form}")
            found = answer.json()["data"]
            if answer.status_code != 200:
                bad.append(answer.text)
            elif answer.headers["Etag"] != f'"{found["hash"]}"':
                mixed.append(answer.headers["Etag"])
            elif form == "json" and len(found["data"]["mjd"]) != found["num_exp"]:
                mixed.append(found["num_exp"])

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for rows in itertools.islice(itertools.cycle((5, 10, 15)), 20):
        server.patch(series_id, json={"data": columns(rows)})
    over.set()
    for reader in readers:
        reader.join()
    assert (bad, mixed) == ([], [])


def test_lists_go_on_while_series_are_deleted(server: Server) -> None:
    """With a token that reads only these, so that the page is theirs."""
    manager = server.make_token("list", UPLOAD, MANAGE)
    ids = []
    for _ in range(12):
        body = {"data": columns(), **fields(server)}
        made = server.request("POST", "/api/photometric_series", token=manager, json=body)
        ids.append(made.json()["data"]["id"])
    answers: list[int] = []

    def read() -> None:
        while len(answers) < 200 and remaining:
            page = server.url + "/api/photometric_series?dataFormat=json"
            headers = {"Authorization": f"token {manager}"}
            answers.append(requests.get(page, headers=headers, timeout=60).status_code)

    remaining = list(ids)
    reader = threading.Thread(target=read)
    reader.start()
    while remaining:
        server.request("DELETE", f"/api/photometric_series/{remaining[-1]}", token=manager)
        remaining.pop()
    reader.join()
    assert set(answers) == {200}
