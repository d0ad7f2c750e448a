"""Counts and durations of requests by route template, for Prometheus, and one log line a request.

The labels are the method, the route with its placeholders, and the status: nothing of who asked or about whom.
"""

from __future__ import annotations

import logging
import os
import time

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.problems import route_of

log = logging.getLogger("roni.requests")
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)
SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # where several workers add up their counts, as prometheus_client has it
UNFINISHED = 499  # the caller went away before there was an answer


class Measures:
    """The counts of one app."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "route")
        self.requests = Counter("roni_requests", "Requests answered.", (*labels, "status"), registry=self.registry)
        self.seconds = Histogram(
            "roni_request_seconds", "Time to the last byte.", labels, registry=self.registry, buckets=SECONDS
        )

    def add(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request, and log it."""
        self.requests.labels(method, route, str(status)).inc()
        self.seconds.labels(method, route).observe(seconds)
        extra = {"method": method, "route": route, "status": status, "seconds": round(seconds, 4)}
        log.info("request", extra=extra)

    def text(self) -> bytes:
        """All of it as Prometheus reads it; of every worker where there are several."""
        if SHARED_FOLDER not in os.environ:
            return generate_latest(self.registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return generate_latest(together)


class Measured:
    """Measures every request that passes."""

    def __init__(self, app: ASGIApp, measures: Measures) -> None:
        self.app, self.measures = app, measures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and count it however it ends."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), UNFINISHED

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noting)
        except Exception:
            status = 500  # answered outside of this
            raise
        finally:
            method = scope["method"] if scope["method"] in METHODS else "OTHER"
            self.measures.add(method, route_of(scope), status, time.perf_counter() - began)
