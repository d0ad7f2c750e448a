"""The service as a process: started on an empty folder, stopped in the middle of its work."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from roni import RoniError
from service.running import environment, require_free
from service.settings import Settings
from tests.service.processes import PATIENCE, start_service_process, stop_process


@dataclass
class Running:
    """A process of `roni serve`, and what it has said."""

    process: subprocess.Popen[bytes]
    address: str
    folder: Path

    @classmethod
    def start(cls, folder: Path, *words: str) -> Running:
        plain = {name: value for name, value in os.environ.items() if not name.startswith("RONI_")}
        process, port = start_service_process(folder, plain, *words)
        return cls(process, f"http://127.0.0.1:{port}", folder)

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(self.address + path, timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def stop(self) -> tuple[int, str, str]:
        """Exit status, what it said and what it logged."""
        stop_process(self.process)
        return self.process.returncode, *((self.folder / name).read_text("utf-8") for name in ("said.txt", "log.txt"))


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    made = Running.start(tmp_path)
    yield made
    stop_process(made.process)


def test_it_starts_on_an_empty_folder_and_stops_when_it_is_told(running: Running) -> None:
    assert running.get("/readyz") == (200, '{"status":"ok"}')
    assert running.get("/v1/checks")[0] == 401
    status, said, logged = running.stop()
    assert status == 0, logged
    assert re.search(r"The first administrator, said this once: \S+@\S+ with the password \S+", said)
    assert f"The service is at {running.address}" in said
    lines = [json.loads(line) for line in logged.splitlines()]
    assert {"route": "/v1/checks", "status": 401} in [
        {key: line.get(key) for key in ("route", "status")} for line in lines
    ]
    assert sorted(path.name for path in running.folder.iterdir()) == ["log.txt", "roni.db", "roni.secret", "said.txt"]


def test_several_workers_answer_and_count_together(tmp_path: Path) -> None:
    running = Running.start(tmp_path, "--workers", "2")
    try:
        for _ in range(20):
            assert running.get("/readyz")[0] == 200
        counted = re.search(r'route="/readyz",status="200"} (\d+)', running.get("/metrics")[1])
        assert counted is not None
        assert int(counted[1]) == 20
    finally:
        status, _, logged = running.stop()
    assert status == 0, logged


def test_a_port_in_use_is_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(RoniError, match=r"in use.*--port"):
        require_free("127.0.0.1", listener.getsockname()[1])


def test_settings_come_back_from_the_variables_they_are_passed_on_in() -> None:
    settings = Settings(database_url="sqlite:///x.db", secret="s", demo=True, local_accounts=False, upload_bytes=5)
    assert Settings.read(environment(settings)) == settings
