"""What operators see: a line per request, and figures for Prometheus."""

from __future__ import annotations

import asyncio
import logging
import weakref

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from .workers import Workers

log = logging.getLogger("skyportal_series.requests")


class Monitoring:
    """Counts and logs the requests of one application."""

    def __init__(self, workers: Workers) -> None:
        # Weak, as those whose client went away never finish.
        self._running: weakref.WeakSet[object] = weakref.WeakSet()
        self._registry = CollectorRegistry()
        prefix = "skyportal_series"
        self._requests = Counter(
            f"{prefix}_requests", "Requests", ["route", "method", "code"], registry=self._registry
        )
        self._seconds = Histogram(
            f"{prefix}_request_seconds", "Durations", ["route", "method"], registry=self._registry
        )
        self._received = Counter(
            f"{prefix}_received_bytes", "Bytes of bodies received", registry=self._registry
        )
        self._sent = Counter(f"{prefix}_sent_bytes", "Bytes of answers", registry=self._registry)
        busy = Gauge(f"{prefix}_workers_busy", "Workers at work", registry=self._registry)
        busy.set_function(lambda: workers.busy)
        restarts = Gauge(
            f"{prefix}_worker_restarts", "Workers that died or were ended", registry=self._registry
        )
        restarts.set_function(lambda: workers.restarts)

    def begin(self, handler: object) -> None:
        """Note that `handler` is at work."""
        self._running.add(handler)

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
