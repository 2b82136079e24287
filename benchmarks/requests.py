"""The time of each request, against the bare work that it cannot do without."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from psycopg2.extras import RealDictCursor

from skyportal_series.utils.hdf5_files import dump_dataframe_to_bytestream

from . import floors
from .figures import Figure, at_most, below, medians
from .filling import CENTRE, RADIUS, fill
from .setting import Client, Setting, photometry

GROUP = "One request"
LARGE, SMALL = 100_000, 1_000


def run(setting: Setting, quick: bool) -> Iterator[Figure]:
    """All requests of the table."""
    rounds = 15 if quick else 60
    number = setting.client.post_form(
        dump_dataframe_to_bytestream(photometry(LARGE), encode=False), setting.fields()
    )
    yield from _fetching(setting, number, rounds)
    yield from _raw(setting, number, rounds)
    yield from _looking(setting, rounds)
    yield from _posting(setting, number, rounds // 3)
    yield from _rows(setting, number, rounds)


def _fetching(setting: Setting, number: int, rounds: int) -> Iterator[Figure]:
    path = stored_path(setting, number)
    get = setting.client.get
    json, hdf5 = f"/{number}?dataFormat=json", f"/{number}?dataFormat=hdf5"
    seconds, floor = medians(rounds, lambda: get(json), lambda: floors.get_json(path))
    yield at_most(GROUP, f"GET json, {LARGE:,} rows", seconds, floor, 1.5)
    seconds, floor = medians(rounds, lambda: get(hdf5), lambda: floors.get_hdf5(path))
    yield at_most(GROUP, f"GET hdf5, {LARGE:,} rows", seconds, floor, 1.5)


def _looking(setting: Setting, rounds: int) -> Iterator[Figure]:
    """What people who look at a large series wait for."""
    image = dump_dataframe_to_bytestream(photometry(1_000_000), encode=False)
    number = setting.client.post_form(image, setting.fields())
    thinned = f"/{number}/data?format=json&maxPoints=2000"
    (seconds,) = medians(rounds, lambda: setting.client.get(thinned))
    yield below(GROUP, "/data, 2,000 points of 1,000,000", seconds * 1000, "ms", 100)
    (seconds,) = medians(3, lambda: setting.client.get(f"/{number}/plot"))
    yield below(GROUP, "/plot, 1,000,000 points", seconds * 1000, "ms", 1000)


def _raw(setting: Setting, number: int, rounds: int) -> Iterator[Figure]:
    path = stored_path(setting, number)
    with static_server(path.parent) as url:
        other = Client(url, "")
        seconds, floor = medians(
            rounds,
            lambda: setting.client.get(f"/{number}/data"),
            lambda: other.ask("GET", f"/{path.name}"),
        )
    yield at_most(GROUP, f"/data hdf5 raw, {LARGE:,} rows", seconds, floor, 1.2)


def _posting(setting: Setting, number: int, rounds: int) -> Iterator[Figure]:
    connection = setting.database()
    cursor = connection.cursor(cursor_factory=RealDictCursor)
    cursor.execute("SELECT * FROM photometric_series WHERE id = %s", (number,))
    store = floors.post(connection, setting.folder, dict(cursor.fetchone()))
    cases: list[tuple[str, Any]] = [
        (f"POST hdf5, {rows:,} rows", dump_dataframe_to_bytestream(photometry(rows)))
        for rows in (SMALL, LARGE)
    ]
    cases.append((f"POST json, {LARGE:,} rows", photometry(LARGE).to_dict("list")))
    for name, data in cases:
        text = orjson.dumps(data)

        def body(text: bytes = text) -> bytes:
            return orjson.dumps(setting.fields())[:-1] + b',"data":' + text + b"}"

        seconds, floor = medians(
            rounds,
            lambda body=body: setting.client.post_json(body()),
            lambda body=body: store(body()),
        )
        yield at_most(GROUP, name, seconds, floor, 1.5)
    connection.close()


def _rows(setting: Setting, number: int, rounds: int) -> Iterator[Figure]:
    connection = setting.database()
    rows, get = floors.Rows(connection), setting.client.get
    one = f"/{number}?dataFormat=none"
    seconds, floor = medians(rounds, lambda: get(one), lambda: rows.one(number))
    yield at_most(GROUP, "GET none, one", seconds, floor, plus=0.003)
    fill(setting, 500)
    seconds, floor = medians(rounds, lambda: get("?numPerPage=100"), lambda: rows.page(100))
    yield at_most(GROUP, "list of 100, none, among 500", seconds, floor, 3)
    fill(setting, 100_000)
    cone = f"?ra={CENTRE[0]}&dec={CENTRE[1]}&radius={RADIUS}"
    vector, chord = unit_vector(*CENTRE), 2 * math.sin(math.radians(RADIUS) / 2)
    seconds, floor = medians(rounds, lambda: get(cone), lambda: rows.cone(vector, chord))
    hits = orjson.loads(get(cone))["data"]["totalMatches"]
    yield at_most(GROUP, f"cone search among 100,000, {hits} hits", seconds, floor, 3)
    connection.close()


def unit_vector(ra: float, dec: float) -> tuple[float, float, float]:
    """Degrees → a unit vector."""
    a, d = math.radians(ra), math.radians(dec)
    return math.cos(a) * math.cos(d), math.sin(a) * math.cos(d), math.sin(d)


def stored_path(setting: Setting, number: int) -> Path:
    """Where a series' file lies."""
    answer = orjson.loads(setting.client.get(f"/{number}?dataFormat=none"))
    return Path(answer["data"]["filename"])


@contextmanager
def static_server(folder: Path) -> Iterator[str]:
    """Tornado's own way of sending files, in a process of its own; its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.static_files", str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parent.parent,
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
