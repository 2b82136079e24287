"""Pictures of light curves, looked at through matplotlib's own artists and the files' own bytes."""

import datetime as dt
import io
import math
import os
import struct
import subprocess
import sys
import warnings
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyportal_series.errors import InvalidInput, NotAcceptable
from skyportal_series.plotting import PlotOptions, draw, render
from skyportal_series.plotting.scales import date
from skyportal_series.series import LightCurve

mpl = pytest.importorskip("matplotlib")
from matplotlib.image import imread  # noqa: E402
from matplotlib.text import Text  # noqa: E402

NAN = float("nan")
FIELDS = {"obj_id": "2024abc", "filter": "ztfr", "instrument": "ZTF", "series_name": "night 1"}


@pytest.fixture(autouse=True)
def _nothing_warns():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def light_curve(**columns):
    return LightCurve.from_columns({name: np.asarray(v) for name, v in columns.items()})


def supernova():
    """Rises out of the noise and goes back: 3 points below 3σ, 4 above."""
    return light_curve(
        mjd=59000.0 + np.arange(7) * 5,
        flux=[0.5, -1.0, 10.0, 40.0, 100.0, 20.0, 2.0],
        fluxerr=[1.0] * 7,
    )


def many(n):
    rng = np.random.default_rng(4)
    flux = rng.normal(100, 5, n)
    flux[n // 3] = 1000.0
    return light_curve(mjd=59000 + np.arange(n) / 1000, flux=flux, fluxerr=np.full(n, 5.0))


def drawn(figure, label):
    """(x, y) of the marks that the legend calls `label`."""
    lines = {line.get_label(): line for line in figure.axes[0].lines}
    return tuple(np.asarray(values) for values in lines[label].get_data())


def labels(figure):
    return [line.get_label() for line in figure.axes[0].lines if line.get_label()[0] != "_"]


def words(figure):
    return " | ".join(text.get_text() for text in figure.findobj(Text) if text.get_text())


def texts_of(svg):
    return [
        "".join(e.itertext()) for e in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    ]


# What stands where


def test_magnitudes_grow_downwards_and_fluxes_upwards():
    low, high = draw(supernova(), {}, PlotOptions(y="mag")).axes[0].get_ylim()
    assert low > high
    low, high = draw(supernova(), {}, PlotOptions(y="flux")).axes[0].get_ylim()
    assert low < high


def test_detections_stand_at_their_magnitude():
    x, y = drawn(draw(supernova(), {}, PlotOptions()), "detections")
    assert x.tolist() == [59010, 59015, 59020, 59025]
    assert y.tolist() == pytest.approx([21.4, 19.894850, 18.9, 20.647425])


def test_what_is_not_detected_stands_at_its_limit():
    x, y = drawn(draw(supernova(), {}, PlotOptions()), "upper limits")
    assert x.tolist() == [59000, 59005, 59030]
    assert y.tolist() == pytest.approx([22.707197] * 3)  # 3 µJy
    _, y = drawn(draw(supernova(), {}, PlotOptions(nsigma=15)), "upper limits")
    assert y.tolist() == pytest.approx([20.959772] * 4)  # 15 µJy


def test_given_limits_come_before_computed_ones_and_the_series_own_last():
    lc = light_curve(
        mjd=[1, 2, 3, 4],
        flux=[1.0, 1.0, NAN, 50.0],
        fluxerr=[1.0, 1.0, NAN, 1.0],
        limiting_mag=[21.0, NAN, NAN, 21.0],
    )
    _, y = drawn(draw(lc, {"limiting_mag": 20.5}, PlotOptions()), "upper limits")
    assert y.tolist() == pytest.approx([21.0, 22.707197, 20.5])
    assert "1 without magnitude" in words(draw(lc, {}, PlotOptions()))


def test_fluxes_stand_where_they_were_measured_detected_or_not():
    figure = draw(supernova(), {}, PlotOptions(y="flux"))
    assert drawn(figure, "detections")[1].tolist() == [10, 40, 100, 20]
    assert drawn(figure, "below 3σ")[1].tolist() == [0.5, -1, 2]


@pytest.mark.parametrize(("y", "half"), [("flux", 5.0), ("mag", 5 * 1.0857362 / 100)])
def test_bars_reach_one_error_to_either_side(y, half):
    lc = light_curve(mjd=[59000, 59009], flux=[100.0, 100.0], fluxerr=[5.0, NAN])
    axes = draw(lc, {}, PlotOptions(y=y)).axes[0]
    (bars,) = [line for line in axes.lines if line.get_label()[0] == "_"]
    ends = bars.get_ydata()
    assert ends[1] - ends[0] == pytest.approx(2 * half)
    assert bars.get_xdata()[:2].tolist() == [59000, 59000]
    assert len(ends) == 3  # the second point has none


def test_a_light_curve_without_errors_has_no_bars():
    figure = draw(light_curve(mjd=[1, 9], mag=[18, 19]), {}, PlotOptions())
    assert len(figure.axes[0].lines) == 1


def test_limits_in_magnitudes_have_no_bars():
    axes = draw(supernova(), {}, PlotOptions()).axes[0]
    (bars,) = [line for line in axes.lines if line.get_label()[0] == "_"]
    assert sorted(set(bars.get_xdata().tolist())) == [59010, 59015, 59020, 59025]


def test_folding_shows_two_phases():
    lc = light_curve(mjd=[100, 100.5, 103], mag=[1.0, 2, 3])
    figure = draw(lc, {}, PlotOptions(fold=2.0))
    x, y = drawn(figure, "detections")
    assert x.tolist() == pytest.approx([0, 0.25, 0.5, 1, 1.25, 1.5])
    assert y.tolist() == pytest.approx([1, 2, 3, 1, 2, 3])
    assert figure.axes[0].get_xlim() == (0, 2)
    assert figure.axes[0].get_xlabel() == "Phase (period 2 d, 0 at MJD 100)"


def test_folding_from_an_epoch():
    lc = light_curve(mjd=[100, 100.5], mag=[1.0, 2])
    x, _ = drawn(draw(lc, {}, PlotOptions(fold=2.0, epoch=99.0)), "detections")
    assert x.tolist() == pytest.approx([0.5, 0.75, 1.5, 1.75])


def test_binning_averages_fluxes():
    lc = light_curve(mjd=[59000, 59000.01, 59010], mag=[23.9, 18.9, 20])  # 1 and 100 µJy
    figure = draw(lc, {}, PlotOptions(bin=3600))
    _, y = drawn(figure, "detections")
    assert y[-1] == pytest.approx(20)
    assert "3 points in bins of 1 h" in words(figure)
    flux = draw(lc, {}, PlotOptions(bin=3600, y="flux"))
    assert 50.5 in np.round(np.concatenate([line.get_ydata() for line in flux.axes[0].lines]), 9)


def test_bins_of_a_folded_light_curve_lie_in_phase():
    # A tenth of a day is a twentieth of the period: phases 0, 0.005, 0.01 meet, 0.06 does not.
    lc = light_curve(mjd=[100, 102.01, 104.02, 102.12], flux=[1.0, 2, 3, 9])
    x, y = drawn(draw(lc, {}, PlotOptions(fold=2.0, bin=0.1 * 86400, y="flux")), "detections")
    assert x.tolist() == pytest.approx([0.005, 0.06, 1.005, 1.06])
    assert y.tolist() == pytest.approx([2, 9, 2, 9])


def test_many_points_are_thinned_and_it_is_said():
    figure = draw(many(30_000), {}, PlotOptions(y="flux"))
    x, y = drawn(figure, "detections")
    assert "10,800 of 30,000 points shown" in words(figure)
    assert len(x) == 10_800
    assert y.max() == 1000
    assert "shown" not in words(draw(many(3000), {}, PlotOptions()))


def test_missing_points_are_counted():
    lc = light_curve(mjd=[1, 2, NAN], mag=[NAN, 20, 20])
    assert "2 without magnitude" in words(draw(lc, {}, PlotOptions()))


def test_no_points_at_all():
    lc = light_curve(mjd=[1, 2], mag=[NAN, NAN])
    assert "No point has a magnitude" in words(draw(lc, {}, PlotOptions()))
    assert "No point has a flux" in words(draw(lc, {}, PlotOptions(y="flux")))


def test_marks_are_explained_only_where_there_are_several_kinds():
    assert not draw(many(10), {}, PlotOptions()).legends
    figure = draw(supernova(), {}, PlotOptions())
    assert labels(figure) == ["detections", "upper limits"]
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == labels(figure)


# Axes


@pytest.mark.parametrize(
    ("span", "label"),
    [
        (30.0, "MJD"),
        (1.0, "MJD − 58362 (2018-09-01)"),
        (0.01, "Seconds since MJD 58362.2500 (2018-09-01 06:00:00 UTC)"),
        (0.0, "MJD − 58362 (2018-09-01)"),
    ],
)
def test_time_is_labelled_in_few_digits(span, label):
    lc = light_curve(mjd=[58362.25, 58362.25 + span], mag=[20, 21.0])
    figure = draw(lc, {}, PlotOptions())
    assert figure.axes[0].get_xlabel() == label


@pytest.mark.parametrize(
    ("span", "some"),
    [
        (30.0, {58365.0: "2018-09-04"}),
        (2.0, {1.0: "09-02 00:00"}),
        (0.5, {0.3: "07:12:00"}),
        (0.01, {200.0: "06:03:20"}),
        (1e-5, {0.2: "06:00:00.200"}),
    ],
)
def test_dates_stand_above_the_same_moments(span, some):
    lc = light_curve(mjd=[58362.25, 58362.25 + span], mag=[20, 21.0])
    figure = draw(lc, {}, PlotOptions())
    figure.draw_without_rendering()
    (top,) = figure.axes[0].child_axes
    below = figure.axes[0].get_xticks()
    assert top.get_xticks().tolist() == below.tolist()
    found = dict(
        zip(np.round(below, 6), (t.get_text() for t in top.get_xticklabels()), strict=True)
    )
    assert {x: found.get(x) for x in some} == some


def test_days_are_not_divided_where_dates_name_them():
    figure = draw(light_curve(mjd=[58362, 58367.5], mag=[20, 21.0]), {}, PlotOptions(width=2400))
    figure.draw_without_rendering()
    dates = [text.get_text() for text in figure.axes[0].child_axes[0].get_xticklabels()]
    assert len(dates) > 4
    assert len(set(dates)) == len(dates)


@settings(deadline=None)
@given(st.datetimes(*map(dt.datetime.fromisoformat, ("1000-01-01", "9998-01-01"))))
def test_dates_agree_with_the_standard_library(when):
    days = (when - dt.datetime.fromisoformat("1858-11-17")) / dt.timedelta(days=1)
    found = dt.datetime.fromisoformat(date(days, "ms"))
    assert abs(found - when) < dt.timedelta(milliseconds=2)


@pytest.mark.parametrize("mjd", [1e9, -1e9, 1e300, NAN])
def test_days_that_no_calendar_has(mjd):
    assert date(mjd, "D") == ""


@pytest.mark.parametrize(
    ("size", "label", "shown"),
    [
        (100.0, "Flux (µJy)", 100.0),
        (2.5e6, "Flux (10⁶ µJy)", 2.5),
        (4e-5, "Flux (10⁻⁶ µJy)", 40.0),
    ],
)
def test_large_and_small_fluxes_are_scaled(size, label, shown):
    figure = draw(light_curve(mjd=[1, 9], flux=[size, size / 2]), {}, PlotOptions(y="flux"))
    assert figure.axes[0].get_ylabel() == label
    assert drawn(figure, "detections")[1][0] == pytest.approx(shown)


def test_one_point_stands_in_the_middle_with_room_for_its_bar():
    axes = draw(light_curve(mjd=[1], mag=[20], magerr=[0.3]), {}, PlotOptions()).axes[0]
    assert axes.get_ylim() == pytest.approx((20.6, 19.4))
    assert axes.get_xlim() == pytest.approx((-0.5, 0.5))  # about MJD 1, which is its zero


# Words


def test_the_title_names_the_series():
    assert draw(supernova(), FIELDS, PlotOptions()).get_suptitle() == (
        "2024abc · ztfr · ZTF · night 1"
    )
    assert draw(supernova(), {"filter": "ztfr", "obj_id": None}, PlotOptions()).get_suptitle() == (
        "ztfr"
    )


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("$x^2$ \\frac{1}", "$x^2$ \\frac{1}"),
        ("</text><script>alert(1)</script>", "</text><script>alert(1)</script>"),
        ("a&amp;b", "a&amp;b"),
        ("two\nlines\tand\x00more", "two lines and more"),
        ("\ud800 lone", "lone"),
        ("星 🌟", "星 🌟"),
    ],
)
def test_names_are_text_and_nothing_else(name, shown):
    svg = render(supernova(), {"obj_id": name}, PlotOptions(format="svg"))
    assert shown in texts_of(svg)
    assert b"<script" not in svg


