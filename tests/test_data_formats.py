"""Every format of `/data`, read back with the tools that people have for it."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from typing import Any

import astropy.io.votable
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
from astropy import units
from astropy.io import fits
from astropy.table import Table
from astropy.timeseries import TimeSeries
from hdf5_recipes import read_as_clients_do
from uploading import fields

from skyportal_series.formats import FORMATS
from skyportal_series.utils.hdf5_files import dump_dataframe_to_bytestream

ROWS = 240
ALTDATA = {"airmass": 1.25, "observer": "Zoë <&>", "nested": [1, {"a": None}]}


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    noise = np.random.default_rng(3)
    flux = noise.normal(800, 9, ROWS)
    flux[[3, 77]] = np.nan
    return pd.DataFrame(
        {
            "mjd": 60000 + np.arange(ROWS) / 48,
            "flux": flux,
            "fluxerr": noise.uniform(5, 9, ROWS).astype(np.float32),
            "count": np.arange(ROWS, dtype=np.int64) * 10**12,
            "small": np.arange(ROWS, dtype=np.uint8),
            "signed": np.arange(ROWS, dtype=np.int8),
            "flags": np.arange(ROWS, dtype=np.uint16),
            "good": np.arange(ROWS) % 3 == 0,
            "note": [None if row % 7 == 0 else f'a "{row}", é' for row in range(ROWS)],
            "filter": ["ztfr"] * ROWS,
            "taken": pd.Timestamp("2024-05-01") + pd.to_timedelta(np.arange(ROWS), unit="s"),
            "lasted": pd.to_timedelta(np.arange(ROWS) * 0.5, unit="s"),
        }
    )


@pytest.fixture(scope="module")
def series_id(server, frame) -> int:
    image = dump_dataframe_to_bytestream(
        frame, fields(server, obj_id="star1", altdata=ALTDATA, exp_time=30.0), encode=False
    )
    answer = server.post(files={"data": image})
    assert answer.status_code == 200, answer.text
    return int(answer.json()["data"]["id"])


@pytest.fixture(scope="module")
def content(server, series_id) -> Callable[..., bytes]:
    def get(name: str, **part: Any) -> bytes:
        answer = server.get(f"/{series_id}/data", params={"format": name, **part})
        assert answer.status_code == 200, answer.text
        return answer.content

    return get


def from_table(table: Table) -> dict[str, Any]:
    return {
        name: [None if value is np.ma.masked else value for value in table[name]]
        for name in table.colnames
    }


READERS: dict[str, Callable[[io.BytesIO], dict[str, Any]]] = {
    "hdf5": lambda file: read_as_clients_do(file.read())[0].to_dict("list"),
    "json": lambda file: pd.read_json(file, precise_float=True).to_dict("list"),
    "csv": lambda file: pd.read_csv(file).to_dict("list"),
    "arrow": lambda file: pd.read_feather(file).to_dict("list"),
    "parquet": lambda file: pd.read_parquet(file).to_dict("list"),
    "votable": lambda file: from_table(Table.read(file, format="votable")),
    "ecsv": lambda file: from_table(Table.read(file.read().decode(), format="ascii.ecsv")),
    "fits": lambda file: from_table(Table.read(file, format="fits")),
}


def test_every_format_is_tried():
    assert set(READERS) == set(FORMATS)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("column", ["mjd", "flux", "fluxerr", "count", "small", "signed", "flags"])
def test_numbers_come_back_as_they_were(content, frame, name, column):
    found = READERS[name](io.BytesIO(content(name)))[column]
    expected = frame[column].to_numpy(np.float64)
    given = [np.nan if value is None else float(value) for value in found]
    np.testing.assert_array_equal(given, expected)


@pytest.mark.parametrize("name", FORMATS)
def test_truth_values_come_back(content, frame, name):
    found = READERS[name](io.BytesIO(content(name)))["good"]
    assert [bool(value) for value in found] == frame["good"].tolist()


@pytest.mark.parametrize("name", FORMATS)
def test_texts_come_back(content, frame, name):
    found = READERS[name](io.BytesIO(content(name)))["note"]
    texts = [value.decode() if isinstance(value, bytes) else value for value in found]
    expected = [text if isinstance(text, str) else None for text in frame["note"]]
    if name == "fits":  # FITS has ASCII alone
        expected = [text and text.replace("é", "\\xe9") for text in expected]
    assert [text if isinstance(text, str) and text else None for text in texts] == expected


@pytest.mark.parametrize("name", FORMATS)
def test_dates_come_back(content, frame, name):
    found = READERS[name](io.BytesIO(content(name)))["taken"]
    texts = [value.decode() if isinstance(value, bytes) else value for value in found]
    assert pd.to_datetime(pd.Series(texts)).tolist() == frame["taken"].tolist()


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"hdf5", "arrow", "parquet"}))
def test_durations_are_seconds(content, frame, name):
    found = READERS[name](io.BytesIO(content(name)))["lasted"]
    np.testing.assert_array_equal(
        np.array(found, dtype=float), frame["lasted"].dt.total_seconds().to_numpy()
    )


def test_the_stored_file_is_the_bytes_that_the_hash_is_of(server, series_id, content):
    row = server.get(f"/{series_id}", params={"dataFormat": "none"}).json()["data"]
    assert hashlib.md5(content("hdf5")).hexdigest() == row["hash"]


def test_part_of_it_as_hdf5_can_be_uploaded(server, content):
    image = content("hdf5", mjdMax=60001)
    other = fields(server)
    answer = server.post(
        files={"data": image}, data={"metadata": f'{{"series_obj_id": "{other["series_obj_id"]}"}}'}
    )
    assert answer.status_code == 200, answer.text


def test_csv_tells_an_empty_text_from_a_missing_one(content):
    assert b'"a ""1"", \xc3\xa9"' in content("csv", columns="note")
    assert content("csv", columns="note").splitlines()[1] == b'""'
    assert content("csv", columns="mjd,note").splitlines()[1] == b"60000.0,"


# Units, times and metadata


@pytest.mark.parametrize(
    ("name", "suffix"), [("votable", "votable"), ("ecsv", "ascii.ecsv"), ("fits", "fits")]
)
class TestAstropy:
    def table(self, content, name, suffix) -> Table:
        data = content(name)
        return Table.read(data.decode() if name == "ecsv" else io.BytesIO(data), format=suffix)

    @pytest.mark.parametrize(
        ("column", "unit"), [("mjd", units.d), ("flux", units.uJy), ("fluxerr", units.uJy)]
    )
    def test_reads_units(self, content, name, suffix, column, unit):
        assert self.table(content, name, suffix)[column].unit == unit

    def test_reads_a_time_series(self, content, name, suffix, tmp_path):
        path = tmp_path / f"series.{name}"
        path.write_bytes(content(name, columns="mjd,flux,fluxerr"))
        series = TimeSeries.read(
            path, time_column="mjd", time_format="mjd", time_scale="utc", format=suffix
        )
        assert series.time[1].utc.mjd == pytest.approx(60000 + 1 / 48, abs=1e-12)

    def test_reads_no_rows(self, content, name, suffix):
        data = content(name, mjdMin=70000)
        source = data.decode() if name == "ecsv" else io.BytesIO(data)
        assert len(Table.read(source, format=suffix)) == 0


def test_votable_is_valid_and_says_which_time(content, tmp_path):
    path = tmp_path / "series.vot"
    path.write_bytes(content("votable"))
    report = io.StringIO()
    assert astropy.io.votable.validate(str(path), output=report), report.getvalue()
    tree = astropy.io.votable.parse(str(path))
    (system,) = tree.resources[0].time_systems
    assert (system.timescale, system.timeorigin) == ("UTC", "MJD-origin")
    field = tree.get_first_table().get_field_by_id_or_name("mjd")
    assert (field.ref, field.ucd) == (system.ID, "time.epoch")


def test_votable_tells_of_the_series(content):
    table = astropy.io.votable.parse(io.BytesIO(content("votable"))).get_first_table()
    params = {param.name: param for param in table.params}
    assert params["obj_id"].value == "star1"
    assert (params["ra"].value, params["ra"].unit) == (123.4, units.deg)
    assert params["instrument"].value == "Camera"


def test_fits_header_has_the_standards_keywords(content):
    header = fits.getheader(io.BytesIO(content("fits")), 1)
    expected = {
        "TIMESYS": "UTC",
        "MJDREF": 0.0,
        "TIMEUNIT": "d",
        "TIMEPIXR": 0.5,
        "OBJECT": "star1",
        "RA_OBJ": 123.4,
        "DEC_OBJ": -5.6,
        "RADESYS": "ICRS",
        "EXPTIME": 30.0,
        "FILTER": "ztfr",
        "INSTRUME": "Camera",
        "MJD-BEG": 60000.0,
    }
    assert {key: header[key] for key in expected} == expected


def test_ecsv_holds_the_metadata(content):
    table = Table.read(content("ecsv").decode(), format="ascii.ecsv")
    assert table.meta["altdata"] == ALTDATA
    assert table.meta["TIMESYS"] == "UTC"


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("parquet", lambda data: pyarrow.parquet.read_schema(io.BytesIO(data))),
        ("arrow", lambda data: pa.ipc.open_file(io.BytesIO(data)).schema),
    ],
)
def test_arrow_holds_units_and_metadata(content, name, read):
    schema = read(content(name))
    assert schema.field("flux").metadata[b"unit"] == b"uJy"
    assert json.loads(schema.metadata[b"metadata"])["altdata"] == ALTDATA


def test_hdf5_of_a_part_keeps_the_metadata(content):
    _, whole = read_as_clients_do(content("hdf5"))
    _, part = read_as_clients_do(content("hdf5", maxPoints=5))
    assert part == whole
