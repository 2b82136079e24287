"""PATCH and DELETE: what is merged over what, what follows, what is refused."""

from __future__ import annotations

import hashlib
import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from server import MANAGE, UPLOAD, Server, add_group, add_stream

from skyportal_series.models import PhotometricSeries
from skyportal_series.utils.hdf5_files import (
    dump_dataframe_to_bytestream,
    load_dataframe_from_bytestream,
)

numbers = itertools.count(1)
DATA = {"mjd": [60000.0, 60000.5, 60001.0], "flux": [100.0, 110.0, 120.0]}
#: What a change of the row alone leaves as it is.
FIGURES = ("mean_mag", "rms_mag", "num_exp", "medians", "mjd_first", "mjd_last", "median_snr")


def fields(server: Server, **more: Any) -> dict[str, Any]:
    """A whole upload, of its own name."""
    return {
        "obj_id": "star1",
        "instrument_id": server.instrument_id,
        "series_name": f"changes/{next(numbers)}",
        "series_obj_id": "1",
        "ra": 10.0,
        "dec": 5.0,
        "exp_time": 30.0,
        "filter": "ztfr",
        "data": DATA,
    } | more


def upload(server: Server, **more: Any) -> int:
    answer = server.post(json=fields(server, **more))
    assert answer.status_code == 200, answer.text
    number: int = answer.json()["data"]["id"]
    return number


def get(server: Server, number: int, data_format: str = "none", **options: Any) -> dict[str, Any]:
    answer = server.get(f"/{number}", params={"dataFormat": data_format}, **options)
    series: dict[str, Any] = answer.json()["data"]
    return series


def patch(server: Server, number: int, **body: Any) -> dict[str, Any]:
    """The series after a PATCH, which must succeed."""
    answer = server.patch(number, json=body)
    assert (answer.status_code, answer.json()["data"]) == (200, {"id": number}), answer.text
    return get(server, number)


def metadata_of(server: Server, number: int) -> dict[str, Any]:
    _, metadata = load_dataframe_from_bytestream(get(server, number, "hdf5")["data"])
    return metadata


def test_fields_alone(server: Server) -> None:
    number = upload(server, channel="a")
    before = get(server, number)
    after = patch(server, number, channel="b", altdata={"x": [1, None]}, ra_unc=0.5)
    assert (after["channel"], after["altdata"], after["ra_unc"]) == ("b", {"x": [1, None]}, 0.5)
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"channel", "altdata", "ra_unc", "modified", "hash", "filename"}
    assert get(server, number, "json")["data"] == DATA


def test_file_follows_the_row(server: Server) -> None:
    number = upload(server)
    before = Path(get(server, number)["filename"])
    after = patch(server, number, origin="elsewhere")
    content = Path(after["filename"]).read_bytes()
    assert hashlib.md5(content).hexdigest() == after["hash"]
    assert "elsewhere" in Path(after["filename"]).name
    assert metadata_of(server, number)["origin"] == "elsewhere"
    assert not before.exists()


def test_data_alone(server: Server) -> None:
    number = upload(server, altdata={"kept": True}, limiting_mag=20.0)
    before = get(server, number)
    data = {"mjd": [60010.0, 60011.0], "mag": [17.0, 19.0]}
    after = patch(server, number, data=data)
    assert (after["num_exp"], after["mean_mag"], after["rms_mag"]) == (2, 18.0, 1.0)
    assert (after["mjd_first"], after["mjd_last"]) == (60010.0, 60011.0)
    assert after["medians"] == {"mjd": 60010.5, "mag": 18.0}
    kept = (
        "ra",
        "dec",
        "exp_time",
        "filter",
        "altdata",
        "limiting_mag",
        "series_name",
        "group_ids",
    )
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert get(server, number, "json")["data"] == data


def test_new_data_say_anew_what_columns_say(server: Server) -> None:
    number = upload(server, limiting_mag=20.0)
    columns = {"RA": 50.0, "dec": -5.0, "exptime": 60.0, "filter": "ztfg", "limmag": 21.5}
    data = DATA | {name: [value] * 3 for name, value in columns.items()}
    after = patch(server, number, data=data)
    found = [after[name] for name in ("ra", "dec", "exp_time", "filter", "limiting_mag")]
    assert found == list(columns.values())


