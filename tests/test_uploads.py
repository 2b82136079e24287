"""POST and GET of one series: what goes in comes out, and what is wrong is said."""

from __future__ import annotations

import base64
import hashlib
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from server import UPLOAD, add_group, add_stream
from uploading import columns, fields, upload

from skyportal_series.enum_types import ALLOWED_BANDPASSES
from skyportal_series.utils.hdf5_files import dump_dataframe_to_bytestream

TESS = Path(__file__).parent.parent.parent / "shared" / "data" / "TESS_photometric_series1.h5"


def write_by_recipe(df: pd.DataFrame, metadata: dict, name: str = "any name") -> str:
    """The image that the document's recipe makes, with pandas alone."""
    with pd.HDFStore(name, mode="w", driver="H5FD_CORE", driver_core_backing_store=0) as store:
        store.put("key", df, format="table", index=None, track_times=False)
        store.get_storer("key").attrs.metadata = metadata
        return base64.b64encode(store._handle.get_file_image()).decode()


def read_by_recipe(text: str) -> tuple[pd.DataFrame, dict]:
    """What the document's recipe reads, with pandas alone."""
    with pd.HDFStore(
        "data.h5",
        mode="r",
        driver="H5FD_CORE",
        driver_core_backing_store=0,
        driver_core_image=base64.b64decode(text),
    ) as store:
        (key,) = store.keys()
        return store[key], store.get_storer(key).attrs.metadata


@pytest.fixture
def frame():
    noise = np.random.default_rng(7)
    return pd.DataFrame(
        {
            "mjd": 60000 + np.arange(50) / 24,
            "mag": noise.normal(18, 0.1, 50),
            "magerr": np.full(50, 0.02, dtype=np.float32),
            "flag": np.arange(50, dtype=np.int16),
            "good": np.arange(50) % 3 == 0,
            "note": ["fine", "clouds"] * 25,
        }
    )


# In and out


def test_json_comes_out_as_it_went_in(server):
    data = columns() | {"note": ["a", None, "ç", "", "µ"], "flag": [1, 2, 3, 4, 5]}
    data["flux"][2] = None
    series_id = upload(server, data)
    assert server.get(f"/{series_id}").json()["data"]["data"] == data


def test_a_recipes_file_comes_out_as_it_went_in(server, frame):
    series_id = upload(server, write_by_recipe(frame, {}))
    answer = server.get(f"/{series_id}?dataFormat=hdf5").json()["data"]
    back, _ = read_by_recipe(answer["data"])
    pd.testing.assert_frame_equal(back, frame)


def test_metadata_of_the_file_are_fields(server, frame):
    given = fields(server, channel="a b", altdata={"k": [1, 2]}, time_stamp_alignment="start")
    series_id = server.post(json={"data": write_by_recipe(frame, given)}).json()["data"]["id"]
    answer = server.get(f"/{series_id}?dataFormat=none").json()["data"]
    assert {name: answer[name] for name in given} == given


def test_the_body_wins_over_the_file(server, frame):
    image = write_by_recipe(frame, fields(server, ra=1.0, dec=2.0))
    series_id = server.post(json={"data": image, "ra": 3.0, "dec": None}).json()["data"]["id"]
    answer = server.get(f"/{series_id}?dataFormat=none").json()["data"]
    assert (answer["ra"], answer["dec"]) == (3.0, 2.0)


def test_the_file_given_out_is_the_stored_one(server):
    series_id = upload(server)
    answer = server.get(f"/{series_id}?dataFormat=hdf5").json()["data"]
    image = base64.b64decode(answer["data"])
    assert Path(answer["filename"]).read_bytes() == image
    assert hashlib.md5(image).hexdigest() == answer["hash"]


def test_the_file_given_out_makes_the_same_series_elsewhere(server, frame):
    given = {"magref": 17.5, "e_magref": 0.1, "stream_ids": [], "origin": "x", "limiting_mag": 20.0}
    first = upload(server, write_by_recipe(frame, {}), **given)
    before = server.get(f"/{first}?dataFormat=hdf5").json()["data"]
    server.delete(first)
    second = server.post(json={"data": before["data"]}).json()["data"]["id"]
    after = server.get(f"/{second}?dataFormat=hdf5").json()["data"]
    changing = ("id", "created_at", "modified", "filename")
    assert {k: v for k, v in after.items() if k not in changing} == {
        k: v for k, v in before.items() if k not in changing
    }


