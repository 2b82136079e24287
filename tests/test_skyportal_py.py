"""skyportal-py, a client written by others, whose models refuse keys that they do not know."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest
from server import Server

from skyportal_series.utils.hdf5_files import (
    dump_dataframe_to_bytestream,
    load_dataframe_from_bytestream,
)

skyportal_py = pytest.importorskip("skyportal_py")
from skyportal_py import photometric_series as api  # noqa: E402

DATA = {"mjd": [60000.0, 60000.5, 60001.0], "mag": [17.0, 18.0, 19.0]}


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[Any]:
    with skyportal_py.create_client(server.url, server.token) as opened:
        yield opened


def payload(server: Server, name: str, **more: Any) -> Any:
    usual: dict[str, Any] = {
        "data": DATA,
        "series_name": name,
        "series_obj_id": "1",
        "obj_id": "star1",
        "instrument_id": server.instrument_id,
        "ra": 10.0,
        "dec": 5.0,
        "exp_time": 30.0,
        "filter": "ztfr",
    }
    return api.PhotometricSeriesPost(**usual | more)


def test_create_and_fetch(server: Server, client: Any) -> None:
    number = api.post_photometric_series(client, payload(server, "create", group_ids="all")).id
    series = api.fetch_photometric_series(client, number)
    assert (series.data, series.mean_mag, series.num_exp) == (DATA, 18.0, 3)
    assert sorted(group.name for group in series.groups) == ["Sitewide Group", "alice"]
    assert api.fetch_photometric_series(client, number, data_format="none").data is None


def test_hdf5_both_ways(server: Server, client: Any) -> None:
    frame = pd.DataFrame(DATA)
    text = dump_dataframe_to_bytestream(frame, {"channel": "c"})
    number = api.post_photometric_series(client, payload(server, "hdf5", data=text)).id
    series = api.fetch_photometric_series(client, number, data_format="hdf5")
    found, metadata = load_dataframe_from_bytestream(series.data)
    pd.testing.assert_frame_equal(found, frame)
    assert (series.channel, metadata["channel"]) == ("c", "c")


def test_update(server: Server, client: Any) -> None:
    number = api.post_photometric_series(client, payload(server, "update")).id
    change = api.PhotometricSeriesPost(data={"mjd": [1.0], "mag": [15.0]}, magref=16.0)
    assert api.update_photometric_series(client, number, change).id == number
    series = api.fetch_photometric_series(client, number)
    assert (series.mean_mag, series.data) == (15.0, change.data)
    assert series.ref_flux == pytest.approx(10 ** ((23.9 - 16) / 2.5))


def test_delete(server: Server, client: Any) -> None:
    number = api.post_photometric_series(client, payload(server, "delete")).id
    api.delete_photometric_series(client, number)
    with pytest.raises(skyportal_py.SkyPortalError, match=r"Invalid photometric series ID\."):
        api.fetch_photometric_series(client, number)
    with pytest.raises(skyportal_py.SkyPortalError, match="Cannot find photometry point with ID"):
        api.delete_photometric_series(client, number)


@pytest.fixture(scope="module")
def pages(server: Server, client: Any) -> list[int]:
    """Series to look for."""
    names = [payload(server, f"pages/{n}", exp_time=10.0 * (n + 1)) for n in range(5)]
    return [api.post_photometric_series(client, each).id for each in names]


#: Every filter of theirs, each with a value that keeps the second series.
FILTERS: dict[str, Any] = {
    "object_id": "tar1",
    "rejected_object_id": "star2,star3",
    "series_name": "pages/1",
    "series_obj_id": "1",
    "filter": "ztfr",
    "start_before": "2023-02-26",
    "start_after": "2023-02-24T00:00:00Z",
    "mid_before": "2023-02-26",
    "mid_after": "2023-02-24",
    "end_before": "2023-02-27",
    "end_after": "2023-02-25T12:00:00+00:00",
    "detected": True,
    "exp_time": 20.0,
    "min_exp_time": 20,
    "max_exp_time": 20.5,
    "min_frame_rate": 1e-5,
    "max_frame_rate": 1.0,
    "min_num_exposures": 3,
    "max_num_exposures": 3,
    "mag_brighter_than": 18.0,
    "mag_fainter_than": 18.0,
    "limiting_mag_is_nan": True,
    "min_rms": 0.1,
    "max_rms": 2.0,
    "use_robust_mag_and_rms": True,
    "max_median_snr": 1000.0,
    "max_best_snr": 1000.0,
    "max_worst_snr": 1000.0,
    "min_worst_snr": 0.0,
}


@pytest.mark.parametrize("name", FILTERS)
def test_page_with_filter(client: Any, pages: list[int], name: str) -> None:
    query = {"exp_time": 20.0, name: FILTERS[name]}
    found = api.fetch_photometric_series_page(client, **query)
    assert pages[1] in [series.id for series in found.series]


def test_pages(client: Any, pages: list[int]) -> None:
    query = {"min_exp_time": 10.0, "object_id": "star1", "ra": 10.0, "dec": 5.0, "radius": 0.1}
    query |= {"num_per_page": 2, "sort_by": "exp_time", "sort_order": "desc"}
    found = [
        api.fetch_photometric_series_page(client, page_number=n, data_format="json", **query)
        for n in (1, 2)
    ]
    assert [len(page.series) for page in found] == [2, 2]
    assert {page.total_matches for page in found} == {found[0].total_matches}
    assert found[0].series[0].id == pages[4]
    assert found[0].series[0].data == DATA


def test_its_own_file_by_hash(client: Any, pages: list[int]) -> None:
    series = api.fetch_photometric_series(client, pages[2], data_format="none")
    found = api.fetch_photometric_series_page(
        client, file_hash=series.hash, filename=series.filename, owner_id=series.owner_id
    )
    assert [match.id for match in found.series] == [pages[2]]