def test_fields_alone_infer_nothing(server: Server) -> None:
    # The body said 30; the column that said otherwise has no say in a later change of the name.
    number = upload(server, data=DATA | {"exp_time": [60.0] * 3})
    assert patch(server, number, origin="x")["exp_time"] == 30.0


def hdf5(**metadata: Any) -> Any:
    frame = pd.DataFrame(DATA | {"ra": [1.0] * 3, "dec": [2.0] * 3, "exp_time": [3.0] * 3})
    return dump_dataframe_to_bytestream(frame, metadata)


def test_later_layers_win(server: Server) -> None:
    number = upload(server)
    after = patch(server, number, data=hdf5(dec=20.0, exp_time=30.0, owner_id=999), exp_time=300.0)
    assert (after["ra"], after["dec"], after["exp_time"]) == (1.0, 20.0, 300.0)


def test_null_is_not_given(server: Server) -> None:
    number = upload(server, limiting_mag=20.0, magref=18.0)
    before = get(server, number)
    after = patch(server, number, limiting_mag=None, magref=None, group_ids=None, data=None)
    new = {"modified": 0, "filename": 0}
    assert after | new == before | new


def test_nothing_changes_nothing(server: Server) -> None:
    number = upload(server)
    before = get(server, number)
    after = patch(server, number)
    same = {"modified": 0, "filename": 0}
    assert after | same == before | same
    assert get(server, number, "json")["data"] == DATA


# Reference magnitudes


def test_reference_magnitude_becomes_a_flux_and_back(server: Server) -> None:
    number = upload(server)
    after = patch(server, number, magref=18.9, e_magref=0.1)
    assert after["ref_flux"] == pytest.approx(100.0)
    assert after["ref_fluxerr"] == pytest.approx(0.1 * 100 * math.log(10) / 2.5)
    metadata = metadata_of(server, number)
    assert metadata["magref"] == pytest.approx(18.9)
    assert metadata["e_magref"] == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("change", "flux", "error"),
    [
        ({"ref_flux": 10.0}, 10.0, 5.0),
        ({"ref_fluxerr": 1.0}, 100.0, 1.0),
        ({"magref": 21.4}, 10.0, 5.0),
        ({"ref_flux": 10.0, "ref_fluxerr": 1.0}, 10.0, 1.0),
        ({"magref": 21.4, "e_magref": 2.5 / math.log(10)}, 10.0, 10.0),
        ({"e_magref": 2.5 / math.log(10)}, 100.0, 100.0),
        ({"ref_flux": 10.0, "magref": 18.9}, 10.0, 5.0),
    ],
    ids=str,
)
def test_magnitude_or_flux_whichever_came_last(
    server: Server, change: dict[str, float], flux: float, error: float
) -> None:
    number = upload(server, ref_flux=100.0, ref_fluxerr=5.0)
    after = patch(server, number, **change)
    assert (after["ref_flux"], after["ref_fluxerr"]) == pytest.approx((flux, error))


def test_magnitude_in_the_body_wins_over_flux_in_the_file(server: Server) -> None:
    number = upload(server)
    after = patch(server, number, data=hdf5(ref_flux=100.0), magref=21.4)
    assert after["ref_flux"] == pytest.approx(10.0)


# Sharing


def test_sharing_is_replaced_where_given(server: Server) -> None:
    first, second = (add_group(server, f"group {n}", "alice") for n in (1, 2))
    stream, other = (add_stream(server, f"stream {n}", "alice") for n in (1, 2))
    number = upload(server, group_ids=[first], stream_ids=[stream])
    own = (set(get(server, number)["group_ids"]) - {first}).pop()
    assert patch(server, number, origin="x")["group_ids"] == sorted([own, first])
    after = patch(server, number, group_ids=second)
    assert (after["group_ids"], after["stream_ids"]) == (sorted([own, second]), [stream])
    assert [group["id"] for group in after["groups"]] == after["group_ids"]
    after = patch(server, number, stream_ids=[other, stream], group_ids=[])
    assert (after["group_ids"], after["stream_ids"]) == ([own], sorted([stream, other]))
    assert metadata_of(server, number)["stream_ids"] == sorted([stream, other])
    assert patch(server, number, stream_ids=[])["stream_ids"] == []


def test_all_is_the_public_group(server: Server) -> None:
    number = upload(server)
    names = [group["name"] for group in patch(server, number, group_ids="all")["groups"]]
    assert sorted(names) == ["Sitewide Group", "alice"]


