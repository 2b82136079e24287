"""The demo: a user with a token, what a series refers to, and synthetic light curves to look at."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from .accounts import authenticate_token, create_token
from .catalog import Upload
from .config import Config
from .models import (
    Group,
    GroupUser,
    Instrument,
    Obj,
    PhotometricSeries,
    Stream,
    StreamUser,
    Telescope,
    Token,
    User,
)
from .models.access import MANAGE, UPLOAD, Actor
from .services import Services

USERNAME = "demo"

FloatArray = npt.NDArray[np.float64]


def load_demo(engine: Engine, config: Config) -> str:
    """Make what is missing of the demo; the token of its user."""
    with Session(engine) as session, session.begin():
        token = _token(session, config)
        references = _surroundings(session, authenticate_token(session, token).id)
        session.flush()
        actor = authenticate_token(session, token)  # now with the group and the stream
        there = set(session.scalars(select(PhotometricSeries.obj_id)))
    missing = [row for row in _OBJECTS if row[0] not in there]
    if missing:
        asyncio.run(_upload_all(engine, config, actor, references, missing))
    return token


def _token(session: Session, config: Config) -> str:
    known = select(Token.id).join(User, User.id == Token.created_by_id)
    token = session.scalars(known.where(User.username == USERNAME)).first()
    if token is not None:
        return token
    return create_token(session, USERNAME, (UPLOAD, MANAGE), config.misc.public_group_name)


def _surroundings(session: Session, user_id: int) -> dict[str, Any]:
    """Objects, a telescope with its instrument, a group and a stream; what uploads say of them."""
    telescope = _one(
        session,
        Telescope,
        "Demo Telescope",
        nickname="DT",
        lat=33.36,
        lon=-116.86,
        elevation=1700.0,
        diameter=1.2,
        robotic=True,
        fixed_location=True,
    )
    for name, ra, dec in _OBJECTS:
        if session.get(Obj, name) is None:
            session.add(Obj(id=name, ra=ra, dec=dec))
    instrument = _one(session, Instrument, "Demo Camera", telescope_id=telescope.id)
    group = _one(session, Group, "Demo Group", private=False)
    stream = _one(session, Stream, "Demo Stream")
    for table, key, number in (
        (GroupUser, "group_id", group.id),
        (StreamUser, "stream_id", stream.id),
    ):
        membership = {key: number, "user_id": user_id}
        if session.scalars(select(table).filter_by(**membership)).first() is None:
            session.add(table(**membership))
    return {
        "instrument_id": instrument.id,
        "group_ids": [group.id],
        "stream_ids": [stream.id],
    }


def _one(session: Session, table: Any, name: str, **columns: Any) -> Any:
    """The row of this name, made if there is none."""
    row = session.scalars(select(table).filter_by(name=name)).first()
    if row is None:
        row = table(name=name, **columns)
        session.add(row)
        session.flush()
    return row


#: id, right ascension and declination (degrees).
_OBJECTS = (
    ("demo_RRLyrae", 291.366, 42.784),
    ("demo_transit", 330.795, 18.884),
    ("demo_supernova", 210.911, 54.316),
)


async def _upload_all(
    engine: Engine,
    config: Config,
    actor: Actor,
    references: dict[str, Any],
    objects: list[tuple[str, float, float]],
) -> None:
    services = Services.build(config, engine)
    try:
        for name, ra, dec in objects:
            fields = {"obj_id": name, "ra": ra, "dec": dec, "altdata": {"synthetic": True}}
            body = services.store.spool_path(".body")
            await _upload(services, actor, body, fields | references | _SERIES[name]())
    finally:
        services.close()


async def _upload(services: Services, actor: Actor, body: Path, content: dict[str, Any]) -> None:
    body.write_bytes(orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY))
    try:
        await services.catalog.create(actor, Upload(body, "application/json"))
    finally:
        body.unlink()


def rr_lyrae() -> dict[str, Any]:
    """Thirty nights of a star that pulsates with a period of 0.5669 days: fast up, slowly down."""
    noise = np.random.default_rng(1)
    nights = np.linspace(60400, 60429, 30)[:, None]
    mjd = (nights + np.sort(noise.uniform(0.15, 0.45, (30, 60)))).ravel()
    phase = (mjd / 0.5669) % 1
    rising = 1 - np.cos(np.pi * np.clip(phase / 0.15, 0, 1))
    falling = 2 * np.exp(-(np.clip(phase - 0.15, 0, None)) / 0.28)
    brightening = 0.45 * np.where(phase < 0.15, rising, falling)
    return _series("demo/spring", "RR1", "ztfr", 30.0, mjd, 10 ** (0.4 * brightening) * 900, noise)


def transit() -> dict[str, Any]:
    """Ten days of a star before which a planet passes every 3.525 days, dimming it by 1.5 %."""
    noise = np.random.default_rng(2)
    mjd = np.linspace(60500, 60510, 7200, endpoint=False)
    from_middle = np.abs((mjd - 60501.2 + 3.525 / 2) % 3.525 - 3.525 / 2)
    ingress = np.clip((0.063 - from_middle) / 0.012, 0, 1)
    return _series(
        "demo/sector_1", "209458", "tess", 120.0, mjd, 30000 * (1 - 0.015 * ingress), noise, 2e-3
    )


def supernova() -> dict[str, Any]:
    """Eighty days of something that was not there before: not detected, rising, fading."""
    noise = np.random.default_rng(3)
    mjd = np.sort(60600 + noise.uniform(0, 80, 240))
    age = mjd - 60625
    light = np.where(age > 0, 400 * (1 - np.exp(-np.clip(age, 0, None) / 5)), 0)
    light *= np.exp(-np.clip(age - 12, 0, None) / 20)
    content = _series("demo/survey", "SN1", "ztfr", 30.0, mjd, light, noise, 0.0)
    return content | {"limiting_mag": 20.5}


def _series(
    name: str,
    series_obj_id: str,
    bandpass: str,
    exp_time: float,
    mjd: FloatArray,
    flux: FloatArray,
    noise: np.random.Generator,
    relative: float = 0.02,
) -> dict[str, Any]:
    fluxerr = np.hypot(relative * flux, 6.0)
    columns = {
        "mjd": np.round(mjd, 7),
        "flux": np.round(flux + noise.normal(0, fluxerr), 3),
        "fluxerr": np.round(fluxerr, 3),
    }
    return {
        "data": columns,
        "series_name": name,
        "series_obj_id": series_obj_id,
        "filter": bandpass,
        "exp_time": exp_time,
        "origin": "demo",
    }


_SERIES = {"demo_RRLyrae": rr_lyrae, "demo_transit": transit, "demo_supernova": supernova}
