"""Beside a SkyPortal: on a database of its shape, with rows and files of its making."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from databases import create_database, drop_database
from server import UPLOAD, running
from skyportal_schema import create_skyportal_tables, describe
from sqlalchemy import text
from uploading import columns, upload

from skyportal_series.database import create_engine_for

SURROUNDINGS = """
INSERT INTO telescopes (id, name, nickname, diameter, robotic, created_at, modified)
    VALUES (1, 'T', 'T', 1, false, now(), now());
INSERT INTO instruments (id, name, type, telescope_id, filters, created_at, modified)
    VALUES (1, 'I', 'imager', 1, '{ztfr}', now(), now());
INSERT INTO objs (id, internal_key, created_at, modified) VALUES ('star1', 'key', now(), now());
"""

ROW = """
INSERT INTO photometric_series (
    obj_id, series_name, series_obj_id, filter, channel, origin, filename, mjd_first, mag_first,
    mjd_mid, mjd_last, mag_last, is_detected, exp_time, frame_rate, num_exp, time_stamp_alignment,
    limiting_mag, instrument_id, owner_id, hash, autodelete, ra, dec, altdata, created_at, modified
) VALUES (
    'star1', 'theirs', :name, 'ztfr', '', '', :filename, 1, 'NaN', 2, 3, 'NaN', true, 30, 'NaN', 50,
    'middle', 'NaN', 1, (SELECT id FROM users WHERE username = 'alice'), :hash, true, 10, 5, '{}',
    now(), now()
) RETURNING id
"""


@pytest.fixture(scope="module")
def server(postgres, tmp_path_factory):
    """A server on a database with exactly SkyPortal's tables, furnished for uploads."""
    url = create_database(postgres)
    engine = create_engine_for(url)
    create_skyportal_tables(engine)
    before = describe(engine)
    engine.dispose()
    with running(url, tmp_path_factory.mktemp("server")) as started:
        started.before = before
        started.token = started.make_token("alice", UPLOAD)
        started.instrument_id = 1
        with started.database() as session:
            for statement in SURROUNDINGS.strip().split(";")[:-1]:
                session.execute(text(statement))
        yield started
    drop_database(postgres, url)


@pytest.fixture
def frame():
    noise = np.random.default_rng(3)
    mjd = 60000 + np.arange(50) / 24
    return pd.DataFrame({"mjd": mjd, "flux": noise.normal(50, 1, 50), "fluxerr": 1.0})


@pytest.fixture
def theirs(server, frame, request):
    """The id of a series as SkyPortal writes it: its file by the recipe, at its name."""
    name = request.node.name
    path = server.folder / "theirs" / f"series_{name}_inst_1.h5"
    path.parent.mkdir(exist_ok=True)
    with pd.HDFStore(path, mode="w") as store:
        store.put("phot_series", frame, format="table", index=None, track_times=False)
        store.get_storer("phot_series").attrs.metadata = {
            "series_name": "theirs",
            "series_obj_id": name,
        }
    digest = hashlib.md5(path.read_bytes()).hexdigest()
    with server.database() as session:
        values = {"name": name, "filename": str(path), "hash": digest}
        return session.execute(text(ROW), values).scalar_one()


def test_starting_alters_nothing_of_skyportals(server):
    engine = create_engine_for(server.database_url)
    after = describe(engine)
    engine.dispose()
    for kind, facts in server.before.items():
        assert facts <= after[kind]
        added = {str(fact[0]) for fact in after[kind] - facts}
        assert all(name.startswith("photometric_series_") for name in added)


def test_their_series_are_listed(server, theirs):
    answer = server.get("?seriesName=theirs&numPerPage=500").json()["data"]
    assert theirs in [series["id"] for series in answer["series"]]


def test_their_series_are_read(server, theirs, frame):
    answer = server.get(f"/{theirs}").json()["data"]
    assert answer["data"] == frame.to_dict(orient="list")
    assert answer["frame_rate"] is None


def test_their_series_are_patched(server, theirs, frame):
    assert server.patch(theirs, json={"magref": 17.5}).status_code == 200
    answer = server.get(f"/{theirs}").json()["data"]
    assert answer["data"] == frame.to_dict(orient="list")
    assert answer["ref_flux"] == pytest.approx(10 ** ((23.9 - 17.5) / 2.5))


def test_their_series_are_deleted_with_their_files(server, theirs):
    path = Path(server.get(f"/{theirs}?dataFormat=none").json()["data"]["filename"])
    assert server.delete(theirs).status_code == 200
    assert not path.exists()


def test_their_code_reads_what_is_written_here(server):
    series_id = upload(server, series_name="ours")
    with server.database() as session:
        row = session.execute(
            text("SELECT filename, hash FROM photometric_series WHERE id = :id"), {"id": series_id}
        ).one()
    assert hashlib.md5(Path(row.filename).read_bytes()).hexdigest() == row.hash
    with pd.HDFStore(row.filename, mode="r") as store:
        (key,) = store.keys()
        assert store[key].to_dict(orient="list") == columns()
        metadata = store.get_storer(key).attrs.metadata
    assert (key, metadata["series_name"], metadata["owner_id"]) == ("/phot_series", "ours", 1)


def test_what_is_not_null_there_is_not_null_here(server):
    one_point = {"mjd": [60000.0], "flux": [-1.0]}  # no magnitude, no rate, never detected
    series_id = upload(server, one_point, series_name="empty")
    answer = server.get(f"/{series_id}").json()["data"]
    assert (answer["mag_first"], answer["frame_rate"], answer["is_detected"]) == (None, None, False)


def test_many_columns_meet_skyportals_own_indexes(server):
    """Its btree on `medians` holds some 2,700 bytes: that is said, and nothing is left behind."""
    before = server.files()
    wide = columns() | {f"a_column_with_a_long_name_{n}": [1.5 * n] * 5 for n in range(400)}
    content = {"obj_id": "star1", "instrument_id": 1, "series_name": "wide", "series_obj_id": "1"}
    content |= {"ra": 1, "dec": 2, "exp_time": 3, "filter": "ztfr", "data": wide}
    answer = server.post(json=content)
    assert answer.status_code == 400
    assert "too many columns" in answer.json()["message"]
    assert server.files() == before
