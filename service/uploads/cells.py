"""Cells as they stand in the file, read when somebody looks at what is wrong with them, and kept nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from roni import show_rows
from service.uploads import questions
from service.uploads.staging import check_of

KIND = "cells"


def read_cells(job: Mapping[str, Any]) -> dict[int, Mapping[str, str]]:
    """In the process that reads files: row -> heading -> text, of the rows that a job names."""
    told = {**questions.mapping_of(job["answers"]), **job["mapping"]}
    return show_rows(job["path"], job["rows"], check_of(job["check"]), mapping=told or None)