def test_a_title_that_is_too_long_is_cut():
    figure = draw(supernova(), {"obj_id": "long " * 60}, PlotOptions(width=320, height=240))
    assert figure.get_suptitle().startswith("long long")
    assert figure.get_suptitle().endswith("…")


@pytest.mark.parametrize("size", [(320, 240), (200, 200), (900, 540), (300, 900), (1800, 900)])
@pytest.mark.parametrize(
    "options", [{}, {"y": "flux"}, {"fold": 1.23456789, "epoch": 59000.12345}, {"bin": 3600.0}]
)
def test_nothing_is_cut_off(size, options):
    columns = {**many(2500).columns, "flux": np.linspace(-20, 900, 2500) * 1e6}
    asked = PlotOptions(width=size[0], height=size[1], **options)
    fields = {**FIELDS, "series_name": "long " * 60}
    picture = imread(io.BytesIO(render(LightCurve.from_columns(columns), fields, asked)))
    paper = picture[0, 0]
    for edge in (picture[0], picture[-1], picture[:, 0], picture[:, -1]):
        assert (edge == paper).all()
    assert (picture != paper).any()


@pytest.mark.parametrize(("width", "apart"), [(900, "side by side"), (200, "in two lines")])
def test_legend_and_note_keep_out_of_each_others_way(width, apart):
    columns = {**supernova().columns, "mjd": np.array([NAN, *range(6)])}
    asked = PlotOptions(width=width, height=200, bin=1e-3)
    figure = draw(LightCurve.from_columns(columns), FIELDS, asked)
    figure.draw_without_rendering()
    legend = figure.legends[0].get_window_extent()
    (note,) = [text for text in figure.texts if "points in bins of" in text.get_text()]
    assert not legend.overlaps(note.get_window_extent())
    beside = bool(legend.y0 < note.get_window_extent().y1)
    assert beside is (apart == "side by side")


