"""Whether anyone waits for another: a reader's times while four others upload without pause."""

from __future__ import annotations

import multiprocessing
import statistics
import time
from collections.abc import Iterator
from multiprocessing.synchronize import Event
from typing import Any

import orjson

from skyportal_series.utils.hdf5_files import dump_dataframe_to_bytestream

from .figures import Figure
from .setting import Client, Setting, photometry

GROUP = "No one waits for another"
UPLOADERS = 4


def run(setting: Setting, quick: bool) -> Iterator[Figure]:
    """The 99th percentile of `GET none` under load, against its idle median."""
    rows, seconds = (200_000, 8) if quick else (1_000_000, 40)
    body = setting.fields() | {"data": photometry(1000).to_dict("list")}
    number = setting.client.post_json(orjson.dumps(body))
    idle = statistics.median(_times(setting.client, number, seconds / 4))
    for kind in ("hdf5", "json"):
        loaded, uploads = _under_load(setting, number, kind, rows, seconds)
        yield Figure(GROUP, f"uploads of {rows:,} rows as {kind} meanwhile", uploads, "")
        name = f"GET none, median, while {UPLOADERS} upload {kind}"
        yield Figure(GROUP, name, statistics.median(loaded) * 1e3, "ms", idle * 1e3)
        worst = statistics.quantiles(loaded, n=100)[98]
        name = f"GET none, 99th percentile, while {UPLOADERS} upload {kind}"
        yield Figure(GROUP, name, worst * 1e3, "ms", idle * 1e3, "< 5 × idle", worst < 5 * idle)


def _times(client: Client, number: int, seconds: float) -> list[float]:
    """How long each of many requests takes, one after the other."""
    path, taken = f"/{number}?dataFormat=none", []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        client.get(path)
        taken.append(time.perf_counter() - start)
        time.sleep(0.005)
    return taken


def _under_load(
    setting: Setting, number: int, kind: str, rows: int, seconds: float
) -> tuple[list[float], int]:
    context = multiprocessing.get_context("spawn")
    ready, stop = context.Semaphore(0), context.Event()
    done = context.Value("i", 0)
    fields = [setting.fields() for _ in range(UPLOADERS)]
    arguments = [
        (setting.server.url, setting.server.token, kind, rows, one, ready, stop, done)
        for one in fields
    ]
    processes = [context.Process(target=_upload, args=given) for given in arguments]
    for process in processes:
        process.start()
    for _ in processes:
        ready.acquire()
    loaded = _times(setting.client, number, seconds)
    stop.set()
    for process in processes:
        process.join()
    return loaded, done.value


def _upload(
    url: str,
    token: str,
    kind: str,
    rows: int,
    fields: dict[str, Any],
    ready: Any,
    stop: Event,
    done: Any,
) -> None:
    """Upload the same points under one name after the other, until told to stop."""
    client = Client(url, token)
    frame = photometry(rows)
    data = dump_dataframe_to_bytestream(frame) if kind == "hdf5" else frame.to_dict("list")
    text = orjson.dumps(data)
    ready.release()
    count = 0
    while not stop.is_set():
        fields["channel"] = f"{kind}{count}"
        client.post_json(orjson.dumps(fields)[:-1] + b',"data":' + text + b"}")
        count += 1
        with done.get_lock():
            done.value += 1
