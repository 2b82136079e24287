"""What operators see: a line per request, and figures for Prometheus."""

from __future__ import annotations

import asyncio
import logging
import weakref
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from sqlalchemy import Engine
from sqlalchemy.pool import QueuePool

from .workers import Workers

log = logging.getLogger("skyportal_series.requests")


class Monitoring:
    """Counts and logs the requests of one application."""

    def __init__(self, workers: Workers, engine: Engine) -> None:
        # Weak, as those whose client went away never finish.
        self._running: weakref.WeakSet[object] = weakref.WeakSet()
        self._registry = CollectorRegistry()
        known: dict[str, Any] = {"namespace": "skyportal_series", "registry": self._registry}
        self._requests = Counter("requests", "Requests", ["route", "method", "code"], **known)
        self._seconds = Histogram("request_seconds", "Durations", ["route", "method"], **known)
        self._uploads = Counter("uploads", "Series created or updated", **known)
        self._received = Counter("received_bytes", "Bytes of bodies received", **known)
        self._sent = Counter("sent_bytes", "Bytes of answers sent", **known)
        for name, meaning, value in (
            ("requests_running", "Requests at work", lambda: len(self._running)),
            ("workers_busy", "Workers at work", lambda: workers.busy),
            ("worker_restarts", "Workers that died or were ended", lambda: workers.restarts),
            ("database_connections", "Connections in use", lambda: _in_use(engine)),
        ):
            Gauge(name, meaning, **known).set_function(value)

    def begin(self, handler: object) -> None:
        """Note that `handler` is at work."""
        self._running.add(handler)

    def forget(self, handler: object) -> None:
        """Note that `handler` never will finish, as its client went away."""
        self._running.discard(handler)

    async def idle(self) -> None:
        """Wait until no request runs."""
        while self._running:
            await asyncio.sleep(0.05)

    def request(
        self,
        handler: object,
        route: str,
        method: str,
        path: str,
        code: int,
        seconds: float,
        request_id: str,
        sizes: tuple[int, int],
    ) -> None:
        """Note a finished request; `sizes` are the bytes of its body and of its answer."""
        self._running.discard(handler)
        received, sent = sizes
        self._requests.labels(route, method, str(code)).inc()
        self._seconds.labels(route, method).observe(seconds)
        if method in ("POST", "PATCH") and code < 300:
            self._uploads.inc()
        self._received.inc(received)
        self._sent.inc(sent)
        log.info(
            "%s %s %d %.1f ms",
            method,
            path,
            code,
            seconds * 1000,
            extra={
                "method": method,
                "path": path,
                "code": code,
                "milliseconds": round(seconds * 1000, 1),
                "request_id": request_id,
                "received": received,
                "sent": sent,
            },
        )

    def exposition(self) -> bytes:
        """The figures in Prometheus' text format."""
        return generate_latest(self._registry)


def _in_use(engine: Engine) -> int:
    """Connections that are checked out; a host's pool of another kind does not count them."""
    return engine.pool.checkedout() if isinstance(engine.pool, QueuePool) else 0
