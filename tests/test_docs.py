"""README is run: its files are written, its commands typed, its Python executed, its claims looked up.

Where a command has come to print something else, and rightly so, `python tests/test_docs.py` writes it into README.
"""

from __future__ import annotations

import doctest
import os
import re
import shlex
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from roni.cli import app

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")
WIDTH = "96"
SET_UP_DEMO = "python3 -m venv .venv && .venv/bin/pip install -c constraints.txt '.[service]' && .venv/bin/roni demo"
SET_UP_TESTS = (
    "python3 -m venv .venv && .venv/bin/pip install -c constraints.txt -e '.[test]' && .venv/bin/python -m pytest"
)


@dataclass(frozen=True)
class Block:
    """A fenced block: what it is, the file it stands for, its text."""

    kind: str
    file: str
    text: str


FENCE = re.compile(r"^```(\w+) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = [Block(*found) for found in FENCE.findall(README)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that README shows."""
    return write_files(tmp_path_factory.mktemp("readme"))


def write_files(place: Path) -> Path:
    for block in BLOCKS:
        if block.file:
            (place / block.file).write_text(block.text, "utf-8")
    return place


def typed(command: str) -> Result:
    name, *arguments = shlex.split(command)
    assert name == "roni", command
    return CliRunner(env={"COLUMNS": WIDTH}).invoke(app, arguments)


def commands() -> list[tuple[str, str]]:
    """Each command of the console blocks and what README says it prints ("" where README says nothing)."""
    found = []
    for block in BLOCKS:
        if block.kind == "console":
            parts = re.split(r"^\$ (.*)\n", block.text, flags=re.MULTILINE)[1:]
            found += list(zip(parts[::2], parts[1::2], strict=True))
    return found


def test_the_commands_print_what_readme_says(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert commands(), "README shows no command"
    for command, says in commands():
        result = typed(command)
        assert result.exit_code == 0, f"{command}\n{result.output}"
        if says:
            assert result.stdout.strip() == says.strip(), command


def test_the_python_examples_give_what_readme_says(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    examples = "\n".join(block.text for block in BLOCKS if block.kind == "python")
    test = doctest.DocTestParser().get_doctest(examples, {}, "README.md", "README.md", 0)
    assert test.examples, "README shows no Python"
    assert doctest.DocTestRunner().run(test).failed == 0


@pytest.mark.parametrize("line", [SET_UP_DEMO, SET_UP_TESTS])
def test_a_set_up_command_stands_on_one_line(line: str) -> None:
    assert f"\n    {line}\n" in README


@pytest.mark.skipif(sys.platform == "win32", reason="the script is for bash")
def test_the_script_for_continuous_integration_runs_the_test_command_of_readme(tmp_path: Path) -> None:
    (tmp_path / ".ci").mkdir()
    (tmp_path / ".ci" / "run").write_text((ROOT / ".ci" / "run").read_text("utf-8"), "utf-8")
    (tmp_path / "README.md").write_text(README.replace(SET_UP_TESTS, "echo it runs && true pytest"), "utf-8")
    done = subprocess.run(["bash", ".ci/run"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["echo it runs && true pytest", "it runs"]


def test_every_requirement_has_an_exact_version_in_the_constraints() -> None:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pinned = {line.partition("==")[0] for line in lines if line and not line.startswith("#")}
    assert all(re.fullmatch(r"[a-z0-9-]+==[\w.]+", line) for line in lines if line and not line.startswith("#"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = project["dependencies"] + [item for extra in project["optional-dependencies"].values() for item in extra]
    names = {re.match(r"[\w-]+", item)[0].lower() for item in wanted}  # type: ignore[index]
    assert names - {"roni"} <= pinned  # an extra may ask for another of ours


def test_every_path_that_readme_names_is_there() -> None:
    named = re.findall(r"(?:tests|roni|\.ci)/[\w./]+\w", README)
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_command_that_readme_names_exists() -> None:
    named = set(re.findall(r"`roni (\w+)", README)) | {shlex.split(command)[1] for command, _ in commands()}
    printed = CliRunner().invoke(app, ["--help"]).output
    assert [name for name in sorted(named) if not re.search(rf"│ {name} ", printed)] == []


def main() -> None:
    """Write what the commands print now into README, wherever README shows what a command prints."""
    text = README
    with tempfile.TemporaryDirectory() as place:
        os.chdir(write_files(Path(place)))
        for command, says in commands():
            result = typed(command)
            if result.exit_code:
                sys.exit(f"README is left as it was: “{command}” failed.\n{result.output}")
            if says:
                text = text.replace(f"$ {command}\n{says}", f"$ {command}\n{result.stdout.strip()}\n")
        os.chdir(ROOT)
    (ROOT / "README.md").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
