"""The model that comes with roni, and how it is made: trained on invented pupils, so that everything can be tried.

    python -m roni.demo_model FOLDER

It says nothing about real young people, and says so wherever its probabilities appear.
"""

from __future__ import annotations

import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from roni.calendar import AcademicYear, get_check
from roni.readers.files import read_cohort
from roni.synthetic import make_authority, write_files

if TYPE_CHECKING:
    from roni.cohort import Cohort
    from roni.outcomes import Spells
    from roni.training import Progress

NAME = "demo"
SEED = 2026
SCHOOLS = 24
PUPILS_PER_YEAR = 200
YEARS = (2024, 2025)  # the school years of the November checks: leavers of 2025 and 2026
TRAINED_AT = date(2027, 6, 1)  # an invented day, after the outcome of the last of its leavers


def invented_leavers() -> tuple[list[Cohort], Spells]:
    """Year 11 at each November check, read from the files that the schools would have sent, and what became of them."""
    authority = make_authority(SEED, SCHOOLS, PUPILS_PER_YEAR, AcademicYear(YEARS[0]), len(YEARS))
    cohorts = []
    with tempfile.TemporaryDirectory() as folder:
        for year in YEARS:
            check = get_check("november", AcademicYear(year))
            files = write_files(authority, check, Path(folder) / str(year))
            cohorts.append(read_cohort(files, check, years=(11,)))
    first, *others = (authority.spells(year + 1) for year in YEARS)
    return cohorts, sum(others, start=first)


def make_demo_model(shelf: Path, progress: Progress | None = None) -> Path:
    """Train the model and put it on a shelf with its card and the report of how it was judged; returns its folder."""
    from roni.model.file import save_model
    from roni.training import train

    cohorts, spells = invented_leavers()
    model = train(
        cohorts, spells, name=NAME, report=shelf / NAME, trained_at=TRAINED_AT, random_state=SEED, progress=progress
    )
    return save_model(model, shelf)


if __name__ == "__main__":
    print(make_demo_model(Path(sys.argv[1] if len(sys.argv) > 1 else "models")))
