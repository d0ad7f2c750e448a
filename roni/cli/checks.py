"""Two checks of the same schools: what changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from roni.cli.account import print_account
from roni.cli.console import print_json, print_table, say, working
from roni.cli.lists import NOT_CLEAN, PROBLEMS_SHOWN, SHOWN, USUAL_CARD, made_with
from roni.cli.options import (
    AsJson,
    Card,
    LocalFields,
    MappingFile,
    Maps,
    Output,
    Strict,
    Supplements,
    TrainedModel,
    Year,
    Years,
)
from roni.cli.request import Request
from roni.tally import account_in_numbers, is_clean, population

if TYPE_CHECKING:
    from roni.movement import Movement

MOVED = ("up", "new", "down", "left")  # what is shown in the terminal; the file has everybody


def compare(
    earlier: Annotated[Path, typer.Argument(metavar="NOVEMBER", help="The earlier file, or folder of files.")],
    later: Annotated[Path, typer.Argument(metavar="JANUARY", help="The later file, or folder of files.")],
    output: Output = None,
    scorecard: Card = USUAL_CARD,
    model: TrainedModel = None,
    check: Annotated[str, typer.Option("--check", help="The later check; the other is the one before.")] = "january",
    year: Year = None,
    years: Years = None,
    maps: Maps = None,
    mapping: MappingFile = None,
    supplements: Supplements = None,
    local: LocalFields = None,
    strict: Strict = False,
    as_json: AsJson = False,
) -> None:
    """Say what changed since the check before: who is new, left, up or down, and why.

    What the later files do not state again stands as it was, except attendance and other figures of a period. The
    same mapping and council lists are used for both.
    """
    from roni.model.shelf import load_model
    from roni.movement.carry import carry_over
    from roni.scorecard import load_scorecard
    from roni.scoring import score
    from roni.workbook import write_movement
    from roni.writers.destination import check_destination

    before_check, now_check = _checks(check, year)
    before = Request([earlier], *before_check, years, maps, mapping, supplements, local)
    if output:
        check_destination(output, [*before.inputs, later])
    card = load_scorecard(scorecard, before.dictionary())
    trained = load_model(model, before.dictionary()) if model else None
    previous = before.cohort()
    cohort = carry_over(Request([later], *now_check, years, maps, mapping, supplements, local).cohort(), previous)
    with working("Comparing"):
        now = score(cohort, card, trained)
        movement = now.since(score(previous, card, trained))
    if output:
        write_movement(movement, now, output)
    if as_json:
        told = {"counts": movement.counts(), "population": population(cohort), "now": account_in_numbers(cohort)}
        print_json(told | made_with(now) | {"notes": now.model_notes, "output": output and str(output)})
    else:
        _print_movement(movement)
        say(f"{population(cohort)}.")
        for note in now.model_notes:
            say(note)
        print_account(cohort, PROBLEMS_SHOWN)
        say(f"Everybody is in {output}." if output else "To keep it: -o changes.xlsx")
    if strict and not (is_clean(cohort) and is_clean(previous)):
        raise typer.Exit(NOT_CLEAN)


def _checks(later: str, year: str | None) -> tuple[tuple[str, str], tuple[str, str]]:
    """The check before and the later one, each with its academic year."""
    from roni.calendar import AcademicYear, check_names, get_check

    now = get_check(later, year)
    names = check_names()
    place = names.index(now.name)
    before = now.year if place else AcademicYear(now.year.start - 1)
    return (names[place - 1], str(before)), (now.name, str(now.year))


def _print_movement(movement: Movement) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    table = movement.to_table()
    moved = table.filter(pc.is_in(table.column("kind"), pa.array(MOVED)))
    rows = [_row(pupil) for pupil in moved.slice(0, SHOWN).to_pylist()]
    print_table(["change", "pupil", "before", "now", "why"], rows)
    say("; ".join(f"{count:,} {kind}" for kind, count in movement.counts().items()) + ".")


def _row(pupil: dict[str, Any]) -> list[str]:
    name = ", ".join(part for part in (pupil["surname"], pupil["forename"]) if part)
    return [pupil["kind"], name, _standing(pupil, "before"), _standing(pupil, "now"), pupil["why"]]


def _standing(pupil: dict[str, Any], when: str) -> str:
    band, points = pupil[f"band_{when}"], pupil[f"points_{when}"]
    return "" if band is None else f"{band} ({points})"
