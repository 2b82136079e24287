"""The page's pure modules, run where they run: in a browser that loads them from the server."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")
pytest_plugins = ["page_fixtures"]

Call = Callable[..., Any]
NAN = math.nan


@pytest.fixture(scope="module")
def module_tab(chromium: Any, server: Any) -> Iterator[Any]:
    page = chromium.new_page()
    page.goto(server.url)
    yield page
    page.close()


@pytest.fixture
def call(module_tab: Any) -> Call:
    """`call("fold.js", "phase", …)` calls a function of one of the page's modules."""

    def run(module: str, name: str, *arguments: Any) -> Any:
        script = "async ([path, name, given]) => (await import(path))[name](...given)"
        return module_tab.evaluate(script, [f"/page/js/{module}", name, arguments])

    return run


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("magnitude", [1], 23.9),
        ("magnitude", [100], 18.9),
        ("magnitude", [0], NAN),
        ("magnitude", [-1], NAN),
        ("flux", [18.9], 100),
        ("magnitudeError", [100, 10], 0.10857362),
        ("magnitudeError", [0, 10], NAN),
        ("fluxError", [100, 0.10857362], 10),
    ],
)
def test_conversion(call: Call, name: str, arguments: list[float], expected: float) -> None:
    found = call("photometry.js", name, *arguments)
    assert found == pytest.approx(expected, rel=1e-7, nan_ok=True)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["mag", "flux", "fluxerr", "mjd"], ["mjd", "flux", "fluxerr", "flux"]),
        (["mags", "magerr", "mjds"], ["mjds", "mags", "magerr", "mag"]),
        (["magnitudes", "mjd"], ["mjd", "magnitudes", None, "mag"]),
        (["fluxes", "magerr", "mjd"], ["mjd", "fluxes", "magerr", "flux"]),
    ],
)
def test_columns_to_draw(call: Call, names: list[str], expected: list[str]) -> None:
    chosen = call("photometry.js", "chooseColumns", names)
    assert [chosen[key] for key in ("time", "value", "error", "native")] == expected


@pytest.mark.parametrize("names", [["mjd", "bg"], ["flux", "time"], []])
def test_nothing_to_draw(call: Call, names: list[str]) -> None:
    assert call("photometry.js", "chooseColumns", names) is None


CURVE = {"mjd": [3, 1, 2, 4], "flux": [100, 5, None, -1], "fluxerr": [10, 10, 10, None]}


@pytest.mark.parametrize(
    ("unit", "x", "y", "kind", "hidden"),
    [
        # 5 ± 10 µJy is no detection: in magnitudes it is drawn at 3 × 10 µJy.
        ("mag", [1, 3], [23.9 - 2.5 * math.log10(30), 18.9], [2, 0], 1),
        ("flux", [1, 3, 4], [5, 100, -1], [1, 0, 0], 0),
    ],
)
def test_points(
    module_tab: Any, unit: str, x: list[int], y: list[float], kind: list[int], hidden: int
) -> None:
    script = """async ([columns, unit]) => {
      const { chooseColumns, lightCurve, toPoints } = await import("/page/js/photometry.js");
      return toPoints(lightCurve(columns, chooseColumns(Object.keys(columns))), unit);
    }"""
    points = module_tab.evaluate(script, [CURVE, unit])
    assert (points["x"], points["kind"]) == (x, kind)
    assert (points["hidden"], points["empty"]) == (hidden, 1)
    assert points["y"] == pytest.approx(y)


@pytest.mark.parametrize(
    ("mjd", "period", "epoch", "expected"),
    [
        (58000.75, 0.5, 58000, 0.5),
        (57999.75, 1, 58000, 0.75),
        (58000, 3, 58000, 0),
        (58000 - 1e-18, 1, 58000, 0),
    ],
)
def test_phase(call: Call, mjd: float, period: float, epoch: float, expected: float) -> None:
    assert call("fold.js", "phase", mjd, period, epoch) == expected


def test_folding_shows_two_cycles_in_order(call: Call) -> None:
    points = {
        "x": [10.0, 10.75, 11.25],
        "y": [1, 2, 3],
        "error": [0.1, 0.2, 0.3],
        "kind": [0, 1, 2],
    }
    folded = call("fold.js", "fold", points | {"hidden": 0}, 1, 10)
    assert folded["x"] == [0, 0.25, 0.75, 1, 1.25, 1.75]
    assert folded["y"] == [1, 3, 2, 1, 3, 2]
    assert folded["mjd"] == [10, 11.25, 10.75, 10, 11.25, 10.75]


@pytest.mark.parametrize(("place", "period"), [(0, 0.01), (0.5, 1), (1, 100)])
def test_slider_is_logarithmic(call: Call, place: float, period: float) -> None:
    assert call("fold.js", "sliderToPeriod", place, [0.01, 100]) == pytest.approx(period)
    assert call("fold.js", "periodToSlider", period, [0.01, 100]) == pytest.approx(place)


