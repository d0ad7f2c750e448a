"""What every test may use."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import pytest

PICTURES = "RONI_SCREENSHOTS"  # the folder of the pictures of pages: one for all processes that test


def pytest_configure(config: pytest.Config) -> None:
    """Make a folder for the pictures where none is named, before other processes are started."""
    if PICTURES not in os.environ:
        os.environ[PICTURES] = config.stash[OURS] = tempfile.mkdtemp(prefix="roni-pages-")


OURS = pytest.StashKey[str]()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say where the pictures are."""
    folder = Path(os.environ[PICTURES])
    if folder.is_dir() and any(folder.iterdir()):
        terminalreporter.write_line(f"Pictures of the pages are in {folder}")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave no empty folder."""
    if OURS in config.stash and not any(Path(config.stash[OURS]).iterdir()):
        Path(config.stash[OURS]).rmdir()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of example files beside the project; absent on most machines."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the example files are not beside this project")
    return folder
