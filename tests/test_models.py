"""Rows there and back: labels, values that are no numbers, JSON, positions."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import make_series, make_user
from sqlalchemy import Engine, create_engine, func, select, text
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from skyportal_series.models import PhotometricSeries, as_text, utcnow, within

NAN = float("nan")


@pytest.fixture
def series(session: Session) -> PhotometricSeries:
    return make_series(session, make_user(session))


def stored(session: Session, series: PhotometricSeries) -> PhotometricSeries:
    session.flush()
    session.expire_all()
    return session.get_one(PhotometricSeries, series.id)


def matches(session: Session, *criteria: object) -> int:
    count = select(func.count()).select_from(PhotometricSeries)
    return session.execute(count.where(*criteria)).scalar_one()  # type: ignore[arg-type]


def test_label_that_only_the_host_has_still_loads(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("ALTER TYPE bandpasses ADD VALUE 'hostband'"))
    with Session(engine) as session:
        series = make_series(session, make_user(session), filter="hostband")
        assert stored(session, series).filter == "hostband"


def test_label_that_nobody_has_is_refused_by_the_database(
    session: Session, series: PhotometricSeries
) -> None:
    series.filter = "nosuchband"
    with pytest.raises(DataError):
        session.flush()


@pytest.mark.parametrize(
    ("criterion", "found"),
    [
        (PhotometricSeries.filter == "ztfr", 1),
        (PhotometricSeries.filter != "ztfr", 0),
        (PhotometricSeries.filter.in_(["ztfg", "ztfr"]), 1),
        (PhotometricSeries.filter.in_(["ztfg"]), 0),
        (as_text(PhotometricSeries.filter) == "no such band", 0),
        (PhotometricSeries.time_stamp_alignment == "middle", 1),
        (PhotometricSeries.limiting_mag == NAN, 1),
        (PhotometricSeries.frame_rate == NAN, 1),
        (PhotometricSeries.mag_first == NAN, 0),
        (PhotometricSeries.exp_time >= 30, 1),
        (PhotometricSeries.exp_time < 30, 0),
        (PhotometricSeries.num_exp <= 10.5, 1),
        (PhotometricSeries.instrument_id == 2**31 - 1, 0),
        (PhotometricSeries.obj_id.contains("%", autoescape=True), 0),
    ],
)
def test_comparisons(
    session: Session, series: PhotometricSeries, criterion: object, found: int
) -> None:
    assert matches(session, criterion) == found


def test_filter_sorts_by_its_text(session: Session) -> None:
    owner = make_user(session)
    for label in ("ztfg", "atlaso", "sdssu"):
        make_series(session, owner, filter=label)
    found = select(PhotometricSeries.filter).order_by(as_text(PhotometricSeries.filter))
    assert session.execute(found).scalars().all() == ["atlaso", "sdssu", "ztfg"]


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        ({"a": NAN, "b": float("inf"), "c": 1.5}, {"a": None, "b": None, "c": 1.5}),
        ({"a": np.float32(0.5), "b": np.int64(3)}, {"a": 0.5, "b": 3}),
        ({"deep": [{"er": NAN}]}, {"deep": [{"er": None}]}),
        ({}, {}),
        ({f"column {n}": n / 7 for n in range(500)}, {f"column {n}": n / 7 for n in range(500)}),
    ],
)
def test_json_holds_plain_values(
    session: Session, series: PhotometricSeries, given_: object, kept: object
) -> None:
    series.medians = given_  # type: ignore[assignment]
    assert stored(session, series).medians == kept


def test_json_none_is_null(session: Session, series: PhotometricSeries) -> None:
    series.altdata = None
    session.flush()
    assert matches(session, text("altdata IS NULL")) == 1


def test_json_is_plain_on_an_engine_that_is_not_ours(engine: Engine) -> None:
    # A host's engine has the standard library's JSON, which writes NaN as NaN.
    hosts = create_engine(engine.url, json_serializer=json.dumps, json_deserializer=json.loads)
    with Session(hosts) as session:
        series = make_series(session, make_user(session), medians={"flux": NAN})
        assert stored(session, series).medians == {"flux": None}
    hosts.dispose()


def test_times_are_utc_without_a_zone(session: Session, series: PhotometricSeries) -> None:
    created: datetime = stored(session, series).created_at
    assert created.tzinfo is None
    assert abs(utcnow() - created) < timedelta(minutes=1)


def test_modified_moves_on(session: Session, series: PhotometricSeries) -> None:
    created = stored(session, series).created_at
    series.origin = "another"
    assert stored(session, series).modified > created


@pytest.mark.parametrize("field", ["hash", "filename"])
def test_hash_and_filename_are_unique(
    session: Session, series: PhotometricSeries, field: str
) -> None:
    with pytest.raises(IntegrityError):
        make_series(session, make_user(session), **{field: getattr(series, field)})


def test_seven_fields_together_are_unique(session: Session, series: PhotometricSeries) -> None:
    names = ["obj_id", "instrument_id", "origin", "filter", "series_name", "series_obj_id"]
    same = {name: getattr(series, name) for name in [*names, "channel"]}
    make_series(session, make_user(session), **same | {"channel": "another"})
    with pytest.raises(IntegrityError):
        make_series(session, make_user(session), **same)


# The cone search


def separation(ra1: float, dec1: float, ra2: float, dec2: float) -> float:
    """The angle between two positions in degrees, by the vectors' cross and dot products."""
    a, b = (
        np.array([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])
        for ra, dec in (np.radians([ra1, dec1]), np.radians([ra2, dec2]))
    )
    return float(np.degrees(np.arctan2(np.linalg.norm(np.cross(a, b)), a @ b)))


