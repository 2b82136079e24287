"""Downloads: whole or not at all, checked, and going on where they stopped."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from flaky_proxy import FlakyProxy

from skyportal_series.client import BadSource, Client, NotFound, ServerFault, ServerUnavailable

FRAME = pd.DataFrame(
    {
        "mjd": 58000.0 + np.arange(9000) / 100,
        "flux": np.random.default_rng(1).normal(100, 1, 9000),
        "fluxerr": 1.0,
    }
)


@pytest.fixture
def series_id(client: Client, fields: Any) -> int:
    return client.upload(FRAME, **fields())


def ranges(proxy: FlakyProxy) -> list[str | None]:
    return [headers.get("Range") for headers in proxy.headers]


def md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("lc.csv", pd.read_csv),
        ("lc.parquet", pd.read_parquet),
        ("lc.h5", pd.read_hdf),
        ("lc.arrow", pd.read_feather),
    ],
)
def test_the_suffix_says_what_it_becomes(
    client: Client, series_id: int, tmp_path: Path, name: str, read: Any
) -> None:
    path = client.download(series_id, tmp_path / name)
    pd.testing.assert_frame_equal(read(path), FRAME, check_index_type=False)
    assert list(tmp_path.iterdir()) == [path]


def test_a_format_may_be_named(client: Client, series_id: int, tmp_path: Path) -> None:
    path = client.download(series_id, tmp_path / "curve.txt", "csv", max_points=10)
    assert len(pd.read_csv(path)) == 10


def test_a_suffix_that_says_nothing_is_refused(client: Client, tmp_path: Path) -> None:
    with pytest.raises(BadSource, match="known suffixes"):
        client.download(1, tmp_path / "curve.txt")


def test_a_missing_series_leaves_no_file(client: Client, tmp_path: Path) -> None:
    for name in ("lc.h5", "lc.csv"):
        with pytest.raises(NotFound):
            client.download(2**31 - 1, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_broken_download_goes_on_where_it_stopped(
    proxy: FlakyProxy, shaky: Client, series_id: int, tmp_path: Path
) -> None:
    proxy.faults = [("GET", "half"), ("GET", "half")]
    path = shaky.download(series_id, tmp_path / "lc.h5")
    first, second, third = ranges(proxy)
    assert first is None
    assert 0 < _start(second) < _start(third)
    assert md5(path) == shaky.get(series_id).hash


def _start(header: str | None) -> int:
    assert header is not None
    return int(header.removeprefix("bytes=").rstrip("-"))


def test_a_later_run_goes_on_where_an_earlier_one_stopped(
    proxy: FlakyProxy, impatient: Client, series_id: int, tmp_path: Path
) -> None:
    target = tmp_path / "lc.h5"
    proxy.faults = [("GET", "half")]
    with pytest.raises(ServerUnavailable):
        impatient.download(series_id, target)
    assert not target.exists()
    impatient.download(series_id, target)
    assert _start(ranges(proxy)[1]) > 0
    assert md5(target) == impatient.get(series_id).hash
    assert list(tmp_path.iterdir()) == [target]


def test_a_part_of_another_version_is_not_gone_on_with(
    proxy: FlakyProxy, impatient: Client, series_id: int, tmp_path: Path
) -> None:
    target = tmp_path / "lc.h5"
    proxy.faults = [("GET", "half")]
    with pytest.raises(ServerUnavailable):
        impatient.download(series_id, target)
    impatient.update(series_id, dec=5.0)
    impatient.download(series_id, target)
    assert md5(target) == impatient.get(series_id).hash
    assert list(tmp_path.iterdir()) == [target]


def test_a_whole_part_that_was_never_renamed(
    client: Client, series_id: int, tmp_path: Path
) -> None:
    target = client.download(series_id, tmp_path / "lc.h5")
    target.rename(tmp_path / f".lc.h5.{md5(target)}.part")
    assert md5(client.download(series_id, target)) == client.get(series_id).hash


def test_a_wrong_byte_on_the_way_is_noticed(
    proxy: FlakyProxy, shaky: Client, series_id: int, tmp_path: Path
) -> None:
    proxy.faults = [("GET", "flip")]
    path = shaky.download(series_id, tmp_path / "lc.h5")
    assert (md5(path), len(proxy.seen)) == (shaky.get(series_id).hash, 2)


def test_wrong_bytes_for_ever_are_no_file(
    proxy: FlakyProxy, shaky: Client, series_id: int, tmp_path: Path
) -> None:
    proxy.faults = [("GET", "flip")] * 4
    with pytest.raises(ServerFault, match="MD5"):
        shaky.download(series_id, tmp_path / "lc.h5")
    assert list(tmp_path.iterdir()) == []


def test_a_broken_download_of_another_format_begins_anew(
    proxy: FlakyProxy, shaky: Client, series_id: int, tmp_path: Path
) -> None:
    proxy.faults = [("GET", "half")]
    path = shaky.download(series_id, tmp_path / "lc.csv")
    assert (len(pd.read_csv(path)), list(tmp_path.iterdir())) == (9000, [path])


def test_an_older_file_stays_until_the_new_one_is_whole(
    proxy: FlakyProxy, impatient: Client, series_id: int, tmp_path: Path
) -> None:
    target = tmp_path / "lc.csv"
    target.write_text("old")
    proxy.faults = [("GET", "half")]
    with pytest.raises(ServerUnavailable):
        impatient.download(series_id, target)
    assert (target.read_text(), list(tmp_path.iterdir())) == ("old", [target])
