"""The figures of a light curve, held against hand-made numbers and slow plain Python."""

import dataclasses
import math
import statistics
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyportal_series.series import LightCurve, Summary, moments, summarise

NAN = float("nan")
POGSON = 1.0857362047581296


@pytest.fixture(autouse=True)
def _numpy_complains_aloud():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # Sockets that tests of servers in this process left are not numpy's.
        warnings.simplefilter("ignore", ResourceWarning)
        yield


def figures(nsigma=3.0, **columns):
    arrays = {name: np.asarray(values) for name, values in columns.items()}
    return summarise(LightCurve.from_columns(arrays), nsigma)


def plain_robust(mags):
    """The definition, step by step, in plain Python."""
    centre, spread = statistics.median(mags), statistics.pstdev(mags)
    if len(mags) < 5:
        return centre, spread
    for _ in range(3):
        kept = [m for m in mags if abs(m - centre) <= 3 * spread]
        if len(kept) == len(mags) or len(kept) < 5:
            break
        mags = kept
        centre, spread = statistics.fmean(mags), statistics.pstdev(mags)
    return centre, spread


def test_the_fields_are_those_of_the_table():
    names = " ".join(field.name for field in dataclasses.fields(Summary))
    assert names == (
        "mean_mag rms_mag robust_mag robust_rms median_snr best_snr worst_snr is_detected "
        "mjd_first mjd_mid mjd_last mag_first mag_last mjd_last_detected mag_last_detected "
        "num_exp frame_rate medians maxima minima stds"
    )


def test_magnitudes_by_hand():
    found = figures(mjd=[1, 2, 3, 4], mag=[18, 20, 22, NAN])
    assert found.mean_mag == 20
    assert found.rms_mag == pytest.approx(math.sqrt(8 / 3))
    assert found.robust_mag == 20  # fewer than five: the median
    assert found.robust_rms == pytest.approx(math.sqrt(8 / 3))


def test_magnitudes_come_from_the_positive_fluxes_alone():
    found = figures(mjd=[1, 2, 3, 4], flux=[1, 100, 0, -50])
    assert found.mean_mag == pytest.approx((23.9 + 18.9) / 2)
    assert found.rms_mag == pytest.approx(2.5)


def test_fewer_than_five_magnitudes_take_the_median():
    found = figures(mjd=range(6), mag=[10, 11, 12, 30, NAN, NAN])
    assert (found.robust_mag, found.mean_mag) == (11.5, 15.75)


@pytest.mark.parametrize("rounds", [0, 1, 2, 3, 4])
def test_clipping_takes_as_many_rounds_as_it_should(rounds):
    # Each outlier hides behind the next one, so that every round drops exactly one.
    mags = [18.0, 18.1] * 40 + [20.0, 40.0, 400.0, 1e4][4 - rounds :] * (rounds > 0)
    found = figures(mjd=range(len(mags)), mag=mags)
    mean, deviation = plain_robust(mags)
    assert found.robust_mag == pytest.approx(mean, rel=1e-12)
    assert found.robust_rms == pytest.approx(deviation, rel=1e-9)


def test_a_fourth_round_is_not_made():
    mags = [18.0, 18.1] * 40 + [20.0, 40.0, 400.0, 1e4]
    # The last outlier, 20, is left in after three rounds.
    assert figures(mjd=range(len(mags)), mag=mags).robust_mag == pytest.approx(1464 / 81)


def test_signal_to_noise_by_hand():
    # Mags equal: no scatter, so the errors alone count.
    found = figures(mjd=[1, 2, 3], flux=[10, 10, 10], fluxerr=[1, 2, 5])
    assert (found.best_snr, found.median_snr, found.worst_snr) == (10, 5, 2)


def test_scatter_is_a_floor_under_the_errors():
    # Mags 23.9 and 18.9: robust_rms 2.5, median flux 50.5, floor 2.5 · 50.5 / 1.0857 = 116.28.
    floor = 2.5 * 50.5 / POGSON
    found = figures(mjd=[1, 2], flux=[1, 100], fluxerr=[0.1, 1000])
    assert found.worst_snr == pytest.approx(1 / floor)
    assert found.best_snr == pytest.approx(0.1)


def test_scatter_alone_where_no_errors_are_given():
    floor = 2.5 * 50.5 / POGSON
    found = figures(mjd=[1, 2], flux=[1, 100])
    assert (found.worst_snr, found.best_snr) == pytest.approx((1 / floor, 100 / floor))


@pytest.mark.parametrize("fluxerr", [[NAN, 1000], [-1, 1000], [0, 1000]])
def test_scatter_where_a_point_has_no_usable_error(fluxerr):
    floor = 2.5 * 50.5 / POGSON
    found = figures(mjd=[1, 2], flux=[1, 100], fluxerr=fluxerr)
    assert found.worst_snr == pytest.approx(1 / floor)