ARCSEC = 1 / 3600


@pytest.mark.parametrize(
    ("ra", "dec", "radius", "found"),
    [
        (10.0, 20.0, 0.0, True),
        (10.0, 20.0 + 2 * ARCSEC, 1 * ARCSEC, False),
        (10.0, 20.0 + 2 * ARCSEC, 3 * ARCSEC, True),
        (10.0, 20.0 + 2e-6 * ARCSEC, 1e-6 * ARCSEC, False),
        (370.0, 20.0, 1 * ARCSEC, True),
        (190.0, -20.0, 179.0, False),
        (190.0, -20.0, 180.0, True),
        (10.0, -80.0, 99.0, False),
        (10.0, -80.0, 101.0, True),
        (190.0, 85.0, 76.0, True),
        (190.0, 85.0, 74.0, False),
    ],
)
def test_cone(
    session: Session,
    series: PhotometricSeries,
    ra: float,
    dec: float,
    radius: float,
    found: bool,
) -> None:
    assert matches(session, within(PhotometricSeries, ra, dec, radius)) == found


def test_cone_agrees_with_the_angle(session: Session) -> None:
    owner = make_user(session)
    rng = np.random.default_rng(7)
    places = np.column_stack(
        [rng.uniform(0, 360, 40), np.degrees(np.arcsin(rng.uniform(-1, 1, 40)))]
    )
    ids = [make_series(session, owner, ra=float(ra), dec=float(dec)).id for ra, dec in places]

    @settings(max_examples=60, deadline=None)
    @given(st.floats(0, 360), st.floats(-90, 90), st.floats(0.01, 180))
    def check(ra: float, dec: float, radius: float) -> None:
        inside = within(PhotometricSeries, ra, dec, radius)
        found = set(session.execute(select(PhotometricSeries.id).where(inside)).scalars())
        for series_id, place in zip(ids, places, strict=True):
            angle = separation(ra, dec, *place)
            if abs(angle - radius) > 1e-6:
                assert (series_id in found) == (angle < radius)

    check()


def test_series_without_a_position_is_in_no_cone(session: Session) -> None:
    make_series(session, make_user(session), ra=None, dec=None)
    assert matches(session, within(PhotometricSeries, 0.0, 0.0, 180.0)) == 0
