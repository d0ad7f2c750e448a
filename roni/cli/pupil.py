"""One pupil: why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from roni.cli.console import complain, print_json, say
from roni.cli.lists import USUAL_CARD
from roni.cli.options import (
    AsJson,
    Card,
    CheckName,
    Files,
    LocalFields,
    MappingFile,
    Maps,
    Supplements,
    TrainedModel,
    Year,
    Years,
)
from roni.cli.request import Request
from roni.errors import RoniError

if TYPE_CHECKING:
    from roni.cohort import Cohort


def explain(
    files: Files,
    upn: Annotated[str | None, typer.Option("--upn", help="The pupil’s UPN.")] = None,
    row: Annotated[int | None, typer.Option("--row", help="The pupil’s row, as a spreadsheet numbers it.")] = None,
    key: Annotated[str | None, typer.Option("--id", help="Another identifier, as in the list’s column “key”.")] = None,
    svg: Annotated[Path | None, typer.Option("--svg", help="Draw it too, in this .svg file.")] = None,
    scorecard: Card = USUAL_CARD,
    model: TrainedModel = None,
    check: CheckName = None,
    year: Year = None,
    years: Years = None,
    maps: Maps = None,
    mapping: MappingFile = None,
    supplements: Supplements = None,
    local: LocalFields = None,
    as_json: AsJson = False,
) -> None:
    """Explain one pupil's points in plain English."""
    from roni.writers.destination import check_destination, replacing

    if sum(given is not None for given in (upn, row, key)) != 1:
        raise RoniError("Say which pupil: one of --upn, --row and --id.")
    request = Request(files, check, year, years, maps, mapping, supplements, local)
    if svg:
        check_destination(svg, request.inputs, suffixes=(".svg",))
    register = request.register(scorecard, model)
    found = register.explain(_key(register.cohort, upn, row, key))
    if svg:
        drawing = found.svg()
        if not drawing:
            raise RoniError(f"{svg.name}: this pupil has no score, so there is nothing to draw.")
        with replacing(svg) as part:
            part.write_text(drawing, encoding="utf-8")
        complain(f"The drawing is in {svg}.")
    if as_json:
        print_json(found.to_dict())
    else:
        say(found.text)


def _key(cohort: Cohort, upn: str | None, row: int | None, key: str | None) -> str:
    if row is not None:
        return _key_of_row(cohort, row)
    return key if key is not None else _key_of_upn(cohort, upn or "")


def _key_of_upn(cohort: Cohort, upn: str) -> str:
    """A pupil's key is the UPN as a rule, but not where it is badly formed or another identifier goes first."""
    import numpy as np
    import pyarrow.compute as pc

    same = pc.equal(pc.utf8_upper(cohort.column("upn")), upn.strip().upper()).fill_null(False)
    places = np.flatnonzero(same)
    if len(places) > 1:
        rows = "; ".join(f"{cohort.files[cohort.file_index[place]]} --row {cohort.row[place]}" for place in places)
        raise RoniError(f"{len(places)} pupils have this UPN. Say which, by one file and its row: {rows}.")
    return str(cohort.keys[int(places[0])].as_py()) if len(places) else upn


def _key_of_row(cohort: Cohort, row: int) -> str:
    import numpy as np

    if len(cohort.files) > 1:
        raise RoniError("--row needs one file: the same row number stands in each. Use --upn or --id.")
    places = np.flatnonzero(cohort.row == row)
    if not len(places):
        gone = [item.code for item in cohort.not_kept if item.row == row]
        why = f"was not kept ({gone[0]})" if gone else "is no pupil"
        raise RoniError(f"{cohort.files[0]}: row {row} {why}. Count rows as a spreadsheet does, headings too.")
    return str(cohort.keys[int(places[0])].as_py())