def test_the_floor_takes_the_size_of_a_negative_median_flux():
    found = figures(mjd=[1, 2, 3, 4], flux=[-7, -5, 1, -100])
    assert found.robust_rms == 0
    assert math.isnan(found.best_snr)  # no scatter, no errors: no noise to hold against
    found = figures(mjd=range(5), flux=[-70, -50, 1, 100, -100])
    assert found.best_snr == pytest.approx(100 / (2.5 * 50 / POGSON))


@pytest.mark.parametrize("columns", [{"flux": [5.0]}, {"flux": [5.0, 5.0]}, {"mag": [20.0]}])
def test_without_noise_there_is_no_signal_to_noise(columns):
    found = figures(mjd=range(len(next(iter(columns.values())))), **columns)
    assert all(map(math.isnan, (found.best_snr, found.median_snr, found.worst_snr)))
    assert found.is_detected is False


def test_magnitudes_have_signal_to_noise_too():
    found = figures(mjd=[1, 2], mag=[18.9, 18.9], magerr=[0.1, 0.2])
    assert (found.best_snr, found.worst_snr) == pytest.approx((POGSON / 0.1, POGSON / 0.2))


def test_detections_are_above_the_threshold_and_last_in_time():
    columns = {"mjd": [5, 1, 3, 4], "flux": [1, 10, 10, 6], "fluxerr": [2, 2, 2, 2]}
    # Scatter: mags of 1, 6, 10, 10 are far apart, so quote the S/N rather than compute it here.
    found = figures(nsigma=0.0, **columns)
    assert (found.mjd_last_detected, found.is_detected) == (5, True)
    none = figures(nsigma=found.best_snr, **columns)  # more than, not as much as
    assert (none.is_detected, none.mjd_last_detected, none.mag_last_detected) == (
        False,
        None,
        None,
    )


def test_last_detection_by_hand():
    found = figures(mjd=[2, 3, 1], flux=[10, 10, 10], fluxerr=[2, 5, 1])
    assert found.mjd_last_detected == 2  # S/N 5; at 3 it is 2
    assert found.mag_last_detected == pytest.approx(21.4)


def test_a_detection_without_a_time_has_no_place_in_time():
    found = figures(mjd=[NAN, 1], flux=[10, 10], fluxerr=[1, 9])
    assert (found.is_detected, found.mjd_last_detected) == (True, None)


def test_first_and_last_are_in_time_not_in_rows():
    found = figures(mjd=[4, 2, NAN, 8, 3], mag=[14, 12, 10, 18, 13])
    assert (found.mjd_first, found.mjd_mid, found.mjd_last) == (2, 5, 8)
    assert (found.mag_first, found.mag_last, found.num_exp) == (12, 18, 5)


def test_equal_times_keep_the_order_of_rows():
    found = figures(mjd=[2, 1] * 500, mag=np.arange(1000) / 100)
    assert (found.mag_first, found.mag_last) == (0.01, 9.98)


def test_a_first_point_without_a_magnitude_has_none():
    found = figures(mjd=[1, 2], flux=[-1, 1])
    assert math.isnan(found.mag_first)
    assert found.mag_last == pytest.approx(23.9)


@pytest.mark.parametrize(
    ("mjd", "rate"),
    [
        ([0, 1 / 86400, 2 / 86400], 1.0),
        ([0, 2, 1], 1 / 86400),
        ([0, 1, 2, 102], 1 / 86400),  # a gap does not count
        ([0, 1, 3], 1 / 86400 / 1.5),
        ([0, NAN, 1], 1 / 86400),
        ([7], NAN),
        ([7, 7, 7], NAN),
        ([7, 7, 7, 8], NAN),  # the middle step is 0
        ([7, NAN], NAN),
        ([0, 5e-324], NAN),  # a rate past any float
    ],
)
def test_frame_rate(mjd, rate):
    found = figures(mjd=np.array(mjd, float), mag=np.full(len(mjd), 20.0))
    assert found.frame_rate == pytest.approx(rate, nan_ok=True)


def test_every_numeric_column_has_figures_over_its_finite_values():
    found = figures(
        mjd=[1.0, 2.0, 3.0, 4.0],
        flux=np.array([1, 2, 3, np.inf], "float32"),
        flag=np.array([1, 5, 9, 1], "uint8"),
        empty=[NAN, NAN, NAN, NAN],
        good=[True, False, True, True],
        note=["a", "b", "c", "d"],
    )
    assert found.medians == {"mjd": 2.5, "flux": 2, "flag": 3, "empty": None}
    assert found.maxima == {"mjd": 4, "flux": 3, "flag": 9, "empty": None}
    assert found.minima == {"mjd": 1, "flux": 1, "flag": 1, "empty": None}
    assert found.stds == pytest.approx(
        {"mjd": math.sqrt(1.25), "flux": math.sqrt(2 / 3), "flag": math.sqrt(11), "empty": None}
    )
    assert all(type(v) is float for v in found.medians.values() if v is not None)


