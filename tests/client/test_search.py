"""Searches: page by page, in either spelling, as a DataFrame."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from curves import FRAME
from flaky_proxy import FlakyProxy

import skyportal_series.client.search
from skyportal_series.client import Client


@pytest.fixture
def five(client: Client, fields: Any) -> list[int]:
    """Ids of five series of one name, of 10, 20, … points."""
    given = fields()
    return [client.upload(FRAME.head(10 * n), **given | {"channel": f"c{n}"}) for n in range(1, 6)]


@pytest.fixture
def name(client: Client, five: list[int]) -> str:
    return str(client.get(five[0]).series_name)


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(skyportal_series.client.search, "PER_PAGE", 2)


@pytest.mark.parametrize("order", [{}, {"sort_by": "num_exp", "sort_order": "asc"}])
def test_a_search_turns_all_pages(
    client: Client, five: list[int], name: str, small_pages: None, order: dict[str, str]
) -> None:
    found = client.search(series_name=name, **order)
    assert sorted(series.id for series in found) == five
    assert len(found) == 5


def test_a_search_is_sorted_by_the_server(
    client: Client, five: list[int], name: str, small_pages: None
) -> None:
    found = client.search(series_name=name, sort_by="num_exp", sort_order="desc")
    assert [series.id for series in found] == five[::-1]


def test_a_search_asks_for_no_page_before_it_is_needed(
    proxy: FlakyProxy, shaky: Client, name: str, small_pages: None
) -> None:
    found = iter(shaky.search(series_name=name))
    assert proxy.seen == []
    next(found)
    assert len(proxy.seen) == 1


@pytest.mark.parametrize(
    "filters",
    [
        {"min_num_exposures": 30, "max_num_exposures": 40},
        {"minNumExposures": 30, "maxNumExposures": np.int64(40)},
        {"min_num_exposures": 30, "maxNumExposures": 40, "detected": True, "origin": None},
        {"min_num_exposures": 30, "max_num_exposures": 40, "mid_time_before": pd.Timestamp("2018")},
    ],
)
def test_filters_in_either_spelling(
    client: Client, five: list[int], name: str, filters: dict[str, Any]
) -> None:
    found = client.search(seriesName=name, **filters)
    assert sorted(series.id for series in found) == five[2:4]


def test_a_search_as_a_dataframe(client: Client, five: list[int], name: str) -> None:
    frame = client.search(series_name=name).to_dataframe(["num_exp", "filter"])
    assert frame.loc[five, "num_exp"].tolist() == [10, 20, 30, 40, 50]
    assert list(frame.columns) == ["num_exp", "filter"]


def test_a_search_without_matches(client: Client) -> None:
    found = client.search(series_name="none")
    assert (list(found), len(found), found.first(), len(found.to_dataframe())) == ([], 0, None, 0)


def test_results_fetch_their_data_when_asked(client: Client, five: list[int], name: str) -> None:
    first = client.search(series_name=name, max_num_exposures=10).first()
    assert first is not None
    assert len(first.data) == 10
