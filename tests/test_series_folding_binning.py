"""Phases and bins."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyportal_series.errors import InvalidInput
from skyportal_series.series import bin_points, fold

NAN = float("nan")


@pytest.fixture(autouse=True)
def _numpy_complains_aloud():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # Sockets that tests of servers in this process left are not numpy's.
        warnings.simplefilter("ignore", ResourceWarning)
        yield


def test_phases_by_hand():
    found = fold(np.array([10, 10.5, 11, 13, 9.5, NAN]), 2.0, 10.0)
    assert found.tolist() == pytest.approx([0, 0.25, 0.5, 0.5, 0.75, NAN], nan_ok=True)


@settings(deadline=None)
@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e4), st.floats(-1e6, 1e6))
def test_phases_lie_in_0_to_1(time, period, epoch):
    assert 0 <= fold(np.array([time]), period, epoch)[0] < 1


def test_a_hair_before_the_epoch_is_phase_0_and_not_1():
    assert fold(np.array([-1e-20]), 1.0, 0.0).tolist() == [0.0]


@pytest.mark.parametrize("period", [0, -1, NAN, math.inf])
def test_a_period_is_positive(period):
    with pytest.raises(InvalidInput, match="positive number of days"):
        fold(np.array([1.0]), period, 0.0)


def test_an_epoch_is_finite():
    with pytest.raises(InvalidInput, match="epoch"):
        fold(np.array([1.0]), 1.0, NAN)


def test_plain_means_and_their_standard_errors():
    x = np.array([0.0, 0.1, 0.2, 5.0, 1.1, 1.3])
    found = bin_points(x, np.array([1, 2, 6, 9, 10, 20.0]), None, 1.0)
    assert found.x.tolist() == pytest.approx([0.1, 1.2, 5.0])
    assert found.y.tolist() == [3, 15, 9]
    # sqrt(14 / 2 / 3), sqrt(50 / 1 / 2), and nothing can be said of one point
    assert found.error.tolist() == pytest.approx([math.sqrt(7 / 3), 5, NAN], nan_ok=True)
    assert found.count.tolist() == [3, 2, 1]


def test_weights_are_inverse_variances():
    found = bin_points(np.array([0, 0.1]), np.array([10.0, 10.5]), np.array([1.0, 2.0]), 1.0)
    # (10 · 1 + 10.5 · 1/4) / (5/4); they agree within errors, so 1 / sqrt(5/4)
    assert found.y.tolist() == pytest.approx([10.1])
    assert found.error.tolist() == pytest.approx([math.sqrt(0.8)])


def test_errors_grow_where_points_scatter_more_than_they_say():
    found = bin_points(np.array([0, 0.1]), np.array([0.0, 10.0]), np.array([1.0, 1.0]), 1.0)
    # chi² = 50 for one degree of freedom: 1/sqrt(2) · sqrt(50)
    assert found.error.tolist() == pytest.approx([5.0])


def test_one_point_keeps_its_error():
    found = bin_points(np.array([3.0]), np.array([7.0]), np.array([0.5]), 1.0)
    assert (found.y.tolist(), found.error.tolist()) == ([7.0], [0.5])


def test_points_that_lack_something_take_no_part():
    x = np.array([0, NAN, 0.1, 0.2, 0.3])
    y = np.array([1, 50, NAN, 50, 3.0])
    error = np.array([1, 1, 1, NAN, 1.0])
    found = bin_points(x, y, error, 1.0)
    assert (found.y.tolist(), found.count.tolist()) == ([2.0], [2])


def test_errors_that_are_all_missing_are_no_errors():
    found = bin_points(np.array([0, 0.1]), np.array([1, 3.0]), np.array([NAN, NAN]), 1.0)
    assert found.y.tolist() == [2.0]


def test_nothing_to_bin():
    found = bin_points(np.array([NAN]), np.array([1.0]), None, 1.0)
    assert len(found.x) == len(found.y) == len(found.error) == len(found.count) == 0


def test_errors_of_any_size():
    found = bin_points(np.array([0, 0.1]), np.array([1e-200, 1e-200]), np.full(2, 1e-200), 1.0)
    assert found.error.tolist() == pytest.approx([1e-200 / math.sqrt(2)])


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 100), st.floats(-100, 100)), min_size=1))
def test_bins_agree_with_plain_python(points):
    x, y = np.array(points).T
    found = bin_points(x, y, None, 7.0)
    bins = {}
    for a, b in sorted(points):
        bins.setdefault(math.floor((a - x.min()) / 7.0), []).append(b)
    assert found.count.tolist() == [len(b) for b in bins.values()]
    assert found.y.tolist() == pytest.approx([math.fsum(b) / len(b) for b in bins.values()])


@pytest.mark.parametrize("width", [0, -1, NAN, math.inf])
def test_a_bin_has_a_width(width):
    with pytest.raises(InvalidInput, match="bin"):
        bin_points(np.zeros(1), np.zeros(1), None, width)
