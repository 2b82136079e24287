"""Rows for tests that need some: users, groups, streams, and series of made-up figures."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from skyportal_series.models import (
    Group,
    GroupPhotometricSeries,
    GroupUser,
    Instrument,
    Obj,
    PhotometricSeries,
    Stream,
    StreamPhotometricSeries,
    StreamUser,
    Telescope,
    User,
)

numbers = itertools.count(1)
Row = TypeVar("Row")


def save(session: Session, row: Row) -> Row:
    """Add a row, so that it has its id."""
    session.add(row)
    session.flush()
    return row


def make_user(session: Session, **fields: Any) -> User:
    return save(session, User(**{"username": f"user{next(numbers)}"} | fields))


def make_group(session: Session, members: Iterable[User] = (), **fields: Any) -> Group:
    group = save(session, Group(**{"name": f"group{next(numbers)}"} | fields))
    for user in members:
        save(session, GroupUser(group_id=group.id, user_id=user.id))
    return group


def make_stream(session: Session, members: Iterable[User] = (), **fields: Any) -> Stream:
    stream = save(session, Stream(**{"name": f"stream{next(numbers)}"} | fields))
    for user in members:
        save(session, StreamUser(stream_id=stream.id, user_id=user.id))
    return stream


def make_instrument(session: Session) -> Instrument:
    name = f"telescope{next(numbers)}"
    telescope = save(session, Telescope(name=name, nickname=name, diameter=1.0))
    return save(session, Instrument(name=f"instrument of {name}", telescope_id=telescope.id))


def make_series(
    session: Session,
    owner: User,
    groups: Iterable[Group] = (),
    streams: Iterable[Stream] = (),
    **fields: Any,
) -> PhotometricSeries:
    """A series that `owner` has, shared with `groups` and `streams`; `fields` over the usual."""
    number = next(numbers)
    nan = float("nan")
    usual: dict[str, Any] = {
        "obj_id": fields.get("obj_id") or save(session, Obj(id=f"obj{number}")).id,
        "instrument_id": fields.get("instrument_id") or _some_instrument(session).id,
        "owner_id": owner.id,
        "series_name": "tests",
        "series_obj_id": str(number),
        "filter": "ztfr",
        "filename": f"/tests/{number}.h5",
        "hash": f"{number:032x}",
        "mjd_first": 58000.0,
        "mjd_mid": 58000.5,
        "mjd_last": 58001.0,
        "mag_first": 18.0,
        "mag_last": nan,
        "is_detected": True,
        "exp_time": 30.0,
        "frame_rate": nan,
        "num_exp": 10,
        "limiting_mag": nan,
        "ra": 10.0,
        "dec": 20.0,
    }
    series = save(session, PhotometricSeries(**usual | fields))
    for group in groups:
        save(session, GroupPhotometricSeries(group_id=group.id, photometric_serie_id=series.id))
    for stream in streams:
        save(session, StreamPhotometricSeries(stream_id=stream.id, photometric_serie_id=series.id))
    return series


def _some_instrument(session: Session) -> Instrument:
    found = session.execute(select(Instrument).limit(1)).scalar_one_or_none()
    return found or make_instrument(session)