def test_metadata_need_no_file(server):
    series_id = upload(server)
    Path(server.get(f"/{series_id}").json()["data"]["filename"]).unlink()
    assert server.get(f"/{series_id}?dataFormat=none").status_code == 200


@pytest.fixture(scope="module")
def tess():
    with pd.HDFStore(TESS, mode="r") as store:
        return store[store.keys()[0]]


@pytest.fixture(scope="module")
def series_id(server):
    image = base64.b64encode(TESS.read_bytes()).decode()
    given = {"obj_id": "star2", "instrument_id": server.instrument_id, "filter": "tess"}
    return server.post(json={"data": image, **given}).json()["data"]["id"]


@pytest.mark.skipif(not TESS.exists(), reason="the real light curves are not beside the project")
class TestTess:
    """A real light curve, whose own metadata name a filter that is not allowed."""

    def test_its_own_filter_is_refused(self, server):
        image = base64.b64encode(TESS.read_bytes()).decode()
        given = {"obj_id": "star2", "instrument_id": server.instrument_id}
        message = server.post(json={"data": image, **given}).json()["message"]
        assert "Filter tess::red is not allowed." in message

    def test_json_has_every_value(self, server, series_id, tess):
        data = server.get(f"/{series_id}").json()["data"]["data"]
        assert list(data) == list(tess.columns)
        for name, values in data.items():
            back = np.array(values, dtype=np.float64)
            np.testing.assert_array_equal(back, tess[name].to_numpy(np.float64))

    def test_hdf5_has_every_value_and_type(self, server, series_id, tess):
        text = server.get(f"/{series_id}?dataFormat=hdf5").json()["data"]["data"]
        pd.testing.assert_frame_equal(read_by_recipe(text)[0], tess)

    def test_json_makes_the_same_figures(self, server, series_id, tess):
        data = {name: [None if math.isnan(v) else v for v in tess[name]] for name in tess}
        given = fields(server, obj_id="star2", filter="tess", exp_time=...)
        other = server.post(json={"data": data, **given}).json()["data"]["id"]
        figures = ("mean_mag", "rms_mag", "robust_mag", "robust_rms", "median_snr", "frame_rate")
        one, two = (server.get(f"/{n}?dataFormat=none").json()["data"] for n in (series_id, other))
        assert [two[name] for name in figures] == pytest.approx(
            [one[name] for name in figures], rel=1e-6
        )


# Where fields come from


@pytest.mark.parametrize(
    ("column", "values", "field", "expected"),
    [
        ("RA", [10.0, 11.0, 12.0, 13.0, 99.0], "ra", 12.0),
        ("Dec", [1, 2, 3, 4, 5], "dec", 3.0),
        ("EXPTIME", [30.0, None, 31.0, None, 32.0], "exp_time", 31.0),
        ("filtercode", ["ztfg"] * 5, "filter", "ztfg"),
        ("limmag", [20.0, 20.5, 21.0, 21.5, 22.0], "limiting_mag", 21.0),
    ],
)
def test_a_field_is_inferred_from_its_column(server, column, values, field, expected):
    series_id = upload(server, columns() | {column: values}, **{field: ...})
    assert server.get(f"/{series_id}?dataFormat=none").json()["data"][field] == expected


def test_a_field_that_is_given_wins_over_its_column(server):
    series_id = upload(server, columns() | {"ra": [1.0] * 5}, ra=2.0)
    assert server.get(f"/{series_id}?dataFormat=none").json()["data"]["ra"] == 2.0


def test_filters_that_differ_give_none(server):
    data = columns() | {"filter": ["ztfg", "ztfr", "ztfg", "ztfg", "ztfg"]}
    answer = server.post(json={"data": data, **fields(server, filter=...)}).json()
    assert "The following keys are missing: ['filter']" in answer["message"]


