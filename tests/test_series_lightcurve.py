"""Light curves from columns: names, numbers, refusals."""

import pickle

import numpy as np
import pytest

from skyportal_series.errors import InvalidInput
from skyportal_series.series import LightCurve

NO_TIME = 'Input to photometric series must contain a "mjd" or "mjds" column.'
NO_BRIGHTNESS = (
    'Input to photometric series must contain "flux", "fluxes", "mag", "mags" or "magnitudes".'
)
NAN = float("nan")


def light_curve(**columns):
    return LightCurve.from_columns({name: np.asarray(v) for name, v in columns.items()})


@pytest.mark.parametrize("time", ["mjd", "mjds"])
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("flux", "flux"),
        ("fluxes", "flux"),
        ("mag", "mag"),
        ("mags", "mag"),
        ("magnitudes", "mag"),
    ],
)
def test_every_name_of_time_and_brightness(time, name, kind):
    found = light_curve(**{time: [1, 2], name: [3, 4]})
    assert found.brightness == kind
    assert found.mjd.tolist() == [1, 2]
    assert getattr(found, kind).tolist() == [3, 4]


@pytest.mark.parametrize(
    ("first", "second"),
    [("flux", "fluxes"), ("fluxes", "mag"), ("mag", "mags"), ("mags", "magnitudes")],
)
def test_the_first_name_wins_whatever_the_order_of_columns(first, second):
    found = light_curve(**{second: [9.0], first: [1.0], "mjd": [0.0]})
    assert getattr(found, found.brightness).tolist() == [1.0]


def test_magnitudes_of_fluxes_in_microjansky():
    # 3631 Jy is magnitude 0, 1 µJy is 23.9, ten times the flux is 2.5 magnitudes less.
    found = light_curve(mjd=np.arange(5), flux=[3630.7805477e6, 1, 10, 0, -5])
    assert found.mag.tolist() == pytest.approx([0, 23.9, 21.4, NAN, NAN], nan_ok=True, abs=1e-9)


def test_fluxes_of_magnitudes():
    found = light_curve(mjd=[1, 2, 3], mag=[23.9, 18.9, NAN])
    assert found.flux.tolist() == pytest.approx([1, 100, NAN], nan_ok=True)


def test_a_magnitude_no_flux_can_hold_has_none():
    assert np.isnan(light_curve(mjd=[1], mag=[-1e4]).flux).all()


def test_magnitude_errors_need_positive_flux_and_error():
    found = light_curve(mjd=range(4), flux=[100, 100, -100, 0], fluxerr=[1, -1, 1, 1])
    # 2.5 / ln 10 = 1.085736204758
    assert found.magerr.tolist() == pytest.approx([0.01085736204758, NAN, NAN, NAN], nan_ok=True)
    assert found.fluxerr.tolist() == pytest.approx([1, NAN, 1, 1], nan_ok=True)


def test_flux_errors_of_magnitude_errors():
    found = light_curve(mjd=range(3), mag=[18.9, 18.9, NAN], magerr=[0.1, 0.0, 0.1])
    assert found.fluxerr.tolist() == pytest.approx([9.21034037198, NAN, NAN], nan_ok=True)


@pytest.mark.parametrize(
    ("brightness", "error", "fluxerr", "magerr"),
    [
        ({"flux": [100.0]}, {"magerr": [0.1]}, 9.21034037198, 0.1),
        ({"mag": [18.9]}, {"fluxerr": [1.0]}, 1.0, 0.01085736204758),
    ],
)
def test_errors_of_the_other_kind_are_converted(brightness, error, fluxerr, magerr):
    found = light_curve(mjd=[1], **brightness, **error)
    assert found.fluxerr.tolist() == pytest.approx([fluxerr])
    assert found.magerr.tolist() == pytest.approx([magerr])


@pytest.mark.parametrize(
    ("brightness", "fluxerr", "magerr"),
    [({"flux": [100.0]}, 1.0, 0.01085736204758), ({"mag": [18.9]}, 46.0517018599, 0.5)],
)
def test_errors_of_the_own_kind_count_where_both_are_there(brightness, fluxerr, magerr):
    found = light_curve(mjd=[1], magerr=[0.5], fluxerr=[1.0], **brightness)
    assert found.fluxerr.tolist() == pytest.approx([fluxerr])
    assert found.magerr.tolist() == pytest.approx([magerr])