# Files


@pytest.mark.parametrize("size", [(200, 200), (320, 240), (641, 479), (1013, 777), (3000, 500)])
def test_png_has_the_size_asked_for(size):
    png = render(supernova(), FIELDS, PlotOptions(width=size[0], height=size[1]))
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", png[16:24]) == size


def test_svg_has_the_size_asked_for():
    root = ET.fromstring(
        render(supernova(), FIELDS, PlotOptions(format="svg", width=321, height=241))
    )
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert (root.get("width"), root.get("height")) == ("321", "241")
    _, _, width, height = map(float, root.get("viewBox").split())
    assert width / height == pytest.approx(321 / 241, rel=1e-3)


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_the_same_picture_has_the_same_bytes_in_another_process(kind):
    program = (
        "import sys, numpy as np\n"
        "from skyportal_series.plotting import *\n"
        "from skyportal_series.series import LightCurve\n"
        "lc = LightCurve.from_columns({'mjd': np.arange(9.) + 59000, 'mag': np.arange(9.)})\n"
        f"sys.stdout.buffer.write(render(lc, {{'obj_id': 'x'}}, PlotOptions(format='{kind}')))\n"
    )
    lc = light_curve(mjd=np.arange(9.0) + 59000, mag=np.arange(9.0))
    here = render(lc, {"obj_id": "x"}, PlotOptions(format=kind))
    there = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "77"},
    ).stdout
    assert here == there