def test_null_counts_as_not_given(server):
    series_id = upload(server, channel=None, altdata=None, magref=None, group_ids=None)
    answer = server.get(f"/{series_id}?dataFormat=none").json()["data"]
    assert (answer["channel"], answer["altdata"], answer["ref_flux"]) == ("", {}, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"series_obj_id": 12345},
        {"magref": 20.0, "e_magref": 0.05},
        {"ref_flux": 1.5, "ref_fluxerr": 0.5},
        {"time_stamp_alignment": "end"},
        {"ra_unc": 0.1, "dec_unc": 0.2},
        {"channel": "CCD 3/left", "origin": "../../etc"},
    ],
)
def test_optional_fields_are_kept(server, changes):
    series_id = upload(server, **changes)
    answer = server.get(f"/{series_id}?dataFormat=none").json()["data"]
    expected = dict(changes)
    if "magref" in changes:  # held as the flux that it stands for
        flux = 10 ** ((23.9 - 20.0) / 2.5)
        expected = {"ref_flux": flux, "ref_fluxerr": 0.05 * flux * math.log(10) / 2.5}
    found = {name: answer[name] for name in expected}
    wanted = {k: str(v) if k == "series_obj_id" else v for k, v in expected.items()}
    assert found == {
        name: pytest.approx(value) if isinstance(value, float) else value
        for name, value in wanted.items()
    }


def test_a_magnitudes_error_beside_a_flux_that_has_none_is_left_aside(server):
    series_id = upload(server, ref_flux=-1.0, e_magref=0.05)
    assert server.patch(series_id, json={"ra": 1.0}).status_code == 200
    answer = server.get(f"/{series_id}?dataFormat=none").json()["data"]
    assert (answer["ref_flux"], answer["ref_fluxerr"]) == (-1.0, None)


# Sharing


def test_ones_own_group_is_always_there(server):
    answer = server.get(f"/{upload(server)}?dataFormat=none").json()["data"]
    assert [(group["name"], group["single_user_group"]) for group in answer["groups"]] == [
        ("alice", True)
    ]


@pytest.mark.parametrize("as_list", [True, False])
def test_a_group_is_named_by_its_id(server, as_list):
    group = add_group(server, f"group {as_list}")
    series_id = upload(server, group_ids=[group] if as_list else group)
    assert group in server.get(f"/{series_id}?dataFormat=none").json()["data"]["group_ids"]


def test_all_is_the_public_group(server):
    answer = server.get(f"/{upload(server, group_ids='all')}?dataFormat=none").json()["data"]
    assert "Sitewide Group" in [group["name"] for group in answer["groups"]]


def test_a_stream_is_named_by_its_id(server):
    stream = add_stream(server, "stream of alice", "alice")
    answer = server.get(f"/{upload(server, stream_ids=[stream])}?dataFormat=none").json()["data"]
    assert answer["streams"] == [{"id": stream, "name": "stream of alice"}]


# What is refused

NO_BRIGHTNESS = (
    'Input to photometric series must contain "flux", "fluxes", "mag", "mags" or "magnitudes".'
)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (..., "Must supply data as a dictionary (JSON) or dataframe in HDF5 format."),
        (None, "Must supply data as a dictionary (JSON) or dataframe in HDF5 format."),
        (5, "Data must be a dictionary (JSON) or dataframe in HDF5 format."),
        ([1, 2], "Data must be a dictionary (JSON) or dataframe in HDF5 format."),
        ({"mjd": [1, 2], "flux": [1]}, "Could not convert data to a DataFrame."),
        ({"mjd": [1, [2]], "flux": [1, 2]}, "Could not convert data to a DataFrame."),
        ("no base64!", "Could not load DataFrame from HDF5 file."),
        ("aGVsbG8gd29ybGQ=", "Could not load DataFrame from HDF5 file."),
        ({}, "Must supply a non-empty DataFrame."),
        ({"mjd": [], "flux": []}, "Must supply a non-empty DataFrame."),
        ({"mjd": [1.0]}, NO_BRIGHTNESS),
        ({"flux": [1.0]}, 'Input to photometric series must contain a "mjd" or "mjds" column.'),
        ({"mjd": [1.0, 2.0], "flux": ["a", "b"]}, '"flux"'),
        ({"mjd": [1.0, True], "flux": [1, 2]}, "'mjd' holds numbers and true or false"),
    ],
)
def test_bad_data_is_refused(server, data, said):
    body = {"data": data, **fields(server)}
    answer = server.post(json={k: v for k, v in body.items() if v is not ...})
    assert (answer.status_code, answer.json()["status"]) == (400, "error")
    assert said in answer.json()["message"]