def test_float32_columns_keep_their_digits():
    # In float32 a million times 16777.217 adds up to something else.
    values = np.full(1_000_000, 16777.217, "float32")
    found = figures(mjd=np.arange(1_000_000) / 100, mag=np.full(1_000_000, 20.0), bg=values)
    assert found.stds["bg"] == pytest.approx(0, abs=1e-6)


def test_float32_magnitudes_are_averaged_in_float64():
    mags = np.linspace(17, 19, 100_001).astype("float32")
    exact = math.fsum(float(m) for m in mags) / mags.size
    assert figures(mjd=np.arange(mags.size), mag=mags).mean_mag == pytest.approx(exact, rel=1e-14)


def test_what_overflows_has_no_value():
    found = figures(mjd=[1, 2], mag=[20, 21], huge=[1e300, -1e300])
    assert (found.stds["huge"], found.maxima["huge"]) == (None, 1e300)
    assert found.medians["huge"] == 0


def test_all_brightness_missing():
    found = figures(mjd=[1, 2], mag=[NAN, NAN], magerr=[0.1, 0.1])
    assert found.is_detected is False
    assert found.num_exp == 2
    assert all(
        math.isnan(getattr(found, name))
        for name in ("mean_mag", "rms_mag", "robust_mag", "robust_rms", "median_snr", "mag_last")
    )


def test_one_row():
    found = figures(mjd=[59000.5], flux=[100.0], fluxerr=[5.0])
    assert (found.mean_mag, found.rms_mag) == pytest.approx((18.9, 0))
    assert (found.robust_mag, found.robust_rms) == pytest.approx((18.9, 0))
    assert found.mjd_first == found.mjd_mid == found.mjd_last == 59000.5
    assert found.median_snr == 20


# Not at random: clipping at exactly three deviations may go either way by the last bit.
@settings(derandomize=True, deadline=None)
@given(st.lists(st.floats(-5, 35), min_size=1, max_size=60))
def test_robust_figures_agree_with_plain_python(mags):
    found = figures(mjd=range(len(mags)), mag=mags)
    mean, deviation = plain_robust(mags)
    assert found.robust_mag == pytest.approx(mean, abs=1e-9)
    assert found.robust_rms == pytest.approx(deviation, abs=1e-9)


@settings(derandomize=True, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(1, 9e4), st.floats(-1e6, 1e6), st.floats(0.1, 1e6)),
        min_size=1,
        unique_by=lambda row: row[0],
    ).flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows)))
)
def test_the_order_of_rows_does_not_matter(both):
    def plain(rows):
        mjd, flux, fluxerr = zip(*rows, strict=True)
        found = dataclasses.asdict(figures(mjd=mjd, flux=flux, fluxerr=fluxerr))
        nested = {k: found.pop(k) for k in ("medians", "maxima", "minima", "stds")}
        found |= {f"{kind} of {k}": v for kind in nested for k, v in nested[kind].items()}
        return {name: NAN if value is None else value for name, value in found.items()}

    one, other = map(plain, both)
    assert one == pytest.approx(other, rel=1e-6, abs=1e-6, nan_ok=True)


def rough(kind):
    """A light curve with all that data have: outliers, gaps, times in no order, whole numbers."""
    noise = np.random.default_rng(3)
    values = noise.normal(20.0, 0.2, 500)
    values[::50] += 4.0
    values[::7] = NAN
    mjd = noise.permutation(500) / 100
    mjd[3] = NAN
    errors = noise.normal(0.1, 0.02, 500)
    columns = {"flux": 1000 / values, "fluxerr": 30 * errors} if kind == "flux" else {}
    columns = columns or {"mag": values, "magerr": errors}
    return {"mjd": mjd, **columns, "quality": noise.integers(0, 9, 500)}


@pytest.mark.parametrize("kind", ["flux", "mag"])
@pytest.mark.parametrize("block", [1, 7, 100, 499])
def test_it_is_one_how_many_rows_are_looked_at_together(kind, block, monkeypatch):
    def flat(summary):
        return {
            f"{name} {column}": figure
            for name, value in dataclasses.asdict(summary).items()
            for column, figure in (value if isinstance(value, dict) else {"": value}).items()
        }

    at_once = flat(figures(**rough(kind)))
    monkeypatch.setattr(moments, "BLOCK", block)
    assert flat(figures(**rough(kind))) == pytest.approx(at_once, nan_ok=True)


@pytest.mark.parametrize("kind", ["flux", "mag"])
def test_columns_stay_as_they_are(kind):
    columns, before = rough(kind), rough(kind)
    summarise(LightCurve.from_columns(columns), 3.0)
    for name, values in columns.items():
        np.testing.assert_array_equal(values, before[name])
