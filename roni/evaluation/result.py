"""The evaluation: every table of one run, frozen; as data, and as a page that needs nothing else."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from roni.errors import RoniError
from roni.evaluation.calibration import BandRate, Calibration
from roni.evaluation.capacity import AtLength, Difference, Ordering, Plan, Threshold
from roni.evaluation.completeness import Asking
from roni.evaluation.drift import Drift
from roni.evaluation.evidence import CONFIDENCE, FEWEST_NEET, FEWEST_PUPILS, plain
from roni.evaluation.groups import GroupTable
from roni.evaluation.population import INVENTED, POLICIES
from roni.evaluation.report import page_of
from roni.writers.destination import replacing

SCHEMA = 1
PAGE, DATA = "evaluation.html", "evaluation.json"


@dataclass(frozen=True)
class Evaluation:
    """What rankings of one cohort were worth. `split` is the sentence that stands beside every figure.

    `population`: counts of pupils. `curve`: every ranking at many list lengths, `at_capacity` at the one that can be
    served. `not_known`: the same by policy for pupils whose outcome is not known. `added`: what each field adds.
    `notes`: what a model asks to be said beside its figures.
    """

    title: str
    outcome: str
    split: str
    population: Mapping[str, Any]
    invented: bool
    capacity: int
    resamples: int
    rankings: tuple[tuple[str, str], ...]  # name and kind
    at_capacity: tuple[AtLength, ...]
    differences: tuple[Difference, ...]
    curve: tuple[AtLength, ...]
    orderings: tuple[Ordering, ...]
    calibrations: tuple[Calibration, ...]
    bands: tuple[BandRate, ...]
    thresholds: tuple[Threshold, ...]
    plans: tuple[Plan, ...]
    groups: tuple[GroupTable, ...]
    completeness: GroupTable | None
    not_known: Mapping[str, tuple[AtLength, ...]]
    asking: Asking | None = None
    added: Mapping[str, tuple[Difference, ...]] = dataclasses.field(default_factory=dict)
    drift: tuple[Drift, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def basis(self) -> str:
        """Events, pupils and split, in a sentence: what stands beside every figure."""
        count = self.population
        return (
            f"{count['neet']:,} NEET among {count['neet'] + count['not_neet']:,} pupils with a known outcome; "
            f"{count['not_known']:,} not known. {self.split}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data for JSON: a figure that the data cannot bear has value None and says why."""
        tables = {
            item.name: plain(getattr(self, item.name)) for item in dataclasses.fields(self) if item.name != "rankings"
        }
        about = {
            "schema": SCHEMA,
            "basis": self.basis,
            "notice": INVENTED if self.invented else "",
            "rankings": [{"name": name, "kind": kind} for name, kind in self.rankings],
            "confidence_pct": CONFIDENCE,
            "fewest_neet": FEWEST_NEET,
            "fewest_pupils": FEWEST_PUPILS,
            "not_known_policies": dict(POLICIES),
        }
        return about | tables

    def to_html(self) -> str:
        """A whole page in one file: no script, nothing fetched, every chart's numbers in a table too."""
        return page_of(self)

    def write(self, folder: str | Path) -> tuple[Path, Path]:
        """Write the page and the data into a folder, made if need be. Raises RoniError where it cannot be written."""
        place = Path(folder)
        try:
            place.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RoniError(f"“{place}” cannot be made ({error.strerror}). Choose another folder.") from error
        data = json.dumps(self.to_dict(), indent=1, ensure_ascii=False, allow_nan=False)
        for name, text in ((PAGE, self.to_html()), (DATA, data + "\n")):
            with replacing(place / name) as part:
                part.write_text(text, encoding="utf-8")
        return place / PAGE, place / DATA
