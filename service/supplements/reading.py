"""Reading a council list: what runs in the process that reads files. Plain values in, plain values out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from roni import Supplement, read_supplement

KIND = "list"  # of a job, so that the process knows that it is not a school's file


def read_list(job: Mapping[str, Any]) -> dict[str, Any]:
    """A list as `ListedPupils.to_dict()`. Raises RoniError where the file is refused or says nothing of anybody."""
    supplement = Supplement(
        Path(job["path"]),
        field=job["field"],
        as_at=date.fromisoformat(job["as_at"]),
        complete=job["complete"],
        years=tuple(job["years"]),
        name=job["name"],
    )
    return read_supplement(supplement, job["check"], job["year"]).to_dict()