def test_no_errors_given_none_made():
    found = light_curve(mjd=[1], flux=[1])
    assert found.fluxerr is None
    assert found.magerr is None


@pytest.mark.parametrize(
    "dtype", ["float32", "float64", "float16", "int8", "int64", "uint16", "uint64", "longdouble"]
)
def test_every_numeric_type_becomes_float64(dtype):
    found = light_curve(mjd=np.array([1, 2], dtype), flux=np.array([3, 4], dtype))
    assert (found.mjd.dtype, found.flux.dtype) == (np.float64, np.float64)
    assert found.flux.tolist() == [3, 4]


def test_infinite_values_are_no_values():
    found = light_curve(mjd=[1, np.inf], mag=[-np.inf, 20.0], magerr=[np.inf, 1.0])
    assert found.mjd.tolist() == pytest.approx([1, NAN], nan_ok=True)
    assert found.mag.tolist() == pytest.approx([NAN, 20], nan_ok=True)
    assert found.magerr.tolist() == pytest.approx([NAN, 1], nan_ok=True)


def test_objects_that_are_numbers_or_none_are_numbers():
    found = light_curve(mjd=[1, 2], mag=np.array([None, 20], dtype=object))
    assert found.mag.tolist() == pytest.approx([NAN, 20], nan_ok=True)


def test_other_columns_may_hold_anything_and_are_kept():
    columns = {
        "mjd": np.array([1.0]),
        "flux": np.array([1.0]),
        "note": np.array(["x"], dtype=object),
        "day": np.array(["2020-01-01"], dtype="datetime64[ns]"),
        "good": np.array([True]),
    }
    assert LightCurve.from_columns(columns).columns is columns


@pytest.mark.parametrize(
    ("columns", "texts"),
    [
        ({"flux": [1]}, [NO_TIME]),
        ({"mjd": [1]}, [NO_BRIGHTNESS]),
        ({"a": [1]}, [NO_TIME, NO_BRIGHTNESS]),
        ({}, ["Must supply a non-empty DataFrame."]),
        ({"mjd": [], "flux": []}, ["Must supply a non-empty DataFrame."]),
        ({"mjd": ["a"], "flux": [1]}, ['Column "mjd" must hold numbers; found', "'a'"]),
        ({"mjd": [1], "mag": [True]}, ['Column "mag" must hold numbers; found truth values']),
        ({"mjd": [1], "mag": [2], "magerr": ["?"]}, ['Column "magerr" must hold numbers']),
        (
            {"mjd": np.array(["2020-01-01"], dtype="datetime64[s]"), "flux": [1]},
            ['Column "mjd" must hold numbers; found dates such as', "2020"],
        ),
        (
            {"mjd": [1, 2], "flux": np.array([None, "b"], dtype=object)},
            ["Column \"flux\" must hold numbers; found str 'b'"],
        ),
        (
            {"mjd": [1], "flux": np.array([10**400], dtype=object)},
            ["found an integer beyond the range of a float"],
        ),
        ({"mjd": ["a"], "flux": ["b"]}, ['Column "mjd"', 'Column "flux"']),
        ({"mjd": [NAN, np.inf], "flux": [1, 2]}, ['Column "mjd"', "one finite time"]),
        ({"mjd": [1, 2], "flux": [1]}, ["same length", "mjd: (2,)", "flux: (1,)"]),
        ({"mjd": [[1], [2]], "flux": [[1], [2]]}, ["1-d", "mjd: (2, 1)"]),
    ],
)
def test_refusals_say_what_was_found(columns, texts):
    with pytest.raises(InvalidInput) as refused:
        light_curve(**columns)
    for text in texts:
        assert text in refused.value.message
    assert " ".join(refused.value.problems["data"]) == refused.value.message


def test_it_cannot_be_changed():
    with pytest.raises(AttributeError):
        light_curve(mjd=[1], flux=[1]).mjd = np.array([2.0])


def test_it_travels_between_processes():
    found = light_curve(mjd=[1, 2], flux=[1, 100], fluxerr=[1, 1])
    again = pickle.loads(pickle.dumps(found))
    assert again.mag.tolist() == found.mag.tolist()
