"""From files to a list: validate, score."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from roni.cli.account import print_account, print_readings
from roni.cli.console import complain, print_json, print_table, say, working
from roni.cli.options import (
    AsJson,
    Capacity,
    Card,
    CheckName,
    Files,
    LocalFields,
    MappingFile,
    Maps,
    Output,
    SaveMapping,
    Strict,
    Supplements,
    TrainedModel,
    Year,
    Years,
)
from roni.cli.request import Request
from roni.tally import account, account_in_numbers, is_clean, population

if TYPE_CHECKING:
    from roni.cohort import Cohort
    from roni.register import Register

USUAL_CARD = "oxfordshire"  # the one card that a council has published and used; ours has no record yet
SHOWN = 20  # pupils, where no capacity is given
PROBLEMS_SHOWN = 8
NOT_CLEAN = 1  # exit status with --strict


def validate(
    files: Files,
    check: CheckName = None,
    year: Year = None,
    years: Years = None,
    maps: Maps = None,
    mapping: MappingFile = None,
    save_mapping: SaveMapping = None,
    supplements: Supplements = None,
    local: LocalFields = None,
    strict: Strict = False,
    as_json: AsJson = False,
) -> None:
    """Read files and say how each column was read and what to put right. Nothing is scored."""
    cohort = Request(files, check, year, years, maps, mapping, supplements, local).cohort()
    _keep_mapping(cohort, save_mapping)
    if as_json:
        print_json(account(cohort))
    else:
        print_readings(cohort)
        print_account(cohort)
    _finish(cohort, strict)


def score(
    files: Files,
    output: Output = None,
    scorecard: Card = USUAL_CARD,
    model: TrainedModel = None,
    check: CheckName = None,
    year: Year = None,
    years: Years = None,
    capacity: Capacity = None,
    maps: Maps = None,
    mapping: MappingFile = None,
    save_mapping: SaveMapping = None,
    supplements: Supplements = None,
    local: LocalFields = None,
    strict: Strict = False,
    as_json: AsJson = False,
) -> None:
    """Rank the pupils of a cohort, with the reasons for every point."""
    from roni.workbook import list_table, write_register
    from roni.writers.destination import check_destination

    request = Request(files, check, year, years, maps, mapping, supplements, local)
    if output:
        check_destination(output, request.inputs)
    register = request.register(scorecard, model)
    _keep_mapping(register.cohort, save_mapping)
    with working("Giving reasons"):
        table = list_table(register, capacity)
    if output:
        with working(f"Writing {output.name}"):
            write_register(register, output, capacity, table=table)
    if as_json:
        print_json(_summary(register, capacity, output))
    else:
        print_list(register, table, capacity or SHOWN)
        print_account(register.cohort, PROBLEMS_SHOWN)
        say(f"The whole list is in {output}." if output else "To keep the whole list: -o list.xlsx")
    _finish(register.cohort, strict)


def _keep_mapping(cohort: Cohort, path: Path | None) -> None:
    if path is None:
        return
    from roni.mapping import Choice, ColumnMapping

    read = [item for item in cohort.readings if item.heading]
    ColumnMapping({item.heading: Choice(item.field, item.choices) for item in read}).save(path)
    complain(f"How the columns were read is saved in {path}.")


def _finish(cohort: Cohort, strict: bool) -> None:
    if strict and not is_clean(cohort):
        raise typer.Exit(NOT_CLEAN)


def print_list(register: Register, table: Any, capacity: int) -> None:
    """The first pupils of the list, whoever else must be seen, and what is said of whole files. `table` is the list."""
    import pyarrow as pa

    short = register.top(capacity)
    shown = [int(place) for place in (*short.pupils, *short.displaced)]
    rank = register.rank
    in_list = [int(rank[place]) - 1 for place in shown]
    pupils = table.take(pa.array(in_list, pa.int64())).to_pylist()
    several_files = len(register.cohort.files) > 1
    rows = [_row(pupil, register, place, several_files) for pupil, place in zip(pupils, shown, strict=True)]
    print_table(["rank", "pupil", "year", "school", "band", "points", "chance", "reasons"], rows)
    say(short.sentence)
    say(f"{population(register.cohort)}.")
    for note in register.notes:
        say(note)


def _row(pupil: dict[str, Any], register: Register, place: int, several_files: bool) -> list[str]:
    name = ", ".join(part for part in (pupil["surname"], pupil["forename"]) if part)
    return [
        str(pupil["rank"]),
        name,
        str(pupil["year_group"] or ""),
        pupil["school"] or (pupil["file"] if several_files else ""),
        _could_be(pupil["band"], register.card.bands[register.could_be.band[place]].name),
        _could_be(pupil["points"], int(register.could_be.points[place])),
        pupil["chance"] or "",
        pupil["reasons"],
    ]


def _could_be(now: Any, most: Any) -> str:
    return str(now) if now == most else f"{now}, could be {most}"


def made_with(register: Register) -> dict[str, Any]:
    """Which scorecard and which model exactly, for `--json`."""
    card = register.card
    return {
        "scorecard": {"name": card.name, "version": card.version, "digest": card.digest},
        "model": register.model and {"name": register.model_name, "digest": register.model_digest},
    }


def _summary(register: Register, capacity: int | None, output: Path | None) -> dict[str, Any]:
    """What `roni score --json` prints: the account in numbers, bands, the cut."""
    cohort, card = register.cohort, register.card
    ranked = register.band[register.rank > 0]
    summary = account_in_numbers(cohort) | {
        "population": population(cohort),
        "check": cohort.check.name,
        "academic_year": str(cohort.check.year),
        **made_with(register),
        "bands": {band.name: int((ranked == place).sum()) for place, band in reversed([*enumerate(card.bands)])},
        "not_scored": int(register.assessment.restricted.sum()),
        "notes": register.notes,
        "output": str(output) if output else None,
    }
    if capacity is not None:
        short = register.top(capacity)
        summary["capacity"] = {"places": capacity, "displaced": len(short.displaced), "tied_at_cut": short.tied}
    return summary
