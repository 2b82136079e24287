"""Fewer rows, the same picture."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyportal_series.errors import InvalidInput
from skyportal_series.series import LightCurve, thin, thin_arrays

NAN = float("nan")

rows = st.lists(
    st.tuples(
        st.floats(0, 1e5) | st.just(NAN),
        st.floats(-1e9, 1e9) | st.sampled_from([NAN, np.inf, -np.inf]),
    ),
    min_size=1,
    max_size=120,
)


@settings(deadline=None)
@given(rows, st.integers(2, 60))
def test_lowest_and_highest_survive(points, most):
    x, y = np.array(points).T
    kept = thin_arrays(x, y, most)
    usable = [float(b) for a, b in points if np.isfinite(a) and np.isfinite(b)]
    if usable:
        assert {min(usable), max(usable)} <= set(y[kept].tolist())


@settings(deadline=None)
@given(rows, st.integers(1, 60))
def test_as_many_as_fit_each_once_and_in_time(points, most):
    x, y = np.array(points).T
    kept = thin_arrays(x, y, most)
    timed = int(np.isfinite(x).sum())
    assert len(kept) == (len(x) if len(x) <= most else min(most, timed))
    assert len(set(kept.tolist())) == len(kept)
    times = [t for t in x[kept].tolist() if t == t]
    assert times == sorted(times)


def test_rows_without_a_time_come_last_where_all_rows_stay():
    assert thin_arrays(np.array([3, NAN, 1.0]), np.zeros(3), 3).tolist() == [2, 0, 1]


def test_two_points_are_the_lowest_and_the_highest():
    y = np.array([3.0, 1.0, 4.0, 9.0, 5.0])
    assert thin_arrays(np.arange(5.0), y, 2).tolist() == [1, 3]


def test_first_and_last_in_time_stay():
    rng = np.random.default_rng(3)
    x = rng.permutation(1000).astype(float)
    kept = thin_arrays(x, rng.normal(size=1000), 20)
    assert (x[kept[0]], x[kept[-1]]) == (0, 999)


def test_a_brief_eclipse_in_every_stretch_is_seen():
    y = np.full(10_000, 100.0)
    dips = np.arange(50, 10_000, 1000)
    y[dips] = 10.0
    kept = thin_arrays(np.arange(10_000.0), y, 200)
    assert set(dips.tolist()) <= set(kept.tolist())


def test_the_bulk_is_shown_and_not_its_envelope():
    y = np.random.default_rng(1).normal(size=100_000)
    kept = y[thin_arrays(np.arange(100_000.0), y, 4000)]
    # Of a normal distribution 68 % lie within one deviation, 0.27 % beyond three.
    assert 0.62 < np.mean(np.abs(kept) < 1) < 0.7
    assert np.mean(np.abs(kept) > 3) < 0.05


def test_points_without_a_value_are_thinned_like_others():
    y = np.where(np.arange(10_000) % 2, NAN, 1.0)
    kept = y[thin_arrays(np.arange(10_000.0), y, 1000)]
    assert 350 < np.isnan(kept).sum() < 550


@pytest.mark.parametrize("most", [0, -3])
def test_nothing_is_no_number_of_points(most):
    with pytest.raises(InvalidInput, match=f"found {most}"):
        thin_arrays(np.zeros(2), np.zeros(2), most)


@pytest.mark.parametrize("name", ["flux", "mag"])
def test_light_curves_are_thinned_by_what_they_were_given_in(name):
    values = np.ones(100)
    values[33] = 50.0
    columns = {"mjd": np.arange(100.0)[::-1], name: values}
    kept = thin(LightCurve.from_columns(columns), 4)
    assert 33 in kept
    assert len(kept) == 4