def test_dense_points_are_an_image_within_the_svg():
    svg = render(many(8000), {}, PlotOptions(format="svg"))
    assert b"data:image/png;base64" in svg
    assert len(svg) < 500_000
    assert b"data:image/png;base64" not in render(many(100), {}, PlotOptions(format="svg"))


def test_themes_differ_in_paper_and_ink():
    light, dark = (draw(supernova(), FIELDS, PlotOptions(theme=t)) for t in ("light", "dark"))
    assert np.mean(light.get_facecolor()[:3]) > 0.95
    assert np.mean(dark.get_facecolor()[:3]) < 0.15
    for figure, bright in ((light, False), (dark, True)):
        ink = mpl.colors.to_rgb(figure.axes[0].xaxis.label.get_color())
        assert bool(np.mean(ink) > 0.5) is bright


def test_the_users_settings_neither_matter_nor_change():
    plain = render(supernova(), FIELDS, PlotOptions(format="svg"))
    with mpl.rc_context({"axes.facecolor": "red", "axes.labelsize": 30, "svg.hashsalt": "other"}):
        before = dict(mpl.rcParams)
        assert render(supernova(), FIELDS, PlotOptions(format="svg")) == plain
        assert dict(mpl.rcParams) == before


def test_matplotlib_loads_with_the_first_picture_and_pyplot_never():
    program = (
        "import sys, numpy as np\n"
        "from skyportal_series.plotting import *\n"
        "from skyportal_series.series import LightCurve\n"
        "assert 'matplotlib' not in sys.modules\n"
        "lc = LightCurve.from_columns({'mjd': np.arange(3.), 'mag': np.arange(3.)})\n"
        "render(lc, {}, PlotOptions())\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_without_matplotlib_there_are_no_pictures(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(NotAcceptable, match="matplotlib"):
        render(supernova(), {}, PlotOptions())


@pytest.mark.parametrize(
    "columns",
    [
        {"mjd": [1, 2, 3], "flux": [1e300, -1e300, 5]},
        {"mjd": [1, 2, 3], "flux": [1e29, -1e29, 5], "fluxerr": [1, 1e308, 1e29]},
        {"mjd": [1, 2, 3], "flux": [1e-29, -1e-29, 0], "fluxerr": [1e-300] * 3},
        {"mjd": [1, 2, 3], "flux": [0, 0, 0]},
        {"mjd": [1e9, 2e9, 1e200], "flux": [1, 2, 3]},
        {"mjd": [-1e29, 0, 1e29], "flux": [1, 2, 3]},
        {"mjd": [59000, 59000 + 1e-9], "mag": [1, 1]},
        {"mjd": [59000] * 5, "mag": [1, 2, NAN, 3, 4], "limiting_mag": ["a"] * 5},
    ],
)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"y": "flux", "format": "svg"},
        {"bin": 100.0},
        {"fold": 1e-8, "bin": 1e-6},
        {"fold": 1e8, "y": "flux"},
    ],
)
def test_no_data_is_too_odd_to_draw(columns, options):
    picture = render(light_curve(**columns), {}, PlotOptions(width=200, height=200, **options))
    assert picture[:4] in (b"\x89PNG", b"<?xm")


