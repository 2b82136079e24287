"""What columns say about the whole series."""

import numpy as np
import pytest

from skyportal_series.series import infer

NAN = float("nan")
NAMES = {
    "ra": "ra RA Ra",
    "dec": "dec Dec DEC",
    "exp_time": "exp_time exptime exposure exposure_time EXPTIME EXP_TIME",
    "limiting_mag": "limiting_mag lim_mag limmag limiting_magnitude",
}


@pytest.mark.parametrize(
    ("field", "name"), [(field, name) for field, names in NAMES.items() for name in names.split()]
)
def test_numbers_are_medians_over_finite_values(field, name):
    columns = {name: np.array([1, 5, NAN, 2, np.inf], "float32")}
    assert infer(columns)[0] == {field: 2.0}


@pytest.mark.parametrize("name", ["filter", "FILTER", "Filter", "filtercode"])
@pytest.mark.parametrize("dtype", [object, str, bytes])
def test_a_filter_that_is_the_same_throughout(name, dtype):
    assert infer({name: np.array(["ztfr", "ztfr"], dtype)})[0] == {"filter": "ztfr"}


def test_the_first_name_wins():
    columns = {"RA": np.array([7.0]), "ra": np.array([3.0])}
    assert infer(columns)[0] == {"ra": 3.0}


@pytest.mark.parametrize(
    ("values", "found"),
    [([359.9, 0.1, 359.9], 359.9), ([0.1, 359.9, 0.3], 0.1), ([10, 20, 40], 20)],
)
def test_right_ascensions_about_zero_hours(values, found):
    assert infer({"ra": np.array(values)})[0]["ra"] == pytest.approx(found)


@pytest.mark.parametrize(
    ("columns", "field", "words"),
    [
        ({"filter": ["ztfr", "ztfg"]}, "filter", ['"filter"', "one filter", "2: ztfg, ztfr"]),
        ({"Filter": ["ztfr", None]}, "filter", ['"Filter"', "2: nothing, ztfr"]),
        ({"RA": ["12:30:00"]}, "ra", ['"RA"', "must hold numbers", "12:30:00"]),
        ({"exptime": [True]}, "exp_time", ['"exptime"', "truth values"]),
    ],
)
def test_what_cannot_be_inferred_is_left_out_and_said(columns, field, words):
    arrays = {k: np.array(v, object if k.lower() == "filter" else None) for k, v in columns.items()}
    assert infer(arrays)[0] == {}
    problems = infer(arrays)[1]
    assert list(problems) == [field]
    assert all(word in problems[field][0] for word in words)


@pytest.mark.parametrize(
    "columns",
    [
        {},
        {"mjd": np.array([1.0])},
        {"ra": np.array([NAN])},
        {"filter": np.array([None, NAN, ""], object)},
    ],
)
def test_columns_without_values_are_as_good_as_none(columns):
    assert infer(columns)[0] == {}
    assert infer(columns)[1] == {}
