"""Training: pupils of earlier checks and what became of them in, a model on the shelf and its report out."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from roni.cli.console import console, print_json, print_table, say
from roni.cli.followed import AsAt, Destinations, read_day, read_spells
from roni.cli.lists import USUAL_CARD
from roni.cli.options import AsJson, Capacity, Card, CheckName, LocalFields, MappingFile, Maps, Supplements, Year
from roni.cli.request import Request, year_groups
from roni.errors import RoniError

if TYPE_CHECKING:
    from roni.calendar import Check
    from roni.cohort import Cohort
    from roni.model import Model
    from roni.outcomes import Outcome, Spells
    from roni.training import Progress

Files = Annotated[
    list[Path], typer.Argument(help="The files of one check, or a folder of them: pupils as they were then.")
]
Name = Annotated[str, typer.Option("--name", help="What to call the model: small letters, digits, - and _.")]
Shelf = Annotated[
    Path | None, typer.Option("--models", help="The shelf. Usual: RONI_MODELS, else the folder “models”.")
]
Replace = Annotated[bool, typer.Option("--replace", help="Replace a model of that name.")]
AskedOutcome = Annotated[
    str | None,
    typer.Option(
        "--outcome",
        help="neet-on=2027-03-01; ever=2026-09-01..2027-08-31; or months=4 (of NEET without a break in the school year "
        "after, or months=4,2026-09-01..2027-03-31). Of the last check’s pupils; earlier ones are asked about as many "
        "years earlier. Usual: NEET on 1 March after Year 11.",
    ),
]
Earlier = Annotated[
    list[str] | None,
    typer.Option("--earlier", metavar="YEAR=PATH", help="The same check of an earlier year. May be repeated."),
]
Scoring = Annotated[
    str | None,
    typer.Option("--scoring", metavar="YEAR=PATH", help="The pupils that the model is for: fields must be alike."),
]
Use = Annotated[
    list[str] | None, typer.Option("--use", metavar="FIELD", help="Learn from these fields only. May be repeated.")
]
Protected = Annotated[bool, typer.Option("--protected", help="Learn from protected characteristics and proxies too.")]
NotKnown = Annotated[str, typer.Option("--not-known", help="Destination not known: exclude, as_neet or as_not_neet.")]
Caseloaded = Annotated[
    Path | None, typer.Option("--caseloaded", help="A list (UPN, Surname, ...) of pupils who were given help.")
]
EngineText = Annotated[str, typer.Option("--engine", help="auto, smooth or boosted.")]
SplitText = Annotated[
    str | None, typer.Option("--split", help="Hold back by time, random, school or district. Usual: time if it can.")
]
Jobs = Annotated[int, typer.Option("--jobs", help="Fits side by side; -1 for one a processor.")]
LearnYears = Annotated[str, typer.Option("--years", help="Year groups to learn from.")]
FIGURES = ("recall of", "area under")  # of the card's, those that are printed


OF_YEAR = re.compile(r"\d{4}/\d{2}=")  # a council list of another year: `--supplement 2024/25=care.csv,field=...`


def train(
    files: Files,
    destinations: Destinations,
    name: Name,
    models: Shelf = None,
    again: Replace = False,
    outcome: AskedOutcome = None,
    as_at: AsAt = None,
    earlier: Earlier = None,
    scoring: Scoring = None,
    use: Use = None,
    protected: Protected = False,
    not_known: NotKnown = "exclude",
    caseloaded: Caseloaded = None,
    engine: EngineText = "auto",
    split: SplitText = None,
    scorecard: Card = USUAL_CARD,
    capacity: Capacity = None,
    jobs: Jobs = 1,
    check: CheckName = None,
    year: Year = None,
    years: LearnYears = "11",
    maps: Maps = None,
    mapping: MappingFile = None,
    supplements: Supplements = None,
    local: LocalFields = None,
    as_json: AsJson = False,
) -> None:
    """Train a model on earlier leavers, judge it on pupils it has not seen, and put it on the shelf with its card."""
    from roni.model.file import save_model
    from roni.model.shelf import shelf_folder

    every = Request(files, check, year, years, maps, mapping, supplements, local)
    request = replace(every, supplements=[text for text in supplements or () if not OF_YEAR.match(text)])
    shelf = models or shelf_folder()
    if (shelf / name).exists() and not again:
        raise RoniError(f"“{shelf / name}” is there already. Choose another name, or say --replace.")
    cohorts = [*(_of_year("--earlier", text, every) for text in earlier or ()), request.cohort()]
    how: dict[str, Any] = {"fields": use, "protected": protected, "not_known": not_known, "years": year_groups(years)}
    how |= {"scorecard": scorecard, "capacity": capacity, "split": split}
    how["outcome"] = read_outcome(outcome, cohorts[-1].check)
    how["caseloaded"] = _keys(caseloaded) if caseloaded else ()
    how["scoring"] = _of_year("--scoring", scoring, every) if scoring else None
    spells = read_spells(destinations, as_at)
    model = _train(cohorts, spells, name=name, engine=engine, n_jobs=jobs, report=shelf / name, **how)
    _print(model, save_model(model, shelf), as_json)


def _train(cohorts: list[Cohort], spells: Spells, *, engine: str, **how: Any) -> Model:
    from roni.training import ENGINES, train

    if engine not in ENGINES:
        raise RoniError(f"--engine: “{engine}” is none. Allowed are: {', '.join(ENGINES)}.")
    with counted() as progress:
        return train(cohorts, spells, engine=ENGINES[engine], progress=progress, **how)


def _of_year(option: str, text: str, request: Request) -> Cohort:
    """The same check of another year, read as the files of this one are, with the lists given as `YEAR=FILE...`."""
    year, stated, path = text.partition("=")
    if not stated:
        raise RoniError(f"{option}: “{text}” is not YEAR=PATH. Write it as 2024/25=november-2024.")
    lists = [given.partition("=")[2] for given in request.supplements or () if given.startswith(f"{year}=")]
    return replace(request, files=[Path(path)], year=year, supplements=lists).cohort()


def read_outcome(text: str | None, check: Check) -> Outcome | None:
    """The outcome that a text states, of the leavers of a check; None for the usual one. Raises RoniError.

    >>> from roni.calendar import get_check
    >>> read_outcome("months=4", get_check("november", "2025/26")).words
    'NEET for 4 months or more without a break from 2026-09-01 to 2027-08-31'
    """
    from roni.outcomes import Outcome

    if text is None:
        return None
    kind, _, rest = text.partition("=")
    if kind == "neet-on":
        return Outcome.neet_on(read_day("--outcome", rest) or check.on)
    months, _, days = rest.partition(",") if kind == "months" else ("0", "", rest)
    first, stated, last = days.partition("..")
    if kind not in ("ever", "months") or not re.fullmatch(r"\d{1,2}", months) or (days and not stated):
        raise RoniError(f"--outcome: “{text}” cannot be read. Write neet-on=DATE, ever=DATE..DATE or months=4.")
    after = check.year.start + 1
    start, end = read_day("--outcome", first or f"{after}-09-01"), read_day("--outcome", last or f"{after + 1}-08-31")
    if start is None or end is None or end < start:
        raise RoniError(f"--outcome: “{text}” ends before it starts.")
    return Outcome(start, end, int(months))


def _keys(file: Path) -> list[str]:
    """The UPNs of a list of pupils. Raises RoniError where it has none."""
    from roni.fields import national
    from roni.headings import Headings
    from roni.identity import PERMANENT, TEMPORARY, read_upns
    from roni.readers.destinations import HEADINGS
    from roni.readers.extract import plain
    from roni.readers.table import read_tables

    found: list[str] = []
    known = Headings(national())
    for table in read_tables(file, lambda heading: known.find(heading) is not None):
        for heading, column in zip(table.headings, table.columns, strict=True):
            if plain(heading) in HEADINGS["upn"]:
                found += read_upns(column).where(PERMANENT, TEMPORARY).drop_null().to_pylist()
    if not found:
        raise RoniError(f"{file.name}: there is no UPN in it. A list of pupils who were given help has a column UPN.")
    return found


@contextmanager
def counted() -> Iterator[Progress | None]:
    """Shows how far the work has come, on a terminal only."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console(stderr=True), transient=True) as shown:
        task = shown.add_task("training", total=None)
        yield lambda done, total, what: shown.update(task, completed=done, total=total, description=what)


def _print(model: Model, folder: Path, as_json: bool) -> None:
    from dataclasses import asdict

    from roni.evaluation.result import PAGE

    if as_json:
        print_json({"name": model.name, "digest": model.digest, "folder": str(folder), "card": asdict(model.card)})
        return
    say(f"{model.card.what}\n{model.card.trained_on}\n")
    shown = [item for item in model.card.measured if item.name.startswith(FIGURES) and "added" not in item.name]
    rows = [(item.name, item.of, item.text, f"{item.events:,} of {item.pupils:,}", item.split) for item in shown]
    print_table(["figure", "of", "value (95 % interval)", "NEET", "held back"], rows)
    for line in (*model.notes, *(note for note in model.card.notes if note.startswith("Left out"))):
        say(line)
    say(f"The model and its card are in {folder}; how it was judged is in {folder / PAGE}.")
    say(f"Look at it with: roni model show {model.name}. To put it to use: roni model promote {model.name} --note WHY")
