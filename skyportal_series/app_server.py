"""The application on its own (`make_app`), and the routes in any Tornado application (`mount`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine
from tornado.routing import PathMatches, Rule, URLSpec
from tornado.web import Application, RequestHandler

from . import config as configuration
from .config import Config
from .handlers import data, health, openapi, page, plot, scan, series
from .handlers.base import NotFoundHandler
from .services import Authenticate, OnChange, Services


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
    engine: Engine,
    config: Mapping[str, Any] | Config | None = None,
    prefix: str = "/api",
    replace: bool = False,
    authenticate: Authenticate | None = None,
    on_change: OnChange | None = None,
) -> Services:
    """Add the plugin's routes to `app`, on the database of `engine`.

    Parameters
    ----------
    config
        The keys of config.yaml.defaults that differ, nested or with dots.
    replace
        Whether to take over routes that `app` has already.
    authenticate
        `authenticate(handler)` gives the `Actor` who asks, or None for nobody; it may be a
        coroutine. The default reads `Authorization: token …` against the table `tokens`.
    on_change
        `on_change(action, payload)` is told what pages should refresh.

    Returns
    -------
    Services
        The running parts; call `.close()` on it when the application ends.

    Raises
    ------
    ValueError
        Where `app` has one of the routes already, unless `replace`.
    ConfigError
        For an unknown key or a wrong type.
    """
    settings = config if isinstance(config, Config) else configuration.load((), config)
    if not replace:
        _refuse_collisions(app, prefix)
    services = Services.build(settings, engine, prefix, authenticate, on_change)
    app.add_handlers(".*", list(routes(services)))
    return services


def make_app(config: Config, engine: Engine) -> tuple[Application, Services]:
    """The application on its own: the plugin, the page, health and figures."""
    app = Application(default_handler_class=NotFoundHandler, log_function=_log_nothing)
    services = mount(app, engine, config)
    known = {"services": services}
    app.settings["default_handler_args"] = known
    extra = [
        URLSpec("/healthz", health.HealthHandler, known),
        URLSpec("/metrics", health.MetricsHandler, known),
        *page.routes(services.prefix),
    ]
    app.add_handlers(".*", extra)
    return app, services


def _log_nothing(_: RequestHandler) -> None:
    """Requests are logged by `monitoring`, once."""


def _refuse_collisions(app: Application, prefix: str) -> None:
    base = f"{prefix}/photometric_series"
    for rule in _rules(app.wildcard_router.rules) + _rules(app.default_router.rules):
        pattern = rule.matcher.regex.pattern if isinstance(rule.matcher, PathMatches) else ""
        # A rule for just this path names it; a catch-all such as /api/.* does not.
        if "photometric_series" in pattern and re.match(pattern, base):
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