@pytest.mark.parametrize(
    ("options", "field", "words"),
    [
        ({"format": "gif"}, "format", "png, svg; found 'gif'"),
        ({"y": "magnitude"}, "y", "mag, flux"),
        ({"theme": "blue"}, "theme", "light, dark"),
        ({"fold": 0.0}, "fold", "positive number of days; found 0"),
        ({"fold": math.inf}, "fold", "positive"),
        ({"bin": -1.0}, "bin", "positive number of seconds"),
        ({"nsigma": NAN}, "nsigma", "positive"),
        ({"epoch": 59000.0}, "epoch", "goes with a period"),
        ({"epoch": NAN, "fold": 1.0}, "epoch", "Must be an MJD"),
        ({"width": 10}, "width", "from 200 to 8000; found 10"),
        ({"height": 1e3}, "height", "whole number"),
        ({"width": 8000, "height": 8000}, "height", "at most 16,000,000 pixels"),
    ],
)
def test_options_that_make_no_picture_are_refused(options, field, words):
    with pytest.raises(InvalidInput) as refused:
        PlotOptions(**options)
    assert list(refused.value.problems) == [field]
    assert words in refused.value.problems[field][0]
    assert words in refused.value.message


def test_all_wrong_options_are_named_at_once():
    with pytest.raises(InvalidInput) as refused:
        PlotOptions(format="gif", width=1, fold=-1.0)
    assert sorted(refused.value.problems) == ["fold", "format", "width"]
