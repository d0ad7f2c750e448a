"""Whether a list helps: rankings of an earlier check judged by what became of the pupils."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from roni.cli.console import print_json, print_table, say, working
from roni.cli.followed import AsAt, Destinations, read_day, read_spells
from roni.cli.lists import USUAL_CARD
from roni.cli.options import AsJson, CheckName, Files, LocalFields, MappingFile, Maps, Supplements, Year, Years
from roni.cli.request import Request
from roni.errors import RoniError

if TYPE_CHECKING:
    from roni.calendar import Check
    from roni.cohort import Cohort
    from roni.evaluation import Evaluation, Ranking
    from roni.evaluation.completeness import Asking
    from roni.model import Model
    from roni.outcomes import Outcome, Outcomes
    from roni.scorecard import Scorecard

# Month and day of the school year after the check's on which NEET is looked at; this project's choice.
FOLLOW_UP = (3, 1)
RESAMPLES = 1000


def evaluate(
    files: Files,
    destinations: Destinations,
    capacity: Annotated[int, typer.Option("--capacity", min=1, help="How many pupils can be seen.")],
    output: Annotated[Path | None, typer.Option("-o", "--output", help="A folder for the report.")] = None,
    scorecards: Annotated[
        list[str] | None, typer.Option("--scorecard", help="A scorecard’s name or path. May be repeated.")
    ] = None,
    model: Annotated[str | None, typer.Option("--model", help="A model’s name on the shelf, or its path.")] = None,
    on: Annotated[str | None, typer.Option("--on", metavar="DATE", help="NEET on this day.")] = None,
    since: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="Or NEET at any time from this day")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="DATE", help="to this day,")] = None,
    months: Annotated[int, typer.Option("--months", min=0, help="for so many months or more without a break.")] = 0,
    as_at: AsAt = None,
    earlier: Annotated[
        str | None,
        typer.Option("--earlier", help="The same check’s file a year before, or CHECK=FILE of this year."),
    ] = None,
    completed: Annotated[
        Path | None,
        typer.Option("--completed", help="The same pupils, gaps filled: what asking would have gained."),
    ] = None,
    hours: Annotated[float | None, typer.Option("--hours", min=0, help="A coach’s hours for one pupil.")] = None,
    resamples: Annotated[int, typer.Option("--resamples", min=100, help="For the intervals.")] = RESAMPLES,
    check: CheckName = None,
    year: Year = None,
    years: Years = None,
    maps: Maps = None,
    mapping: MappingFile = None,
    supplements: Supplements = None,
    local: LocalFields = None,
    as_json: AsJson = False,
) -> None:
    """Judge lists of an earlier check by what became of the pupils: who was caught, who was missed, by group."""
    from roni.outcomes import label_outcomes
    from roni.scorecard import load_scorecard

    request = Request(files, check, year, years, maps, mapping, supplements, local)
    cards = [load_scorecard(name, request.dictionary()) for name in scorecards or [USUAL_CARD]]
    trained = _model(model, request)
    cohort = request.cohort()
    outcomes = label_outcomes(read_spells(destinations, as_at), _outcome(cohort.check, on, since, until, months))
    before = _earlier(request, earlier, cohort.check) if earlier else None
    asking = (
        _asking(request, completed, cohort, outcomes, cards[0], trained, capacity, resamples) if completed else None
    )
    options = {"earlier": before, "asking": asking, "hours": hours, "resamples": resamples}
    _report(cohort, outcomes, cards, trained, output, as_json, capacity, options)


def _report(
    cohort: Cohort,
    outcomes: Outcomes,
    cards: list[Scorecard],
    model: Model | None,
    output: Path | None,
    as_json: bool,
    capacity: int,
    options: dict[str, Any],
) -> None:
    from roni import evaluation

    with working("Judging the lists"):
        rankings = _rankings(cohort, cards, model)
        notes = model.notes_on(cohort) if model else ()
        found = evaluation.evaluate(cohort, outcomes, rankings, capacity, notes=notes, **options)
    written = found.write(output) if output else None
    if as_json:
        print_json(found.to_dict())
    else:
        _print(found)
        say(f"The report is {written[0]}; its numbers are {written[1]}." if written else "For the report: -o FOLDER")


def _earlier(request: Request, text: str, check: Check) -> Cohort:
    """The cohort of `FILE`, the same check a year before, or of `CHECK=FILE`, another check of the same year."""
    from roni.calendar import AcademicYear, check_names

    name, stated, path = text.partition("=")
    if stated and name.strip().lower() in check_names():
        return replace(request, files=[Path(path)], check=name, year=str(check.year)).cohort()
    return replace(request, files=[Path(text)], check=check.name, year=str(AcademicYear(check.year.start - 1))).cohort()


def _asking(
    request: Request,
    file: Path,
    cohort: Cohort,
    outcomes: Outcomes,
    card: Scorecard,
    model: Model | None,
    capacity: int,
    resamples: int,
) -> Asking:
    from roni import evaluation
    from roni.scoring import score

    filled = replace(request, files=[file]).cohort()
    label = outcomes.for_keys(cohort.keys)
    return evaluation.value_of_asking(
        lambda pupils: score(pupils, card, model), cohort, filled, label, capacity, resamples
    )


def _model(name: str | None, request: Request) -> Model | None:
    from roni.model.shelf import load_model

    return load_model(name, request.dictionary()) if name else None


def _rankings(cohort: Cohort, cards: list[Scorecard], model: Model | None) -> list[Ranking]:
    """Each card; the model, and the first card with it; two lists that need neither."""
    from roni import evaluation
    from roni.order import RANKED
    from roni.scoring import score

    registers = [score(cohort, card) for card in cards]
    listable = registers[0].section == RANKED
    found = [evaluation.ranking_of_register(register.card.name, register) for register in registers]
    if model:
        alone = model.probability(cohort)
        found.append(evaluation.ranking_of_probability(f"model {model.name}", alone, listable=listable))
        both = score(cohort, cards[0], model)
        found.append(evaluation.ranking_of_register(f"{cards[0].name} with model {model.name}", both))
    flags = evaluation.count_of_flags(registers[0].assessment)
    return [*found, evaluation.attendance_alone(cohort, listable), flags]


def _outcome(check: Check, on: str | None, since: str | None, until: str | None, months: int) -> Outcome:
    from roni.outcomes import Outcome

    start, end = read_day("--from", since), read_day("--to", until)
    if (start is None) != (end is None) or (start and on) or (months and not start):
        raise RoniError("Say when NEET is looked at: --on DATE, or --from DATE --to DATE, the latter with --months.")
    if start and end:
        return Outcome.persistently_neet(start, end, months) if months else Outcome.ever_neet(start, end)
    return Outcome.neet_on(read_day("--on", on) or date(check.year.start + 2, *FOLLOW_UP))


def _print(found: Evaluation) -> None:
    from roni.evaluation.page import figure_text
    from roni.evaluation.population import INVENTED

    rows = [
        (
            row.ranking,
            "" if row.caught is None else f"{row.caught:,.1f} of {found.population['neet']:,}",
            figure_text(row.recall, 100),
            figure_text(row.precision, 100),
            figure_text(row.to_see, 1),
        )
        for row in found.at_capacity
    ]
    say(f"Lists of {found.capacity:,} pupils; outcome: {found.outcome}.\n")
    print_table(["ranking", "NEET in the list", "recall, %", "precision, %", "pupils to see for one NEET"], rows)
    say(found.basis)
    for note in (*([INVENTED] if found.invented else []), *found.notes):
        say(note)