def test_owner_stays(server: Server) -> None:
    token = server.make_token("manager", UPLOAD, MANAGE)
    group = add_group(server, "managed", "alice", "manager")
    number = upload(server, group_ids=[group])
    before = get(server, number)
    answer = server.patch(number, token=token, json={"origin": "m", "owner_id": 1_000})
    assert answer.status_code == 200
    after = get(server, number)
    assert (after["owner_id"], after["origin"]) == (before["owner_id"], "m")
    assert after["group_ids"] == before["group_ids"]
    assert metadata_of(server, number)["owner_id"] == before["owner_id"]


# Moving


def test_series_moves(server: Server) -> None:
    number = upload(server)
    before = get(server, number)
    moved = {"series_name": f"moved/{number}", "series_obj_id": "77", "obj_id": "star2"}
    after = patch(server, number, **moved, filter="ztfg")
    assert {name: after[name] for name in moved} == moved
    path = Path(after["filename"])
    assert path.is_relative_to(server.folder / "moved" / str(number))
    assert path.name.startswith("series_77_inst_")
    assert not Path(before["filename"]).parent.exists()
    assert {name: after[name] for name in FIGURES} == {name: before[name] for name in FIGURES}


def test_no_move_to_where_another_is(server: Server) -> None:
    taken = fields(server)
    there = server.post(json=taken).json()["data"]["id"]
    number = upload(server)
    before, files = get(server, number), server.files()
    answer = server.patch(number, json={"series_name": taken["series_name"]})
    content = answer.json()
    path = get(server, there)["filename"]
    assert answer.status_code == 400
    assert f"PhotometricSeries with filename {path} already exists" in content["message"]
    assert content["data"] == {"id": there}
    assert get(server, number) == before
    assert sorted(server.files()) == sorted(files)


# What is refused

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"foo": 1, "bar": None}, "Unknown keys in metadata: ['foo']"),
    ({"serie_name": "x"}, "did you mean series_name"),
    ({"data": []}, "Data must be a dictionary (JSON) or dataframe in HDF5 format."),
    ({"data": {}}, "Must supply a non-empty DataFrame."),
    ({"data": "xxxx"}, "Could not load DataFrame from HDF5 file."),
    ({"data": {"mjd": [1]}}, 'must contain "flux", "fluxes", "mag", "mags" or "magnitudes".'),
    ({"data": {"flux": [1]}}, 'must contain a "mjd" or "mjds" column.'),
    ({"obj_id": "nowhere"}, "Invalid obj_id: nowhere"),
    ({"instrument_id": 2**31 - 1}, f"Invalid instrument_id: {2**31 - 1}"),
    ({"instrument_id": 2**31}, f"Invalid instrument_id: {2**31}"),
    ({"followup_request_id": 5}, "Invalid followup_request_id: 5"),
    ({"assignment_id": 5}, "Invalid assignment_id: 5"),
    ({"group_ids": [10**6]}, f"Invalid group ID: {10**6}"),
    ({"group_ids": "some"}, "Invalid group_ids parameter value."),
    ({"stream_ids": [10**6]}, f"No stream with ID {10**6}"),
    ({"stream_ids": "all"}, "Invalid stream_ids parameter value."),
    ({"exp_time": "long"}, "Could not cast exp_time to the correct type"),
    ({"altdata": [1]}, "Could not cast altdata to the correct type"),
    ({"filter": "ztfx"}, "Filter ztfx is not allowed. Allowed filters are: "),
    ({"time_stamp_alignment": "beginning"}, "Allowed values are: start, middle, end"),
    ({"series_name": "../up"}, 'Illegal characters in string "../up".'),
    ({"series_name": "/etc"}, 'Illegal characters in string "/etc".'),
    ({"series_name": "a\n"}, "Illegal characters in string"),
    ({"series_obj_id": "a/b"}, 'Illegal characters in string "a/b".'),
    ({"dec": 123.45}, "dec must be between -90 and 90, got 123.45."),
    ({"ra": -400}, "ra must be between 0 and 360, got -400."),
]


@pytest.fixture(scope="module")
def untouched(server: Server) -> int:
    """A series that no change in here may change."""
    return upload(server)


@pytest.mark.parametrize(("body", "says"), REFUSED, ids=lambda value: str(value)[:40])
def test_refused_change_changes_nothing(
    server: Server, untouched: int, body: dict[str, Any], says: str
) -> None:
    before, files = get(server, untouched), sorted(server.files())
    answer = server.patch(untouched, json=body)
    assert answer.status_code == 400
    assert says in answer.json()["message"]
    assert get(server, untouched) == before
    assert sorted(server.files()) == files


