"""Calling the service as its people do: over HTTP, with a token of each, stopping at the first refusal."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx2
import uvicorn
from fastapi import FastAPI

from roni import RoniError

PATIENCE = 120  # seconds for one answer, and for the start
CALM = {"log_config": None, "access_log": False, "log_level": "critical"}


class Callers:
    """The people of a council, each with a client of their own."""

    def __init__(self, address: str, tokens: Mapping[str, str]) -> None:
        self.clients = {
            who: httpx2.Client(base_url=address, headers={"authorization": f"Bearer {token}"}, timeout=PATIENCE)
            for who, token in tokens.items()
        }

    def __call__(self, who: str, method: str, path: str, **more: Any) -> httpx2.Response:
        """The answer to one request of somebody's."""
        answer = self.clients[who].request(method, path, **more)
        if answer.is_error:
            said = answer.json().get("detail", "") if "json" in answer.headers.get("content-type", "") else ""
            raise RoniError(f"{method} {path} was answered with {answer.status_code}. {said}")
        return answer

    def close(self) -> None:
        for client in self.clients.values():
            client.close()


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """The app on a free port of this machine while the block lasts: its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, **CALM))  # type: ignore[arg-type]
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    limit = time.monotonic() + PATIENCE
    while not server.started:
        if not thread.is_alive() or time.monotonic() > limit:
            raise RoniError("The service did not start.")
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
