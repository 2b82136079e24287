"""`/healthz` and `/metrics`, for operators; on the stand-alone application alone."""

from __future__ import annotations

import os

import orjson

from ..database import trouble
from ..services import Services
from .base import BaseHandler


class _OpenHandler(BaseHandler):
    async def prepare(self) -> None:
        """Nobody needs to say who they are."""

    def initialize(self, services: Services) -> None:
        self.services = services  # not counted, not logged: probes come every few seconds
        self.request_id = ""

    def on_finish(self) -> None:
        """Nothing to note."""


class HealthHandler(_OpenHandler):
    """200 where requests can be served, else 503 and why."""

    async def get(self) -> None:
        services = self.services
        database = await services.sql.thread(trouble, services.sql.engine)
        writable = await services.sql.thread(os.access, services.store.spool, os.W_OK)
        checks = {
            "database": database or "ok",
            "folder": "ok" if writable else "The series folder is not writable.",
            "workers": "ok" if services.workers.alive else "The workers have been stopped.",
        }
        ready = all(state == "ok" for state in checks.values())
        self.set_status(200 if ready else 503)
        self.set_header("Content-Type", "application/json; charset=UTF-8")
        self.finish(orjson.dumps({"status": "ready" if ready else "not ready", "checks": checks}))


class MetricsHandler(_OpenHandler):
    """Prometheus' text format."""

    def get(self) -> None:
        self.set_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.finish(self.services.monitoring.exposition())
