"""The client against a real server: sending, changing, looking, and what it needs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from curves import FRAME

from skyportal_series.client import (
    AlreadyExists,
    Changed,
    Client,
    NotConfigured,
    NotFound,
    Refused,
    Series,
    SeriesClientError,
    Unauthorized,
    UnknownName,
    vocabulary,
)


def test_what_is_uploaded_comes_back(client: Client, fields: Any) -> None:
    series = client.get(client.upload(FRAME, **fields(ra=12.5)))
    pd.testing.assert_frame_equal(series.data, FRAME)
    assert (series.ra, series.metadata["num_exp"]) == (12.5, 200)


def test_fields_may_be_numpy_values_and_tuples(client: Client, fields: Any) -> None:
    altdata = {"chi2": np.float64(1.5), "bad": float("nan"), "list": (1, 2)}
    given = fields(ra=np.float32(0.5), series_obj_id=np.int64(7), group_ids=(), altdata=altdata)
    series = client.get(client.upload(FRAME, **given))
    assert (series.ra, series.series_obj_id) == (0.5, "7")
    assert series.altdata == {"chi2": 1.5, "bad": None, "list": [1, 2]}


def test_refusals_say_what_is_wrong_with_each_field(client: Client, fields: Any) -> None:
    with pytest.raises(Refused) as caught:
        client.upload(FRAME, **fields(obj_id="nobody", dec=123.0))
    assert {"obj_id", "dec"} <= caught.value.problems.keys()


def test_an_existing_series_is_named(client: Client, fields: Any) -> None:
    given = fields()
    first = client.upload(FRAME, **given)
    with pytest.raises(AlreadyExists) as caught:
        client.upload(FRAME, **given)
    assert caught.value.series_id == first


@pytest.mark.parametrize(
    ("call", "near"),
    [
        (lambda client: client.upload(FRAME, objid="a"), "obj_id"),
        (lambda client: client.update(1, obj_ids="a"), "obj_id"),
        (lambda client: client.search(min_num_exposure=1), "min_num_exposures"),
        (lambda client: client.search(object_id="a", objectID="a"), "given twice"),
        (lambda client: client.download(1, "x.h5", "fit"), "fits"),
        (lambda client: client.get(1.5), "whole number"),
        (lambda client: client.plot(1, "x.gif"), ".png"),
    ],
)
def test_unknown_names_are_refused_here(call: Any, near: str) -> None:
    nobody = Client("http://127.0.0.1:1", "t", retries=0)
    with pytest.raises(UnknownName, match=near):
        call(nobody)


def test_update_changes_fields_and_data(client: Client, fields: Any) -> None:
    series_id = client.upload(FRAME, **fields())
    client.update(series_id, FRAME.head(10), dec=5.0)
    series = client.get(series_id)
    assert (series.dec, len(series.data)) == (5.0, 10)


@pytest.mark.parametrize("act", ["update", "delete"])
def test_a_version_that_is_gone_is_not_changed(client: Client, fields: Any, act: str) -> None:
    series = client.get(client.upload(FRAME, **fields()))
    client.update(series.id, dec=5.0)
    with pytest.raises(Changed):
        getattr(client, act)(series.id, if_hash=series.hash)


def test_deleted_series_are_not_found(client: Client, fields: Any) -> None:
    series_id = client.upload(FRAME, **fields())
    client.delete(series_id)
    for call in (client.get, client.delete, client.fetch):
        with pytest.raises(NotFound):
            call(series_id)


# --- who asks ---------------------------------------------------------------------------------


def test_an_unknown_token(client: Client) -> None:
    with pytest.raises(Unauthorized), Client(client.url, "wrong") as stranger:
        stranger.get(1)


def test_a_netrc_does_not_replace_the_token(
    client: Client, token: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with Client(client.url, token) as other:
        assert len(other.search(series_name="none")) == 0


def test_the_token_is_shown_nowhere(client: Client, token: str) -> None:
    assert token not in repr(client) + repr(client.search()) + repr(vars(client))


@pytest.mark.parametrize("url", ["portal.example.org", "ftp://portal.example.org"])
def test_what_is_no_url(url: str) -> None:
    with pytest.raises(NotConfigured, match="http"):
        Client(url, "t")


def test_what_is_no_token() -> None:
    with pytest.raises(NotConfigured, match="copy it anew"):
        Client("http://127.0.0.1:1", "abc…")


def test_blanks_around_a_token_do_no_harm(client: Client, token: str) -> None:
    with Client(client.url, f" {token}\n") as other:
        assert len(other.search(series_name="none")) == 0


def test_threads_share_a_client(client: Client, fields: Any) -> None:
    from concurrent.futures import ThreadPoolExecutor

    given = fields()
    with ThreadPoolExecutor(8) as pool:
        ids = set(
            pool.map(lambda n: client.upload(FRAME, **given | {"channel": f"c{n}"}), range(12))
        )
    assert {series.id for series in client.search(series_name=given["series_name"])} == ids


# --- looking ----------------------------------------------------------------------------------


def test_part_of_the_data(client: Client, fields: Any) -> None:
    series = client.get(client.upload(FRAME, **fields()))
    part = series.part(columns=["mjd", "flux"], mjd_min=58000.5, mjd_max=58001.0)
    expected = FRAME.loc[FRAME.mjd.between(58000.5, 58001.0), ["mjd", "flux"]]
    pd.testing.assert_frame_equal(part, expected.reset_index(drop=True))
    assert len(series.part(max_points=20)) <= 20


def test_a_series_draws_itself(client: Client, fields: Any) -> None:
    series = client.get(client.upload(FRAME, **fields()))
    assert series.plot(y="flux", width=400, height=300).axes
    with pytest.raises(Refused, match="width"):
        series.plot(width=1)
    with pytest.raises(UnknownName, match="colour"):
        series.plot(colour="red")


def test_a_series_as_an_astropy_table_has_units(client: Client, fields: Any) -> None:
    table = client.get(client.upload(FRAME, **fields())).to_table()
    assert (str(table["flux"].unit), table.meta["num_exp"]) == ("uJy", 200)


def test_a_page_shows_a_series_without_running_its_names() -> None:
    series = Series(Client("http://127.0.0.1:1", "t"), {"id": 3, "obj_id": "<script>"})
    assert "&lt;script&gt;" in series._repr_html_()
    assert "<script>" not in series._repr_html_()
    assert "Series 3" in repr(series)


def test_the_server_draws(client: Client, fields: Any, tmp_path: Path) -> None:
    path = client.plot(client.upload(FRAME, **fields()), tmp_path / "lc.png", y="flux")
    assert path.read_bytes().startswith(b"\x89PNG")


# --- what it needs ----------------------------------------------------------------------------


def test_names_are_those_of_the_server() -> None:
    from skyportal_series.schemas.filters import ARGUMENTS
    from skyportal_series.schemas.upload import UploadSchema

    paging = {"dataFormat", "pageNumber", "numPerPage"}
    assert {f.name for f in vocabulary.FILTERS} == {a.name for a in ARGUMENTS} - paging
    assert {a.alias: a.name for a in ARGUMENTS if a.alias} == vocabulary.ALIASES
    assert {f.name for f in vocabulary.FIELDS} == set(UploadSchema().fields)


def test_the_client_loads_nothing_heavy() -> None:
    code = (
        "import sys, skyportal_series as s; s.Client('http://127.0.0.1:1', 't');"
        "print(*(m for m in sys.modules if '.' not in m))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"pandas", "numpy", "tables", "h5py", "astropy", "matplotlib", "pyarrow"}
    server = {"sqlalchemy", "tornado", "marshmallow", "psycopg2", "yaml", "orjson", "pebble"}
    assert not (heavy | server) & set(done.stdout.split())


LEAN = """
import sys
import pandas as pd

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {absent!r}:
            raise ModuleNotFoundError(name, name=name)

