"""Clients that upload, update, delete, read and search, and know what they must find.

Each client has series of its own, so it knows at any time what is there: the last version that was
acknowledged, or, after a request without an answer, the version before or after it.
"""

from __future__ import annotations

import base64
import io
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import requests

from skyportal_series.utils import hdf5_files

API = "/api/photometric_series"
#: A version of a series by the number that its points are made from; None: it is not there.
Version = int | None


def points(version: int) -> dict[str, list[float]]:
    """The light curve of a version: no two are alike."""
    random_numbers = np.random.default_rng(version)
    rows = 20 + version % 180
    mjd = 60000 + np.sort(random_numbers.uniform(0, 30, rows))
    flux = random_numbers.normal(100, 10, rows)
    return {"mjd": mjd.tolist(), "flux": flux.tolist(), "fluxerr": [1.0] * rows}


@dataclass
class Owned:
    """A series of a client's: what may be there."""

    name: str
    allowed: set[Version]
    series_id: int | None = None


@dataclass
class Client:
    """One client, in a thread of its own."""

    load: MixedLoad
    number: int
    owned: list[Owned] = field(default_factory=list)

    def run(self) -> None:
        self.random = random.Random(self.number)
        self.session = requests.Session()
        verbs = {
            self.create: 3, self.update: 3, self.relabel: 1, self.delete: 1,
            self.read: 6, self.search: 2,
        }  # fmt: skip
        while not self.load.over:
            (verb,) = self.random.choices(list(verbs), list(verbs.values()))
            try:
                verb()
            except Exception as error:  # noqa: BLE001 - the load reports it
                self.load.problems.append(f"{verb.__name__}: {error!r}")
        self.session.close()

    def ask(self, method: str, path: str = "", **options: Any) -> requests.Response | None:
        """An answer, or None where none came (or 503: it may or may not have happened)."""
        url = self.random.choice(self.load.urls) + API + path
        headers = {"Authorization": f"token {self.load.token}"}
        started = time.perf_counter()
        try:
            answer = self.session.request(method, url, headers=headers, timeout=60, **options)
        except requests.ConnectionError:
            self.load.count(method, "no answer", time.perf_counter() - started)
            if not self.load.rough:
                raise
            time.sleep(0.05)  # a server that is down would be asked a thousand times a second
            return None
        self.load.count(method, str(answer.status_code), time.perf_counter() - started)
        if answer.status_code == 503 and self.load.rough:
            return None
        return answer

    def pick(self) -> Owned | None:
        """A series of which the id is known."""
        known = [series for series in self.owned if series.series_id is not None]
        return self.random.choice(known) if known else None

    def create(self) -> None:
        version = self.load.new_version()
        series = Owned(f"c{self.number}v{version}", {None, version})
        self.owned.append(series)
        answer = self.ask("POST", **self.body(version, self.load.fields(series.name)))
        if answer is None:
            return
        assert answer.status_code == 200, answer.text
        series.series_id, series.allowed = answer.json()["data"]["id"], {version}

    def body(self, version: int, fields: dict[str, Any]) -> dict[str, Any]:
        """A request of one of the three kinds."""
        kind = self.random.choice(["json", "base64", "form"])
        if kind == "json":
            return {"json": {"data": points(version), **fields}}
        frame = pd.DataFrame(points(version))
        image = hdf5_files.dump_dataframe_to_bytestream(frame, encode=False)
        if kind == "base64":
            return {"json": {"data": base64.b64encode(image).decode(), **fields}}
        metadata = (None, requests.compat.json.dumps(fields), "application/json")
        return {"files": {"data": ("a.h5", io.BytesIO(image)), "metadata": metadata}}

    def update(self) -> None:
        if (series := self.pick()) is None:
            return
        version = self.load.new_version()
        answer = self.ask("PATCH", f"/{series.series_id}", **self.body(version, {}))
        self.settle(series, answer, version)

    def relabel(self) -> None:
        if (series := self.pick()) is None:
            return
        answer = self.ask("PATCH", f"/{series.series_id}", json={"exp_time": self.random.random()})
        if answer is not None and not self.gone(series, answer):
            assert answer.status_code == 200, answer.text

    def delete(self) -> None:
        if (series := self.pick()) is None:
            return
        answer = self.ask("DELETE", f"/{series.series_id}")
        self.settle(series, answer, None)
        if answer is not None and series in self.owned:
            self.owned.remove(series)
            self.load.deleted.append(series.series_id)

    def settle(self, series: Owned, answer: requests.Response | None, version: Version) -> None:
        """What may be there after a change to `version`."""
        if answer is None:
            series.allowed |= {version}
        elif not self.gone(series, answer):
            assert answer.status_code == 200, answer.text
            series.allowed = {version}

    def gone(self, series: Owned, answer: requests.Response) -> bool:
        """Whether a delete that had no answer turns out to have happened."""
        gone = answer.status_code == 400 and "ID" in answer.json()["message"]
        if gone:
            assert None in series.allowed, f"lost: {series}"
            if series in self.owned:
                self.owned.remove(series)
        return gone

    def read(self) -> None:
        if (series := self.pick()) is None:
            return
        form = self.random.choice(["json", "hdf5", "none"])
        answer = self.ask("GET", f"/{series.series_id}?dataFormat={form}")
        if answer is not None and not self.gone(series, answer):
            assert answer.status_code == 200, answer.text
            check(series, answer.json()["data"])

    def search(self) -> None:
        form = self.random.choice(["none", "none", "json"])
        page = f"numPerPage=10&pageNumber={self.random.randint(1, 3)}&sortBy=id&sortOrder=desc"
        answer = self.ask("GET", f"?{page}&dataFormat={form}")
        if answer is not None:
            assert answer.status_code == 200, answer.text


