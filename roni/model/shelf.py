"""The shelf: a folder of models, and the log of which of them was promoted, by whom, when and why.

A model is looked for in the folder that `RONI_MODELS` names, then in `./models`, then among those that come with roni.
A promotion names a digest, so a model file that is exchanged under the same name is not the promoted one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

from roni.errors import ModelError
from roni.fields import Dictionary
from roni.model import NAME, Model
from roni.model.file import FILE, open_model
from roni.writers.destination import replacing

VARIABLE = "RONI_MODELS"
FOLDER = "models"
LOG, LOCK = "promotions.json", "promotions.lock"
PROMOTED, ROLLED_BACK = "promote", "rollback"


@dataclass(frozen=True)
class Entry:
    """A folder on a shelf that holds a model, or something that is refused as one: then `refused` says why."""

    name: str
    path: Path
    model: Model | None
    refused: str = ""


@dataclass(frozen=True)
class Promotion:
    """One line of the log: from `when` (UTC) on, this is the model for `check` ("": for every check)."""

    name: str
    digest: str
    note: str
    by: str
    when: str
    check: str = ""
    action: str = PROMOTED


def shelf_folder() -> Path:
    """The folder to which models are published: `RONI_MODELS`, else `./models`."""
    return Path(os.environ.get(VARIABLE) or FOLDER)


def shelves() -> list[Path]:
    """The folders in which a model is looked for, first to last."""
    shipped = Path(str(resources.files("roni").joinpath(FOLDER)))
    return list(dict.fromkeys([shelf_folder(), Path(FOLDER), shipped]))


def list_models(fields: Dictionary | None = None) -> list[Entry]:
    """Every model that can be named, in the order of names; of two of one name the one that is found first."""
    found: dict[str, Entry] = {}
    for shelf in shelves():
        for file in sorted(shelf.glob(f"*/{FILE}")):
            found.setdefault(file.parent.name, _entry(file.parent, fields))
    return [found[name] for name in sorted(found)]


def load_model(name_or_path: str | Path, fields: Dictionary | None = None) -> Model:
    """Load a model by its name on a shelf, or by the path of its folder or file.

    `fields` is the dictionary it is to be used with, the national one by default. Raises ModelError with the reason
    where it is not there, was changed, or reads a field that has changed.
    """
    if isinstance(name_or_path, str) and NAME.fullmatch(name_or_path):
        for shelf in shelves():
            if (shelf / name_or_path / FILE).is_file():
                return _of_its_folder(shelf / name_or_path, fields)
    path = Path(name_or_path)
    if path.exists():
        return open_model(path, fields)
    names = ", ".join(entry.name for entry in list_models(fields)) or "none"
    raise ModelError(f"“{name_or_path}” is neither a model on the shelf ({names}) nor the path of one.")


def promotions(shelf: Path) -> list[Promotion]:
    """The log of a shelf, oldest first. Raises ModelError where it cannot be read."""
    file = shelf / LOG
    keys = {item.name for item in fields(Promotion)}
    try:
        rows = json.loads(file.read_text("utf-8")) if file.exists() else []
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{file}: the log of promotions cannot be read.") from error
    if not isinstance(rows, list) or not all(_is_row(row, keys) for row in rows):
        raise ModelError(f"{file}: this is not a log of promotions.")
    return [Promotion(**row) for row in rows]


def promoted(shelf: Path, check: str = "") -> str | None:
    """The digest of the model promoted for a check, else of the one promoted for every check; None where none is."""
    record = _present(shelf, check)
    return None if record is None else record.digest


def in_use(shelf: Path) -> dict[str, str]:
    """The digest in use for each check that has a model of its own, and under "" for every other check."""
    checks = dict.fromkeys(item.check for item in promotions(shelf))
    stacks = {check: _in_force(shelf, check)[0] for check in sorted(checks)}
    return {check: stack[-1].digest for check, stack in stacks.items() if stack}


def load_promoted(shelf: Path, check: str = "", fields: Dictionary | None = None) -> Model | None:
    """The model promoted for a check, else the one for every check; None where none is.

    Raises ModelError where what is on the shelf now is not what was promoted.
    """
    record = _present(shelf, check)
    if record is None:
        return None
    model = _of_its_folder(shelf / record.name, fields)
    if model.digest != record.digest:
        raise ModelError(f"“{record.name}” is no longer the model that was promoted on {record.when}.")
    return model


def promote(shelf: Path, name: str, note: str, by: str, check: str = "", fields: Dictionary | None = None) -> Promotion:
    """Make a model of this shelf the one in use, for one check or for every check, and log it.

    Raises ModelError where it is not on this shelf, cannot be used, or nothing says why it is promoted.
    """
    if not note.strip():
        raise ModelError("Say in a note why this model is promoted: those who come later will ask.")
    if not NAME.fullmatch(name) or not (shelf / name / FILE).is_file():
        raise ModelError(f"“{name}” is not on the shelf “{shelf}”. Put it there first: only what is there is promoted.")
    model = _of_its_folder(shelf / name, fields)
    with _locked(shelf):
        return _append(shelf, Promotion(name, model.digest, note.strip(), by, _now(), check))


def rollback(shelf: Path, note: str, by: str, check: str = "", fields: Dictionary | None = None) -> Promotion:
    """Go back to the model that was promoted before the present one, and log that.

    Before the first one for a check stands the one for every check, which the check then follows.

    Raises ModelError where there is none, or where it is no longer on the shelf as it was.
    """
    with _locked(shelf):
        stack, every = _in_force(shelf, check)
        earlier = [*(every[-1:] if check and stack else []), *stack[:-1]]
        if not earlier:
            raise ModelError("No other model was promoted before this one, so there is nothing to go back to.")
        before = earlier[-1]
        if _of_its_folder(shelf / before.name, fields).digest != before.digest:
            raise ModelError(f"“{before.name}” is no longer the model that was promoted on {before.when}.")
        again = Promotion(before.name, before.digest, note.strip(), by, _now(), check, ROLLED_BACK)
        return _append(shelf, again)


def _present(shelf: Path, check: str) -> Promotion | None:
    return next((stack[-1] for stack in _in_force(shelf, check) if stack), None)


def _in_force(shelf: Path, check: str) -> tuple[list[Promotion], list[Promotion]]:
    """What stands, the present one last: for this check, and for every check. A rollback takes the last one off."""
    stacks: dict[str, list[Promotion]] = {check: [], "": []}
    for item in promotions(shelf):
        if item.check in stacks:
            stack = stacks[item.check]
            if item.action == PROMOTED:
                stack.append(item)
            elif stack:
                stack.pop()
    return stacks[check], stacks[""]


def _append(shelf: Path, record: Promotion) -> Promotion:
    rows = [asdict(item) for item in (*promotions(shelf), record)]
    with replacing(shelf / LOG) as part:
        part.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return record


@contextmanager
def _locked(shelf: Path) -> Iterator[None]:
    """One promotion at a time, so that none is lost."""
    lock = shelf / LOCK
    try:
        lock.touch(exist_ok=False)
    except FileExistsError as error:
        raise ModelError(f"Somebody else is promoting a model. If nobody is, delete “{lock}”.") from error
    except OSError as error:
        raise ModelError(f"The shelf “{shelf}” cannot be written to ({error.strerror}).") from error
    try:
        yield
    finally:
        with suppress(OSError):
            lock.unlink()


def _entry(folder: Path, fields: Dictionary | None) -> Entry:
    try:
        return Entry(folder.name, folder, _of_its_folder(folder, fields))
    except ModelError as error:
        return Entry(folder.name, folder, None, str(error))


def _of_its_folder(folder: Path, fields: Dictionary | None) -> Model:
    """The model in a folder of a shelf, which has the model's name."""
    model = open_model(folder, fields)
    if model.name != folder.name:
        raise ModelError(f"{folder}: this folder holds the model “{model.name}”. A folder has the name of its model.")
    return model


def _is_row(row: Any, keys: set[str]) -> bool:
    return isinstance(row, dict) and set(row) == keys and all(isinstance(value, str) for value in row.values())


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
