"""A school's office at a browser: its small files, how they are sent and confirmed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.browser.service import Live, path_of
from tests.browser.steps import press
from tests.browser.visitor import Visitor
from tests.service.uploading import NOVEMBER, csv, open_check, pupil

OWN = "100001"
LOOKS, BETWEEN_LOOKS = 200, 300  # milliseconds: a file that is not read in a minute never will be


def started(live: Live, **options: Any) -> tuple[Visitor, str]:
    """A data manager on her school's page of a check."""
    check = open_check(live.service, NOVEMBER)
    her = live.as_("returns", **options)
    her.open(f"/checks/{check}")
    return her, check


def roll(*numbers: int, **cells: Any) -> dict[str, Any]:
    """A small file of a school, as a browser sends it."""
    content = csv([pupil(number, **cells) for number in numbers])
    return {"name": "roll.csv", "mimeType": "text/csv", "buffer": content}


def upload(visitor: Visitor, file: Path | dict[str, Any]) -> None:
    """Send a file from the page that the visitor is on."""
    visitor.page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    press(visitor, "Upload and check")
    wait_until_read(visitor)


def wait_until_read(visitor: Visitor) -> None:
    """Wait while the page says that the file is being read."""
    for _ in range(LOOKS):
        if not visitor.page.get_by_role("heading", name="Reading your file").is_visible():
            return
        visitor.page.wait_for_timeout(BETWEEN_LOOKS)
    raise AssertionError("the file is still being read")


def confirm(visitor: Visitor, name: str = "Confirm the roll") -> None:
    """Say that everybody is on the roll, and confirm it."""
    visitor.page.get_by_label("Everybody in this file").check()
    press(visitor, name)


def open_summary(visitor: Visitor) -> None:
    """From an upload's own page to its summary."""
    visitor.open(path_of(visitor) + "/summary")