def check(series: Owned, found: dict[str, Any]) -> None:
    """The answer is one of the versions that may be there, whole, with the row of its points."""
    data = found["data"]
    if isinstance(data, str):
        frame, metadata = hdf5_files.load_dataframe_from_bytestream(data)
        assert metadata["series_obj_id"] == series.name
        data = {name: values.tolist() for name, values in frame.items()}
    versions = [version for version in series.allowed if version is not None]
    if data is None:
        assert any(_fits(found, points(version)) for version in versions), f"lost: {series}"
    else:
        assert data in [points(version) for version in versions], f"lost: {series}"
        assert _fits(found, data), f"a mix: {series}"


def _fits(row: dict[str, Any], data: dict[str, list[float]]) -> bool:
    return (row["num_exp"], row["mjd_first"]) == (len(data["mjd"]), data["mjd"][0])


@dataclass
class MixedLoad:
    """Clients at work on servers at `urls`, which may change while they are.

    `rough` says that servers may die: then no answer is an answer, and so is 503.
    """

    urls: list[str]
    token: str
    instrument_id: int
    rough: bool = False
    problems: list[str] = field(default_factory=list)
    deleted: list[int] = field(default_factory=list)
    over: bool = False
    seconds: dict[str, list[float]] = field(default_factory=dict)
    codes: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._version = 0
        self.clients: list[Client] = []

    def new_version(self) -> int:
        with self._lock:
            self._version += 1
            return self._version

    def count(self, method: str, code: str, seconds: float) -> None:
        with self._lock:
            self.codes[f"{method} {code}"] += 1
            self.seconds.setdefault(method, []).append(seconds)

    @property
    def done(self) -> int:
        """Requests that were answered well."""
        return sum(number for code, number in self.codes.items() if code.endswith(" 200"))

    def fields(self, name: str) -> dict[str, Any]:
        return {
            "obj_id": f"star{1 + hash(name) % 5}", "instrument_id": self.instrument_id,
            "series_name": f"load/{hash(name) % 7}", "series_obj_id": name,
            "ra": 10.0, "dec": 20.0, "exp_time": 30.0, "filter": "ztfr",
        }  # fmt: skip

    def run(self, clients: int, during: Callable[[], None]) -> None:
        """Let so many clients work while `during` runs."""
        self.clients = [Client(self, number) for number in range(clients)]
        threads = [threading.Thread(target=client.run) for client in self.clients]
        for thread in threads:
            thread.start()
        try:
            during()
        finally:
            self.over = True
            for thread in threads:
                thread.join()

    def verify(self, url: str) -> int:
        """Every series that must be there is, value for value; how many there are."""
        present = 0
        with requests.Session() as session:
            session.headers["Authorization"] = f"token {self.token}"
            for series in self._everything(session, url):
                answer = session.get(f"{url}{API}/{series.series_id}", timeout=60)
                if answer.status_code == 400:
                    assert None in series.allowed, f"lost: {series}"
                    continue
                assert answer.status_code == 200, answer.text
                check(series, answer.json()["data"])
                present += 1
            for number in self.deleted:
                assert session.get(f"{url}{API}/{number}", timeout=60).status_code == 400
            total = session.get(f"{url}{API}?numPerPage=1", timeout=60).json()["data"]
        assert total["totalMatches"] == present
        return present

    def _everything(self, session: requests.Session, url: str) -> Sequence[Owned]:
        """All series of all clients; those whose upload had no answer are found by name."""
        everything = [series for client in self.clients for series in client.owned]
        for series in everything:
            if series.series_id is None:
                query = {"seriesObjID": series.name}
                found = session.get(f"{url}{API}", params=query, timeout=60).json()["data"][
                    "series"
                ]
                series.series_id = found[0]["id"] if found else 0
        return everything