def test_all_problems_are_told_together(server: Server, untouched: int) -> None:
    answer = server.patch(untouched, json={"foo": 1, "dec": 200, "obj_id": "nowhere", "data": {}})
    assert set(answer.json()["data"]["errors"]) == {"metadata", "dec", "obj_id", "data"}


@pytest.mark.parametrize("number", ["0", "-1", "abc", "1.5", "2147483648", "9" * 400, "1000000"])
@pytest.mark.parametrize(
    ("method", "says"),
    [
        ("GET", "Invalid photometric series ID."),
        ("PATCH", "Invalid photometric series ID."),
        ("DELETE", "Cannot find photometry point with ID: {}."),
    ],
)
def test_id_that_does_not_exist(server: Server, method: str, number: str, says: str) -> None:
    answer = server.request(method, f"/api/photometric_series/{number}", json={"origin": "x"})
    assert answer.status_code == 400
    assert answer.json()["message"] == says.format(number[:20])


# Versions


def conditions(version: str) -> list[tuple[str, bool]]:
    """If-Match headers, and whether they name `version`."""
    return [
        (f'"{version}"', True),
        (f'W/"{version}"', True),
        (version, True),
        ("*", True),
        (f'"{"0" * 32}", "{version}"', True),
        (f'"{"0" * 32}"', False),
        (f'"{"0" * 32}","{"1" * 32}"', False),
        (f'"{version[:31]}"', False),
        ('""', False),
        ("banana", False),
    ]


FORMS = [form for form, _ in conditions("<hash>")]


@pytest.mark.parametrize("place", range(len(FORMS)), ids=FORMS)
def test_change_of_the_version_that_was_seen(server: Server, place: int) -> None:
    number = upload(server)
    seen = server.get(f"/{number}", params={"dataFormat": "none"})
    before = seen.json()["data"]
    assert seen.headers["ETag"] == f'"{before["hash"]}"'
    header, fits = conditions(before["hash"])[place]
    options: dict[str, Any] = {"headers": {"If-Match": header}}
    answer = server.patch(number, json={"origin": "new"}, **options)
    assert answer.status_code == (200 if fits else 412)
    assert (get(server, number) == before) is not fits


@pytest.mark.parametrize("place", range(len(FORMS)), ids=FORMS)
def test_deletion_of_the_version_that_was_seen(server: Server, place: int) -> None:
    number = upload(server)
    header, fits = conditions(get(server, number)["hash"])[place]
    answer = server.delete(number, headers={"If-Match": header})
    assert answer.status_code == (200 if fits else 412)
    assert server.get(f"/{number}").status_code == (400 if fits else 200)


# DELETE


@pytest.mark.parametrize("autodelete", [True, False])
def test_file_goes_with_the_row_if_it_says_so(server: Server, autodelete: bool) -> None:
    number = upload(server)
    with server.database() as session:
        session.get_one(PhotometricSeries, number).autodelete = autodelete
    path = Path(get(server, number)["filename"])
    answer = server.delete(number)
    assert (answer.status_code, answer.json()["data"]) == (200, {})
    assert path.exists() is not autodelete
    path.unlink(missing_ok=True)


def test_deleted_series_can_come_back(server: Server) -> None:
    body = fields(server)
    numbers = []
    for _ in range(2):
        numbers.append(server.post(json=body).json()["data"]["id"])
        assert server.delete(numbers[-1]).status_code == 200
    assert numbers[0] < numbers[1]
    assert server.delete(numbers[1]).status_code == 400


def test_downloaded_file_restores_the_series(server: Server) -> None:
    """The HDF5 that is given out is the whole series: uploaded again, it makes the same one."""
    noise = np.random.default_rng(1).normal(100, 3, 50)
    data = {"mjd": [60000 + n / 100 for n in range(50)], "flux": noise.tolist()}
    number = upload(server, data=data, magref=18.0, channel="c", altdata={"a": {"b": [1, "ü"]}})
    before = get(server, number, "hdf5")
    assert server.delete(number).status_code == 200
    again = server.post(json={"data": before["data"]}).json()["data"]["id"]
    after = get(server, again, "hdf5")
    new = {"id": 0, "created_at": 0, "modified": 0, "filename": 0}
    assert after | new == before | new
