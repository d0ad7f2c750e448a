"""README's way through the service with curl: its commands, as they stand there, against a running service."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.service.processes import start_service_process, stop_process

README = (Path(__file__).resolve().parents[2] / "README.md").read_text("utf-8")
SECTION = README[README.index("## Run the service") :].partition("\n## ")[0]
BLOCKS = re.findall(r"^```bash\n(.*?)^```$", SECTION, re.MULTILINE | re.DOTALL)
PORT = "8000"
PATIENCE = 120  # seconds


@pytest.fixture
def commands(tmp_path: Path) -> Path:
    """A folder for PATH in which `roni` is the one of these tests."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "roni").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m roni "$@"\n', "utf-8")
    (folder / "roni").chmod(0o755)
    return folder


def test_a_person_with_nothing_but_readme_and_curl_does_november_and_january(
    database_url: str, commands: Path, tmp_path: Path
) -> None:
    if shutil.which("curl") is None or shutil.which("bash") is None:
        pytest.skip("curl or bash is not installed")
    folder = tmp_path / "service"
    folder.mkdir()
    plain = {name: value for name, value in os.environ.items() if not name.startswith("RONI_")}
    variables = {**plain, "PATH": f"{commands}:{os.environ['PATH']}"}
    if not database_url.startswith("sqlite"):
        variables |= {"RONI_DATABASE_URL": database_url, "RONI_SECRET": "a long random text"}
    start, *rest = BLOCKS
    assert start.split() == ["roni", "serve"]
    process, port = start_service_process(folder, variables)
    try:
        script = "set -euo pipefail\n" + "\necho\n".join(rest).replace(f":{PORT}", f":{port}")
        done = subprocess.run(
            ["bash"], input=script, cwd=folder, env=variables, capture_output=True, text=True, timeout=PATIENCE,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    finally:
        stop_process(process)
    said = done.stdout
    assert '"reading":"191 blank, read as no"' in said
    assert "\nScorecard: " in said
    assert "\nWhy\n" in said
    assert (folder / "why.svg").read_text("utf-8").startswith("<svg")
    assert len((folder / "list.csv").read_text("utf-8-sig").splitlines()) == 189
    movement = json.loads(said[said.rindex('{"check":{') :])
    assert movement["counts"]["left"] == 1
    assert movement["items"][0]["why"]
    assert process.returncode == 0
    assert "Inventworth" not in (folder / "log.txt").read_text("utf-8")


def test_the_way_through_needs_nothing_but_curl() -> None:
    words = set(re.findall(r"^(?:\w+=\$\()?(\w+)", "\n".join(BLOCKS), re.MULTILINE))
    assert words <= {"roni", "ask", "made", "version", "token", "SERVICE", "ADMINISTRATOR", "ANALYST", "SCHOOL", "grep"}