ALL_MISSING = "['series_name', 'series_obj_id', 'ra', 'dec', 'exp_time', 'filter']"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"obj_id": ...}, "Must supply an obj_id"),
        ({"obj_id": "nobody"}, "Invalid obj_id: nobody"),
        ({"instrument_id": ...}, "Must supply an instrument_id"),
        ({"instrument_id": 999}, "Invalid instrument_id: 999"),
        ({"instrument_id": 2**31}, "Invalid instrument_id: 2147483648"),
        ({"instrument_id": "x"}, "Could not cast instrument_id to the correct type"),
        ({"followup_request_id": 7}, "Invalid followup_request_id: 7"),
        ({"assignment_id": 7}, "Invalid assignment_id: 7"),
        ({"group_ids": [999]}, "Invalid group ID: 999"),
        ({"group_ids": "some"}, "Must be a list of IDs (integers) or the string 'all'."),
        ({"group_ids": ["x"]}, "Invalid group_ids parameter value."),
        ({"stream_ids": [999]}, "No stream with ID 999"),
        ({"stream_ids": 5}, "Invalid stream_ids parameter value. Must be a list of IDs"),
        (
            dict.fromkeys(("series_name", "series_obj_id", "ra", "dec", "exp_time", "filter"), ...),
            f"The following keys are missing: {ALL_MISSING}",
        ),
        ({"ra": ..., "filter": ...}, "The following keys are missing: ['ra', 'filter']"),
        ({"foo": 1}, "Unknown keys in metadata: ['foo']"),
        ({"exp_time": "long"}, "Could not cast exp_time to the correct type"),
        ({"exp_time": "1_0"}, "Could not cast exp_time to the correct type"),
        ({"exp_time": True}, "Could not cast exp_time to the correct type"),
        ({"altdata": [1]}, "Could not cast altdata to the correct type"),
        ({"channel": 5}, "Could not cast channel to the correct type"),
        ({"filter": "zzz"}, "Filter zzz is not allowed. Allowed filters are: bessellux"),
        (
            {"time_stamp_alignment": "begin"},
            "Time stamp alignment begin is not allowed. Allowed values are: start, middle, end",
        ),
        ({"series_name": "a b"}, 'Illegal characters in string "a b".'),
        ({"series_name": "x\n"}, "Illegal characters in string"),
        ({"series_name": "/etc"}, 'Illegal characters in string "/etc".'),
        ({"series_name": "../x"}, 'Illegal characters in string "../x".'),
        ({"series_obj_id": "a/b"}, 'Illegal characters in string "a/b".'),
        ({"dec": 123.45}, "dec must be between -90 and 90, got 123.45."),
        ({"ra": -400}, "ra must be between 0 and 360, got -400."),
    ],
)
def test_a_bad_field_is_refused(server, changes, said):
    answer = server.post(json={"data": columns(), **fields(server, **changes)})
    assert answer.status_code == 400
    assert said in answer.json()["message"]


def test_all_problems_are_named_at_once_and_by_field(server):
    answer = server.post(json={"data": {"mjd": [1.0]}, "foo": 1, "obj_id": "x", "ra": "y"}).json()
    assert set(answer["data"]["errors"]) == {
        "data",
        "metadata",
        "obj_id",
        "instrument_id",
        "ra",
        "series_name",
        "series_obj_id",
        "dec",
        "exp_time",
        "filter",
    }


def test_a_refused_upload_leaves_nothing(server):
    before = server.files()
    server.post(json={"data": columns(), **fields(server, obj_id="nobody")})
    assert server.files() == before


def test_the_same_series_again_is_refused(server):
    body = {"data": columns(), **fields(server)}
    first = server.post(json=body).json()["data"]["id"]
    again = server.post(json=body)
    name = server.get(f"/{first}").json()["data"]["filename"]
    assert again.status_code == 400
    assert f"PhotometricSeries with filename {name} already exists" in again.json()["message"]
    assert "A PhotometricSeries with the same hash already exists" in again.json()["message"]
    assert again.json()["data"] == {"id": first}


def test_the_same_name_with_other_data_is_refused(server):
    given = fields(server)
    server.post(json={"data": columns(), **given})
    message = server.post(json={"data": columns(6), **given}).json()["message"]
    assert "already exists" in message
    assert "hash" not in message


def test_a_duplicate_does_not_tell_where_anothers_file_is(server):
    body = {"data": columns(), **fields(server)}
    series_id = server.post(json=body).json()["data"]["id"]
    name = server.get(f"/{series_id}").json()["data"]["filename"]
    answer = server.post(json=body, token=server.make_token("mallory", UPLOAD)).json()
    assert "already exists" in answer["message"]
    assert (name in answer["message"], answer["data"]) == (False, {})


@pytest.mark.parametrize("bandpass", [ALLOWED_BANDPASSES[0], ALLOWED_BANDPASSES[-1]])
def test_every_bandpass_is_allowed(server, bandpass):
    upload(server, filter=bandpass)


# Who asks


@pytest.mark.parametrize(
    ("header", "code", "said"),
    [
        (None, 401, 'Credentials malformed; expected form "Authorization: token abc123"'),
        ("Bearer x", 401, "Credentials malformed"),
        ("token", 401, "Credentials malformed"),
        ("token nobody", 401, "Unknown token"),
    ],
)
def test_who_does_not_say_who_they_are_is_turned_away(server, header, code, said):
    headers = {} if header is None else {"Authorization": header}
    answer = server.session.get(f"{server.url}/api/photometric_series", headers=headers)
    assert answer.status_code == code
    assert said in answer.json()["message"]


@pytest.mark.parametrize(("method", "path"), [("POST", ""), ("PATCH", "/1"), ("DELETE", "/1")])
def test_nobody_changes_anything(server, method, path):
    url = f"{server.url}/api/photometric_series{path}"
    assert server.session.request(method, url, json={"data": columns()}).status_code == 401


def test_uploading_needs_its_right(server):
    answer = server.post(
        json={"data": columns(), **fields(server)}, token=server.make_token("reader")
    )
    assert answer.status_code == 401
    assert "Upload data" in answer.json()["message"]


@pytest.mark.parametrize("series_id", ["999999", "abc", "-1", "0", str(2**31), "1e3", "٣"])
def test_an_id_that_no_series_has(server, series_id):
    answer = server.get(f"/{series_id}")
    assert (answer.status_code, answer.json()["message"]) == (
        400,
        "Invalid photometric series ID.",
    )


def test_an_unknown_data_format(server):
    answer = server.get(f"/{upload(server)}?dataFormat=foobar")
    assert answer.status_code == 400
    assert 'Invalid dataFormat: "foobar"' in answer.json()["message"]


def test_lists_come_without_data(server):
    upload(server)
    answer = server.get("").json()["data"]
    assert {series["data"] for series in answer["series"]} == {None}


@pytest.mark.parametrize("data_format", ["json", "hdf5"])
def test_lists_come_with_data_where_asked(server, data_format):
    given = fields(server)
    series_id = upload(server, **given)
    one = server.get(f"/{series_id}?dataFormat={data_format}").json()["data"]
    query = f"?dataFormat={data_format}&seriesObjID={given['series_obj_id']}"
    assert server.get(query).json()["data"]["series"] == [one]


def test_a_dumped_frame_is_text_for_json(server, frame):
    image = dump_dataframe_to_bytestream(frame, fields(server))
    assert server.post(json={"data": image}).status_code == 200
