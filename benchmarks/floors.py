"""The bare work of each request, in one process, with nothing around it."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import orjson
from psycopg2.extras import Json, RealDictCursor

from skyportal_series.schemas.answer import COLUMNS
from skyportal_series.series import LightCurve, summarise
from skyportal_series.utils import hdf5_files
from skyportal_series.utils.json_columns import as_json

_NAMES = ", ".join(COLUMNS)
_GROUPS = """SELECT s.photometric_serie_id, g.id, g.name, g.nickname, g.single_user_group
    FROM group_photometric_series s JOIN groups g ON g.id = s.group_id
    WHERE s.photometric_serie_id = ANY(%s)"""
_STREAMS = """SELECT s.photometric_serie_id, t.id, t.name
    FROM stream_photometric_series s JOIN streams t ON t.id = s.stream_id
    WHERE s.photometric_serie_id = ANY(%s)"""
_BOX = """cosd(ra) * cosd(dec) BETWEEN %(x)s - %(c)s AND %(x)s + %(c)s
    AND sind(ra) * cosd(dec) BETWEEN %(y)s - %(c)s AND %(y)s + %(c)s
    AND sind(dec) BETWEEN %(z)s - %(c)s AND %(z)s + %(c)s
    AND (cosd(ra) * cosd(dec) - %(x)s) ^ 2 + (sind(ra) * cosd(dec) - %(y)s) ^ 2
        + (sind(dec) - %(z)s) ^ 2 <= %(c)s ^ 2"""


class Rows:
    """Rows by plain psycopg2, to JSON by orjson."""

    def __init__(self, connection: Any) -> None:
        self._cursor = connection.cursor(cursor_factory=RealDictCursor)

    def _answer(self, where: str, values: Any) -> bytes:
        self._cursor.execute(f"SELECT {_NAMES} FROM photometric_series WHERE {where}", values)
        rows = self._cursor.fetchall()
        ids = [row["id"] for row in rows]
        shared = []
        for statement in (_GROUPS, _STREAMS):
            self._cursor.execute(statement, (ids,))
            shared.append(self._cursor.fetchall())
        return orjson.dumps([rows, shared])

    def one(self, series_id: int) -> bytes:
        return self._answer("id = %s", (series_id,))

    def page(self, size: int) -> bytes:
        """The first page, and how many there are."""
        self._cursor.execute("SELECT count(*) FROM photometric_series")
        self._cursor.fetchall()
        return self._answer("true ORDER BY obj_id, id LIMIT %s", (size,))

    def cone(self, centre: Sequence[float], chord: float) -> bytes:
        """All within a chord of a unit vector, in order."""
        values = {"x": centre[0], "y": centre[1], "z": centre[2], "c": chord}
        return self._answer(f"{_BOX} ORDER BY obj_id, id LIMIT 100", values)


def get_hdf5(path: Path) -> bytes:
    """Read a file, base64."""
    return base64.b64encode(path.read_bytes())


def get_json(path: Path) -> bytes:
    """Read a file's columns, orjson."""
    columns = hdf5_files.read_columns(path)
    return b",".join(orjson.dumps(name) + b":" + as_json(v) for name, v in columns.items())


def post(connection: Any, folder: Path, template: dict[str, Any]) -> Callable[[bytes], None]:
    """What an upload cannot do without: decode, unpack, figures, pack, write, fsync, one INSERT."""
    cursor = connection.cursor()
    columns = [name for name in template if name != "id"]
    places = ", ".join(["%s"] * len(columns))
    insert = f"INSERT INTO photometric_series ({', '.join(columns)}) VALUES ({places})"

    def store(frame: Any) -> None:
        values = {name: frame[name].to_numpy() for name in frame.columns}
        summarise(LightCurve.from_columns(values), 3.0)
        unique = os.urandom(16).hex()
        path = folder / f"{unique}.h5"
        hdf5_files.write_file(frame, path, {"series_obj_id": unique})
        with path.open("rb") as file:
            os.fsync(file.fileno())
        row = template | {"hash": unique, "filename": str(path), "series_obj_id": unique}
        cursor.execute(insert, [_sent(row[name]) for name in columns])

    def work(body: bytes) -> None:
        data = orjson.loads(body)["data"]
        if isinstance(data, str):
            store(hdf5_files.load_dataframe_from_bytestream(data)[0])
        else:
            import pandas as pd

            store(pd.DataFrame(data))

    return work


def _sent(value: Any) -> Any:
    return Json(value) if isinstance(value, dict) else value
