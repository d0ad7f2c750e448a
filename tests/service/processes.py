"""The service as a process of its own, for tests of what only a process has."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

PATIENCE = 60  # seconds


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def start_service_process(
    folder: Path, variables: Mapping[str, str], *words: str
) -> tuple[subprocess.Popen[bytes], int]:
    """`roni serve` on a free port, once it answers. What it says and logs goes into `said.txt` and `log.txt`."""
    port = free_port()
    command = [sys.executable, "-m", "roni", "serve", "--port", str(port), *words]
    with (folder / "said.txt").open("wb") as said, (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=dict(variables), stdout=said, stderr=log)
    limit = time.monotonic() + PATIENCE
    while time.monotonic() < limit:
        assert process.poll() is None, (folder / "log.txt").read_text("utf-8")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=PATIENCE):
                return process, port
        except OSError:
            time.sleep(0.1)
    process.kill()
    raise AssertionError("the service did not start")


def stop_process(process: subprocess.Popen[bytes]) -> None:
    """Tell it to stop and wait until it has; a process that does not is killed, and the test fails."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise
