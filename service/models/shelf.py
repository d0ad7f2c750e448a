"""The shelf of models: the council's folder, then the models that come with the library. A file is never executed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from roni import Model, ModelError, list_models, national, open_model
from service.problems import Refusal
from service.settings import Settings

FILE = "model.json"
REPORT, FIGURES = "evaluation.html", "evaluation.json"
MOST_BYTES = 20_000_000  # of a report or its figures


@dataclass(frozen=True, slots=True)
class Shelved:
    """A model's folder: the model, or why it is refused."""

    name: str
    folder: Path
    model: Model | None
    refused: str = ""
    own: bool = True  # stands on the council's shelf; else it came with the library

    def file(self, name: str) -> Path | None:
        """A file beside the model, where there is one that is not absurdly large."""
        path = self.folder / name
        return path if path.is_file() and path.stat().st_size <= MOST_BYTES else None


def shelf(settings: Settings) -> list[Shelved]:
    """Every model that can be named, by name; of two of one name the council's own."""
    found = {place.parent.name: _opened(place.parent) for place in Path(settings.models).glob(f"*/{FILE}")}
    for entry in list_models(national()):
        refused = _plain(entry.refused, entry.path)
        found.setdefault(entry.name, Shelved(entry.name, entry.path, entry.model, refused, own=False))
    return [found[name] for name in sorted(found)]


def require_shelved(settings: Settings, name: str) -> Shelved:
    """What stands on the shelf under a name, refused or not. Raises a 404."""
    found = next((item for item in shelf(settings) if item.name == name), None)
    if found is None:
        raise Refusal(404, "not_found", "There is no model of this name on the shelf.")
    return found


def require_model(settings: Settings, name: str) -> Model:
    """The model of a name. Raises a 404, or a 422 where what stands there is refused."""
    found = require_shelved(settings, name)
    if found.model is None:
        raise Refusal(422, "model_refused", f"This model cannot be used: {found.refused}")
    return found.model


def _opened(folder: Path) -> Shelved:
    try:
        model = open_model(folder, national())
    except ModelError as error:
        return Shelved(folder.name, folder, None, _plain(str(error), folder))
    if model.name != folder.name:
        said = f"This folder holds the model “{model.name}”. A folder has the name of its model."
        return Shelved(folder.name, folder, None, said)
    return Shelved(folder.name, folder, model)


def _plain(sentence: str, folder: Path) -> str:
    """Why a model is refused, without where it stands on the server."""
    return sentence.replace(f"{folder}: ", "").replace(str(folder), folder.name)
