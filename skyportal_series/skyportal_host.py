"""SkyPortal as the host: the one file that imports SkyPortal and baselayer.

The plugin takes SkyPortal's routes, and uses its engine, its configuration, its signed-in users and
its way to tell open pages.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, text
from tornado.web import Application, RequestHandler

from .accounts import authenticate_user
from .app_server import mount
from .errors import Unauthenticated
from .models.access import Actor
from .services import actor_by_token, read_token
from .sql import Sql

#: What SkyPortal's configuration shares with ours.
_SHARED = (
    "photometric_series_autodelete",
    "misc.public_group_name",
    "misc.photometry_detection_threshold_nsigma",
)
_READING = ("GET", "HEAD", "OPTIONS")

#: Signed in by an account elsewhere, if there is one of that user, it must be the cookie's.
_SIGNED_IN = text(
    """
    SELECT users.id FROM users
    WHERE users.id = :user_id AND (
        NOT EXISTS (SELECT 1 FROM usersocialauths WHERE user_id = :user_id)
        OR EXISTS (SELECT 1 FROM usersocialauths WHERE user_id = :user_id AND uid = :uid)
    )
    """
)
_NAMED = text("SELECT id FROM users WHERE username = :name")


def make_app(
    cfg: Any,
    baselayer_handlers: Any,
    baselayer_settings: Any,
    process: Any = None,
    env: Any = None,
) -> Application:
    """SkyPortal's own application, with the plugin's routes over its own."""
    from skyportal.app_server import make_app as make_theirs

    app: Application = make_theirs(
        cfg, baselayer_handlers, baselayer_settings, process=process, env=env
    )
    mount(
        app,
        engine=_engine(),
        config=configuration(cfg, _checkout()),
        replace=True,
        authenticate=authenticator(cfg),
        on_change=_pusher(),
    )
    return app


def _engine() -> Engine:
    from baselayer.app.models import DBSession

    engine: Engine = DBSession.session_factory.kw["bind"]
    return engine


def _checkout() -> Path:
    import skyportal

    return Path(skyportal.__file__).resolve().parent.parent


def _pusher() -> Callable[[str, dict[str, Any]], None]:
    from baselayer.app.flow import Flow

    flow = Flow()
    return lambda action, payload: flow.push("*", action, payload)


def configuration(cfg: Any, checkout: Path) -> dict[str, Any]:
    """Our keys out of SkyPortal's; those that it has not may stand under `skyportal_series`."""
    found = {key: cfg.get(key) for key in _SHARED if cfg.get(key) is not None}
    bandpasses = cfg.get("additional_bandpasses") or []
    found["additional_bandpasses"] = [bandpass["name"] for bandpass in bandpasses]
    folder = Path(cfg.get("photometric_series_folder", "persistentdata/phot_series"))
    found["photometric_series_folder"] = checkout / folder
    return found | dict(cfg.get("skyportal_series") or {})


def authenticator(cfg: Any) -> Callable[[RequestHandler], Any]:
    """Who asks, as SkyPortal sees it: by token, else by cookie, else the anonymous user."""

    async def authenticate(handler: Any) -> Actor | None:
        sql: Sql = handler.services.sql
        if "Authorization" in handler.request.headers:
            return await actor_by_token(sql, read_token(handler))
        user_id = await _by_cookie(handler, sql)
        if user_id is None and handler.request.method in _READING:
            user_id = await _anonymous(cfg, sql)
        return None if user_id is None else await sql.read(authenticate_user, user_id)

    return authenticate


async def _by_cookie(handler: RequestHandler, sql: Sql) -> int | None:
    if "cookie_secret" not in handler.application.settings:
        return None
    user_id = handler.get_signed_cookie("user_id")
    uid = handler.get_signed_cookie("user_oauth_uid")
    if user_id is None or uid is None:
        return None
    if not user_id.isdigit() or len(user_id) > 9:
        raise Unauthenticated("The cookie names no user.")
    return await sql.read(_one, _SIGNED_IN, {"user_id": int(user_id), "uid": uid.decode()})


async def _anonymous(cfg: Any, sql: Sql) -> int | None:
    if not cfg.get("app.anonymous_access", False):
        return None
    return await sql.read(_one, _NAMED, {"name": cfg.get("app.anonymous_user", "anonymous")})


def _one(connection: Connection, statement: Any, values: dict[str, Any]) -> int | None:
    found: int | None = connection.execute(statement, values).scalar()
    return found
