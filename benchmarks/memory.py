"""How much memory the server and its workers take beyond what they have at rest."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pandas as pd
import psutil

from skyportal_series.utils.hdf5_files import dump_dataframe_to_bytestream

from .figures import Figure, below
from .setting import BASE, FORM_TYPE, Client, Setting, form, photometry

GROUP = "Memory"
MB = 2**20


def run(setting: Setting, quick: bool) -> Iterator[Figure]:
    """Uploads in each way, then raw fetches of the first."""
    rows = 1_000_000 if quick else 10_000_000
    _warm_up(setting)
    frame = photometry(rows)
    numbers = []
    for name, body, content_type in _bodies(setting, frame):
        size = len(body) / MB
        peak, answer = _peak(setting, lambda b=body, t=content_type: _post(setting.client, b, t))
        numbers.append(json.loads(answer)["data"]["id"])
        what = f"upload of {rows:,} rows as {name} ({size:,.0f} MB)"
        yield below(GROUP, what, peak / MB, "MB", round(3 * size))
    for what in ("first", "again"):
        path = f"{BASE}/{numbers[0]}/data"
        peak, _ = _peak(setting, lambda path=path: _drain(setting.client, path))
        yield below(GROUP, f"raw fetch of {rows:,} rows, {what}", peak / MB, "MB", 64)


def _warm_up(setting: Setting) -> None:
    """What each worker loads when it first has work is no part of an upload."""
    small = dump_dataframe_to_bytestream(photometry(1000), encode=False)
    clients = [setting.another_client() for _ in range(6)]
    with ThreadPoolExecutor(len(clients)) as threads:
        list(threads.map(lambda client: client.post_form(small, setting.fields()), clients))


def _bodies(setting: Setting, frame: pd.DataFrame) -> Iterator[tuple[str, bytes, str]]:
    """Name, body and type of an upload; one at a time, as they are large."""
    ours = dump_dataframe_to_bytestream(frame, encode=False)
    yield "a form, compressed", form(ours, setting.fields()), FORM_TYPE
    theirs = _by_pandas(frame)
    yield "a form, as pandas writes it", form(theirs, setting.fields()), FORM_TYPE
    import pybase64

    text = pybase64.b64encode_as_string(theirs)
    del theirs, ours
    body = orjson.dumps(setting.fields() | {"data": text})
    del text
    if len(body) < 500 * MB:
        yield "base64 of what pandas writes", body, "application/json"
    data = {name: frame[name].to_numpy() for name in frame}
    body = orjson.dumps(setting.fields() | {"data": data}, option=orjson.OPT_SERIALIZE_NUMPY)
    yield "JSON columns", body, "application/json"


def _by_pandas(frame: pd.DataFrame) -> bytes:
    with pd.HDFStore(
        uuid4().hex, mode="w", driver="H5FD_CORE", driver_core_backing_store=0
    ) as store:
        store.put("phot_series", frame, format="table", index=None, track_times=False)
        image: bytes = store._handle.get_file_image()  # noqa: SLF001
    return image


def _post(client: Client, body: bytes, content_type: str) -> bytes:
    return client.ask("POST", BASE, body, content_type)


def _drain(client: Client, path: str) -> bytes:
    """Fetch without keeping: the client's memory is not what is measured."""
    client.connection.request("GET", path, headers={"Authorization": f"token {client.token}"})
    answer = client.connection.getresponse()
    while answer.read(1 << 20):
        pass
    return b""


def _peak(setting: Setting, work: Callable[[], Any]) -> tuple[float, Any]:
    """The most anonymous memory, in bytes, beyond that at rest, while `work` runs; its result.

    Of the server and its workers together, looked at every few milliseconds. Pages of files do not
    count: the system takes them back when it needs them.
    """
    rest = _anonymous(setting.server.process.pid)
    most, done = rest, threading.Event()

    def watch() -> None:
        nonlocal most
        while not done.is_set():
            most = max(most, _anonymous(setting.server.process.pid))
            time.sleep(0.003)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        result = work()
    finally:
        done.set()
        watcher.join()
    return most - rest, result


def _anonymous(process_id: int) -> float:
    server = psutil.Process(process_id)
    return sum(_of_process(one.pid) for one in (server, *server.children(recursive=True)))


def _of_process(process_id: int) -> float:
    try:
        lines = Path(f"/proc/{process_id}/status").read_text().splitlines()
    except FileNotFoundError:
        return 0
    found = [line.split() for line in lines if line.startswith("RssAnon")]
    return int(found[0][1]) * 1024 if found else 0
