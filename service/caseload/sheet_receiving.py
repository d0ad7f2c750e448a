"""A team's sheet comes back: kept in a folder for as long as a process of its own reads it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, BinaryIO

from service.caseload.sheet_reading import KIND
from service.problems import Refusal
from service.settings import Settings
from service.uploads.reading import readers_of, working_folder


def rows_of(settings: Settings, name: str, file: BinaryIO) -> list[dict[str, Any]]:
    """The rows of a sheet. Raises a 413 or 422 where it is too big, or no such sheet."""
    with working_folder() as folder:
        path = folder / f"sheet{'.xlsx' if name.lower().endswith('.xlsx') else '.csv'}"
        _keep(file, path, settings.upload_bytes)
        result = readers_of(settings).read({"kind": KIND}, path, settings.upload_seconds)
    if "refused" in result:
        raise Refusal(422, result["refused"]["code"], result["refused"]["sentence"])
    return list(result["sheet"])


def _keep(file: BinaryIO, path: Path, most: int) -> None:
    with path.open("xb") as kept:
        shutil.copyfileobj(file, kept)
        if kept.tell() > most:
            raise Refusal(413, "too_big", "The file is too big. Send back only the sheet that was sent out.")