sys.meta_path.insert(0, Absent())
from skyportal_series import Client

with Client({url!r}, {token!r}) as client:
    series_id = client.upload(pd.DataFrame({{"mjd": [1.0, 2.0], "flux": [3.0, 4.0]}}), **{fields!r})
    print(client.get(series_id).data.flux.tolist(), len(client.search(hash="none").to_dataframe()))
"""


SERVER_ONLY = {"sqlalchemy", "tornado", "marshmallow", "orjson", "yaml", "psycopg2", "alembic"}
SERVER_ONLY |= {"click", "rich", "uniplot", "multipart", "mimeparse", "prometheus_client"}
EXTRAS = {"astropy", "pyarrow", "matplotlib"}


@pytest.mark.parametrize("absent", [{"tables"}, {"h5py", "isal"}], ids=["h5py", "tables"])
def test_pandas_requests_and_one_of_h5py_and_tables_are_enough(
    client: Client, token: str, fields: Any, absent: set[str]
) -> None:
    absent = absent | SERVER_ONLY | EXTRAS
    code = LEAN.format(absent=absent, url=client.url, token=token, fields=fields())
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("[3.0, 4.0] 0", "")


def test_every_error_is_in_one_tree() -> None:
    import skyportal_series.client as client

    errors = [getattr(client, name) for name in client.__all__]
    kinds = [e for e in errors if isinstance(e, type) and issubclass(e, Exception)]
    assert len(kinds) == 11
    assert all(issubclass(kind, SeriesClientError) for kind in kinds)
    assert json.dumps(SeriesClientError("x").problems) == "{}"
