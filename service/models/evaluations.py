"""The figures of the evaluation that stands beside a model, as pictures for our own pages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from roni import Picture, RoniError, draw_evaluation
from service.models.shelf import FIGURES, Shelved

UNREADABLE = "The figures beside this model cannot be read. Look at the report, or have the model evaluated again."


def pictures_of(item: Shelved) -> tuple[list[Picture], str]:
    """The pictures of a model's evaluation, and the sentence that stands beside them or says why there are none."""
    path = item.file(FIGURES)
    if path is None:
        return [], "There are no figures of an evaluation beside this model."
    try:
        data = _data(path)
        said = ". ".join(str(data[name]).rstrip(".") for name in ("notice", "basis") if data.get(name))
        return draw_evaluation(data), f"{said}."
    except (OSError, ValueError, RecursionError, RoniError):
        return [], UNREADABLE


def _data(path: Path) -> dict[str, Any]:
    data = json.loads(path.read_bytes())
    if not isinstance(data, dict):
        raise RoniError(UNREADABLE)
    return data
