"""The application on its own (`make_app`), and the routes in any Tornado application (`mount`)."""

from __future__ import annotations

import re
import weakref
from collections.abc import Mapping
from typing import Any, TypeAlias

from sqlalchemy import Engine
from sqlalchemy.orm import scoped_session, sessionmaker
from tornado.routing import PathMatches, Rule, URLSpec
from tornado.web import Application, RequestHandler

from . import config as configuration
from .config import Config
from .handlers import data, health, openapi, plot, scan, series
from .handlers import page as page_handlers
from .handlers.base import NotFoundHandler
from .services import Authenticate, OnChange, Services

SessionFactory: TypeAlias = sessionmaker[Any] | scoped_session[Any]


def routes(services: Services) -> list[URLSpec]:
    """All routes of the plugin, under its prefix."""
    base = re.escape(services.prefix) + "/photometric_series"
    known = {"services": services}
    return [
        URLSpec(base, series.SeriesListHandler, known),
        # Names of our own come before the ids.
        URLSpec(f"{base}/openapi[.]json", openapi.OpenApiHandler, known),
        URLSpec(f"{base}/scan", scan.ScanHandler, known),
        URLSpec(f"{base}/([^/]+)", series.SeriesHandler, known),
        URLSpec(f"{base}/([^/]+)/data", data.DataHandler, known),
        URLSpec(f"{base}/([^/]+)/plot", plot.PlotHandler, known),
    ]


def mount(
    app: Application,
    engine: Engine | SessionFactory,
    config: Mapping[str, Any] | Config | None = None,
    prefix: str = "/api",
    replace: bool = False,
    authenticate: Authenticate | None = None,
    on_change: OnChange | None = None,
    page: str | None = None,
) -> Services:
    """Add the plugin's routes to `app`, on the database of `engine`.

    Parameters
    ----------
    engine
        The host's engine, or its `sessionmaker` or `scoped_session`. The plugin has connections,
        transactions and threads of its own on it; disposing of it is the host's.
    config
        The keys of config.yaml.defaults that differ, nested or with dots.
    replace
        Whether to take over routes that `app` has already.
    authenticate
        `authenticate(handler)` gives who asks, an object with `id` (of the table `users`) and
        `permissions` (names of ACLs), or None for nobody; it may be a coroutine. The default
        reads `Authorization: token …` against the table `tokens`.
    on_change
        `on_change(action, payload)` is called on the event loop after each change, with what
        SkyPortal's pages are told: `skyportal/REFRESH_SOURCE_PHOTOMETRY`, `{"obj_id": …}`.
    page
        A path that ends in a slash, to serve the page for people at.

    Returns
    -------
    Services
        The running parts. They end with the application; `.close()` ends them sooner.

    Raises
    ------
    ValueError
        Where `app` has one of the routes already, unless `replace`; for a path without its slashes.
    ConfigError
        For an unknown key or a wrong type.
    """
    settings = config if isinstance(config, Config) else configuration.load((), config)
    _check_paths(prefix, page)
    if not replace:
        _refuse_collisions(app, prefix)
    services = Services.build(settings, _engine_of(engine), prefix, authenticate, on_change)
    served = [] if page is None else page_handlers.routes(prefix, page)
    app.add_handlers(".*", [*routes(services), *served])
    _put_first(app)
    weakref.finalize(app, services.close)
    return services


def _check_paths(prefix: str, page: str | None) -> None:
    if prefix and (not prefix.startswith("/") or prefix.endswith("/")):
        raise ValueError(f"prefix is like /api, with no slash at its end; not {prefix!r}.")
    if page is not None and not (page.startswith("/") and page.endswith("/")):
        raise ValueError(f"page is like /series/, with a slash at both ends; not {page!r}.")


def _put_first(app: Application) -> None:
    """Have what was added last consulted before what was added earlier, a catch-all perhaps."""
    rules = app.default_router.rules
    rules.insert(0, rules.pop(-2))  # the last are the routes that the application was made with


def _engine_of(source: Engine | SessionFactory) -> Engine:
    if isinstance(source, Engine):
        return source
    factory = source.session_factory if isinstance(source, scoped_session) else source
    engine = factory.kw.get("bind")
    if not isinstance(engine, Engine):
        raise TypeError("mount needs an Engine, or a sessionmaker that is bound to one.")
    return engine


def make_skyportal_app(*arguments: Any, **named: Any) -> Application:
    """SkyPortal's application with the plugin in place of its own handlers.

    For `app.factory` in SkyPortal's configuration; takes what its `make_app` takes.
    """
    from .skyportal_host import make_app as make

    return make(*arguments, **named)


def make_app(config: Config, engine: Engine) -> tuple[Application, Services]:
    """The application on its own: the plugin, the page, health and figures."""
    app = Application(default_handler_class=NotFoundHandler, log_function=_log_nothing)
    services = mount(app, engine, config, page="/")
    known = {"services": services}
    app.settings["default_handler_args"] = known
    extra = [
        URLSpec("/healthz", health.HealthHandler, known),
        URLSpec("/metrics", health.MetricsHandler, known),
    ]
    app.add_handlers(".*", extra)
    return app, services


def _log_nothing(_: RequestHandler) -> None:
    """Requests are logged by `monitoring`, once."""


def _refuse_collisions(app: Application, prefix: str) -> None:
    base = f"{prefix}/photometric_series"
    paths = (base, f"{base}/1")
    for rule in _rules(app.wildcard_router.rules) + _rules(app.default_router.rules):
        pattern = rule.matcher.regex.pattern if isinstance(rule.matcher, PathMatches) else ""
        # A rule for just this path names it; a catch-all such as /api/.* does not.
        if "photometric_series" in pattern and any(re.match(pattern, path) for path in paths):
            raise ValueError(
                f"The application has a route for {base} already ({pattern}); "
                "pass replace=True to take it over."
            )


def _rules(rules: list[Rule]) -> list[Rule]:
    """All rules, those of nested routers included."""
    found = []
    for rule in rules:
        found.append(rule)
        found += _rules(getattr(rule.target, "rules", []))
    return found
