"""A server in a process of its own, on a PostgreSQL of its own; and a client that costs little."""

from __future__ import annotations

import http.client
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
import psycopg2

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from server import Server, furnish, running

from skyportal_series.database import ensure_database
from skyportal_series.embedded import EmbeddedPostgres

BASE = "/api/photometric_series"


@dataclass
class Client:
    """One connection, kept open."""

    url: str
    token: str
    connection: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        self.connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=300)

    def ask(self, method: str, path: str, body: Any = None, content_type: str = "") -> bytes:
        """The body of a good answer; RuntimeError for any other."""
        headers = {"Authorization": f"token {self.token}"}
        if content_type:
            headers["Content-Type"] = content_type
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {answer.status} {content[:300]!r}")
        return content

    def get(self, path: str) -> bytes:
        return self.ask("GET", BASE + path)

    def post_json(self, body: bytes) -> int:
        """Upload a body; the id."""
        answer = self.ask("POST", BASE, body, "application/json")
        return int(json.loads(answer)["data"]["id"])

    def post_form(self, image: bytes, fields: dict[str, Any]) -> int:
        """Upload a file as a form; the id."""
        answer = self.ask("POST", BASE, form(image, fields), FORM_TYPE)
        return int(json.loads(answer)["data"]["id"])


FORM_TYPE = "multipart/form-data; boundary=limit"


def form(image: bytes, fields: dict[str, Any]) -> bytes:
    """The body of a form."""
    head = '--limit\r\nContent-Disposition: form-data; name="{}"\r\n\r\n'
    metadata = head.format("metadata").encode() + json.dumps(fields).encode()
    return b"".join((metadata, b"\r\n", head.format("data").encode(), image, b"\r\n--limit--\r\n"))


@dataclass
class Setting:
    """What the benchmarks run on."""

    server: Server
    client: Client
    folder: Path
    numbers: Iterator[int]

    def fields(self) -> dict[str, Any]:
        """The fields of one more series."""
        return {
            "obj_id": "star1",
            "instrument_id": self.server.instrument_id,
            "series_name": "benchmarks",
            "series_obj_id": str(next(self.numbers)),
            "ra": 123.4,
            "dec": -5.6,
            "exp_time": 30.0,
            "filter": "ztfr",
        }

    def another_client(self) -> Client:
        return Client(self.server.url, self.server.token)

    def database(self) -> Any:
        """A plain connection to the database, each statement by itself."""
        url = self.server.database_url
        connection = psycopg2.connect(
            host=url.query["host"], port=url.query["port"], user=url.username, dbname=url.database
        )
        connection.autocommit = True
        return connection


def photometry(rows: int, seed: int = 1) -> pd.DataFrame:
    """A fast camera's light curve: MJD, flux and its error."""
    noise = np.random.default_rng(seed)
    mjd = 60000 + np.arange(rows) * 20 / 86400
    flux = np.round(noise.normal(1000, 30, rows), 4)
    return pd.DataFrame({"mjd": mjd, "flux": flux, "fluxerr": noise.normal(30, 0.5, rows)})


@contextmanager
def setting() -> Iterator[Setting]:
    """A fresh server with the usual configuration."""
    import itertools

    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with EmbeddedPostgres(folder / "pg") as postgres:
            ensure_database(postgres.url)
            with running(postgres.url, folder / "server") as server:
                furnish(server)
                client = Client(server.url, server.token)
                yield Setting(server, client, folder, itertools.count(1))
