"""What `learn.toml` says of each field: whether a model may learn from it, and which way it may lean."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from roni.fields import Field, squeeze
from roni.model.model_field import KIND_OF

DIRECTIONS = {"rises": 1, "falls": -1, "free": 0}


@cache
def declared() -> Mapping[str, Any]:
    """The file as it stands."""
    return tomllib.loads((resources.files("roni") / "training" / "learn.toml").read_text("utf-8"))


def direction_of(item: Field) -> int:
    """1 where the log-odds may never fall as the field rises, -1 where they may never rise, 0 free.

    >>> from roni.fields import national
    >>> direction_of(national()["attendance"]), direction_of(national()["eal"])
    (-1, 0)
    """
    row = declared()["learn"].get(item.name)
    return 0 if row is None or item.type == "code" else DIRECTIONS[row["direction"]]


def sensitive(item: Field) -> str:
    """Which protected characteristic a field is, or stands for; "" where it is none."""
    return item.protected or (f"a proxy of {item.proxy}" if item.proxy else "")


def unusable(item: Field) -> str:
    """Why no model can learn from a field, whoever asks; "" where one can."""
    if item.type not in KIND_OF:
        return f"it is a {item.type}, which no model reads"
    return "" if item.scored else "the data dictionary lets nobody be scored by it"


def said_elsewhere(item: Field) -> bool:
    """Whether another field says the same, so that nobody misses this one."""
    return item.name in declared()["instead"]


def refusal(item: Field) -> str:
    """Why a field is not learnt from unless it is named, whatever the pupils; "" where there is no reason."""
    if said_elsewhere(item):
        return f"“{declared()['instead'][item.name]}” says it already"
    if item.local:
        return _recorded_after(item)
    return "" if item.name in declared()["learn"] else "it is not declared as one to learn from"


def _recorded_after(item: Field) -> str:
    """Why a council's own field tells of what happened later, by what it is called."""
    said = " | ".join(squeeze(text.replace("_", " ")) for text in (item.name, item.label, *item.headings))
    for row in declared()["after"]:
        if any(word in said for word in row["words"]):
            return f"recorded after the outcome or because of it: {row['why']}"
    return ""
