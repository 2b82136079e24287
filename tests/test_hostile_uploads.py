"""Hostile HDF5 through HTTP, four at a time, while another client goes on with small requests."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import pandas as pd
import pytest
import requests
from databases import create_database, drop_database
from hdf5_recipes import FRAMES, INDEXED, as_text, photometry, read_as_clients_do
from hdf5_recipes import write_as_clients_do as write
from hostile_hdf5 import HOSTILE
from processes import peak_megabytes, workers_of
from server import Server, furnish, running
from uploading import fields, upload

WAYS = ("POST base64", "POST form", "PATCH base64", "PATCH form")
SECRET = "secret"


@dataclass
class Attack:
    """What came of sending every hostile file in every way."""

    server: Server
    folder: Path
    #: (name, way) → answer.
    answers: dict[tuple[str, str], requests.Response] = field(default_factory=dict)
    #: How long the other client's requests took, in seconds, and what they were answered.
    waits: list[float] = field(default_factory=list)
    codes: set[int] = field(default_factory=set)
    #: By how much each process grew, in MB.
    growth: dict[int, float] = field(default_factory=dict)
    #: A series that was to be patched: before and after.
    before: tuple[object, ...] = ()
    after: tuple[object, ...] = ()


def send(server: Server, way: str, image: bytes, series_id: int) -> requests.Response:
    method, _, how = way.partition(" ")
    path = "/api/photometric_series" + (f"/{series_id}" if method == "PATCH" else "")
    given = {} if method == "PATCH" else fields(server)
    headers = {"Authorization": f"token {server.token}"}
    if how == "form":
        body = {"files": {"data": image}, "data": {"metadata": json.dumps(given)}}
    else:
        body = {"json": {"data": base64.b64encode(image).decode(), **given}}
    return requests.request(method, server.url + path, headers=headers, timeout=60, **body)


def images(folder: Path) -> dict[str, bytes]:
    made = {}
    for number, (name, make) in enumerate(HOSTILE.items()):
        place = folder / str(number)
        place.mkdir()
        made[name] = make(place)
    return made


def poll(attack: Attack, done: threading.Event) -> None:
    headers = {"Authorization": f"token {attack.server.token}"}
    with requests.Session() as session:
        while not done.is_set():
            start = time.monotonic()
            url = f"{attack.server.url}/api/photometric_series?numPerPage=5"
            attack.codes.add(session.get(url, headers=headers, timeout=60).status_code)
            attack.waits.append(time.monotonic() - start)


def state(server: Server, series_id: int) -> tuple[object, ...]:
    """A series, its data and all files."""
    series = server.get(f"/{series_id}").json()
    return series, sorted(path for path in server.files() if ".spool" not in path.parts)


@pytest.fixture(scope="module")
def small(postgres, tmp_path_factory) -> Iterator[Server]:
    """A server whose workers may take half a gigabyte."""
    url = create_database(postgres, template="migrated")
    limits = {"limits.worker_memory_bytes": 2**29, "limits.worker_seconds": 20}
    with running(url, tmp_path_factory.mktemp("small"), **limits) as started:
        furnish(started)
        yield started
    drop_database(postgres, url)


@pytest.fixture(scope="module")
def attack(small, tmp_path_factory) -> Attack:
    """Every hostile file, sent in every way."""
    result = Attack(small, tmp_path_factory.mktemp("hostile"))
    series_id = upload(small)
    result.before = state(small, series_id)
    files = images(result.folder)
    jobs = [(name, way) for name in files for way in WAYS]
    processes = [small.process.pid, *workers_of(small)]
    peaks = {pid: peak_megabytes(pid) for pid in processes}
    done = threading.Event()
    poller = threading.Thread(target=poll, args=(result, done))
    poller.start()
    with ThreadPoolExecutor(4) as pool:
        sent = pool.map(lambda job: send(small, job[1], files[job[0]], series_id), jobs)
        result.answers = dict(zip(jobs, sent, strict=True))
    done.set()
    poller.join()
    # A process that died would be missing here.
    result.growth = {pid: peak_megabytes(pid) - peaks[pid] for pid in processes}
    result.after = state(small, series_id)
    return result


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", HOSTILE)
def test_refused_in_little_time(name, way, attack):
    answer = attack.answers[name, way]
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("Could not load DataFrame from HDF5 file. ")
    assert answer.elapsed.total_seconds() < 5


def test_nothing_was_run(attack):
    assert list(attack.folder.glob("*/ran")) == []


def test_nothing_was_read(attack):
    assert [key for key, answer in attack.answers.items() if SECRET * 2 in answer.text] == []


def test_no_answer_tells_where_files_are(attack):
    places = (str(attack.folder), str(attack.server.folder))
    told = [key for key, answer in attack.answers.items() if any(p in answer.text for p in places)]
    assert told == []


def test_no_process_died_or_grew(attack):
    server, *workers = attack.growth
    assert attack.growth[server] < 64
    assert max(attack.growth[pid] for pid in workers) < 128


def test_others_were_served_meanwhile(attack):
    assert attack.codes == {200}
    assert len(attack.waits) > 20
    assert median(attack.waits) < 0.5


def test_the_series_that_was_to_be_patched_is_as_it_was(attack):
    assert attack.after == attack.before


def test_nothing_is_left_in_the_spool(attack):
    assert [path for path in attack.server.files() if ".spool" in path.parts] == []


# What is odd but good

GOOD = {
    name: frame if "mjd" in frame.columns else pd.concat([photometry(len(frame)), frame], axis=1)
    for name, frame in (FRAMES | INDEXED).items()
    if "mjd" not in frame.index.names  # a light curve's times are a column
}


@pytest.mark.parametrize("options", [{}, {"complevel": 5, "complib": "zlib"}], ids=["raw", "zlib"])
@pytest.mark.parametrize("name", GOOD)
def test_good_files_come_back_value_for_value(name, options, small):
    series_id = upload(small, base64.b64encode(write(GOOD[name], {}, **options)).decode())
    answer = small.get(f"/{series_id}?dataFormat=hdf5").json()["data"]
    back, _ = read_as_clients_do(base64.b64decode(answer["data"]))
    assert as_text(back) == as_text(GOOD[name])