def test_fine_steps_undo_each_other(call: Call) -> None:
    longer = call("fold.js", "finePeriod", 2.5, 100, 1)
    assert longer == pytest.approx(2.50125, rel=1e-5)
    assert call("fold.js", "finePeriod", longer, 100, -1) == pytest.approx(2.5, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("mjd,mag\n1,18.5\n2,", {"mjd": [1, 2], "mag": [18.5, None]}),
        ("\ufeff# made by hand\r\nmjd;flux\r\n1;-2e3\r\n", {"mjd": [1], "flux": [-2000]}),
        ('mjd\tnote\n1\t"a\tb ""c"""', {"mjd": [1], "note": ['a\tb "c"']}),
        ("mjd|flux\n1|nan\n2|inf", {"mjd": [1, 2], "flux": [None, None]}),
        # 19 digits are more than a float holds
        ("mjd,id\n1,5853498713190525696", {"mjd": [1], "id": ["5853498713190525696"]}),
    ],
)
def test_csv(call: Call, text: str, columns: dict[str, list[Any]]) -> None:
    found = call("csv.js", "parseCsv", text)
    assert (found["columns"], found["problems"]) == (columns, [])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "The file is empty."),
        ("mjd,mag\n1\n", "Line 2 has 1 values; the header has 2."),
        ("mjd,mjd\n1,2\n", "Columns appear more than once: mjd."),
        (
            "58000.1,18.2\n58000.2,18.1\n",
            "The first line holds numbers; it should name the columns.",
        ),
    ],
)
def test_bad_csv(call: Call, text: str, problem: str) -> None:
    assert call("csv.js", "parseCsv", text)["problems"] == [problem]


VIEW = {
    "filters": {"objectID": "TIC 1&2", "ra": "05:34:31.9"},
    "sortBy": "mean_mag",
    "sortOrder": "desc",
    "page": 3,
    "perPage": 100,
    "series": 17,
    "x": [58353.6, 58360.25],
    "y": [-1.5, 20],
    "unit": "flux",
    "period": 0.125,
    "epoch": 58000.5,
}


def test_link_gives_the_same_view_again(call: Call) -> None:
    assert call("link.js", "parse", call("link.js", "format", VIEW)) == VIEW


def test_usual_view_has_a_bare_link(call: Call) -> None:
    assert call("link.js", "format", call("link.js", "parse", "")) == "#"


@pytest.mark.parametrize(
    "part",
    ["x=2,1", "x=a,b", "x=1", "series=-1", "page=1.5", "period=0", "unit=lux", "token=secret",
     "sortBy=%22", "perPage=7", "toString=1"],
)  # fmt: skip
def test_wrong_parts_of_a_link_are_as_if_absent(call: Call, part: str) -> None:
    assert call("link.js", "parse", f"#{part}") == call("link.js", "parse", "")


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("58849", "2020-01-01T00:00:00.000"),
        ("58849.5", "2020-01-01T12:00:00.000"),
        (" 2020-01-01 ", "2020-01-01"),
    ],
)
def test_dates_may_be_mjds(call: Call, typed: str, sent: str) -> None:
    assert call("dates.js", "toIsoDate", typed) == sent


@pytest.mark.parametrize(
    ("span", "labels"),
    [
        ([58849, 58849 + 3], ["2020-01-01", "2020-01-02", "2020-01-03", "2020-01-04"]),
        ([58849, 58849.125], ["01-01 00:00", "01-01 01:00", "01-01 02:00", "01-01 03:00"]),
        ([58849, 58849 + 2900], ["2020-01", "2022-01", "2024-01", "2026-01"]),
        ([58849, 58849 + 2 / 86400], ["00:00:00.000", "00:00:00.500", "00:00:01.000",
                                      "00:00:01.500", "00:00:02.000"]),
    ],
)  # fmt: skip
def test_ticks_stand_on_round_dates(call: Call, span: list[float], labels: list[str]) -> None:
    assert call("dates.js", "dateTicks", *span, 4)["labels"] == labels


@pytest.mark.parametrize(
    ("name", "typed", "sent"),
    [
        ("radiusDegrees", "0.1", "0.1"),
        ("radiusDegrees", '36"', "0.01"),
        ("radiusDegrees", "36 arcsec", "0.01"),
        ("radiusDegrees", "6'", "0.1"),
        ("radiusDegrees", "far", "far"),
        ("raDegrees", "83.63", "83.63"),
        ("raDegrees", "01:00:04", "15.01666667"),
        ("raDegrees", "1h0m4s", "15.01666667"),
        ("decDegrees", "-00:30:00", "-0.5"),
        ("decDegrees", "22 00 36", "22.01"),
    ],
)
def test_angles_as_people_type_them(call: Call, name: str, typed: str, sent: str) -> None:
    assert call("angles.js", name, typed) == sent


@pytest.mark.parametrize(
    ("asked", "given"),
    [([2, 4], [2, 4]), ([-1, 1], [0, 2]), ([9, 12], [7, 10]), ([-5, 50], [0, 10])],
)
def test_ranges_stay_inside(call: Call, asked: list[float], given: list[float]) -> None:
    assert call("ranges.js", "clamped", asked, [0, 10]) == given


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ({"time": [1], "mag": [2]}, "No time column: name it mjd or mjds. Found: time, mag."),
        ({"mjd": [1]}, "No brightness column: name it flux, fluxes, mag, mags or magnitudes."),
        ({"mjd": [1, 2], "mag": [18]}, "Column mag has 1 rows; mjd has 2."),
        ({"mjd": [], "mag": []}, "There are no rows."),
        ({"mjd": [1], "mag": ["x"]}, 'Column mag must hold numbers; found "x".'),
    ],
)
def test_problems_of_columns(call: Call, columns: dict[str, list[Any]], problem: str) -> None:
    assert call("upload-fields.js", "columnProblems", columns) == [problem]
