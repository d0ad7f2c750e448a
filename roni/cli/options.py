"""The options that commands share, and what their texts mean."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Files = Annotated[
    list[Path], typer.Argument(help="Cohort files (CSV, XLSX, Parquet), or a folder of them.", show_default=False)
]
Output = Annotated[
    Path | None, typer.Option("-o", "--output", help="Write the list to this .csv, .xlsx or .parquet file.")
]
Card = Annotated[str, typer.Option("--scorecard", help="The name of a scorecard, or the path of one (TOML).")]
TrainedModel = Annotated[
    str | None, typer.Option("--model", help="The name of a trained model on the shelf, or its path. Usual: none.")
]
CheckName = Annotated[str | None, typer.Option("--check", help="november or january. Usual: the one of this season.")]
Year = Annotated[str | None, typer.Option("--year", help="Academic year, such as 2026/27. Usual: this one.")]
Years = Annotated[str | None, typer.Option("--years", help="Year groups to keep, such as 11, 9-11 or 10,11.")]
Maps = Annotated[
    list[str] | None,
    typer.Option(
        "--map", metavar="HEADING=FIELD", help="Read a column as a field. “Heading=” leaves it out. May be repeated."
    ),
]
MappingFile = Annotated[Path | None, typer.Option("--mapping", help="A saved mapping file (TOML).")]
SaveMapping = Annotated[
    Path | None, typer.Option("--save-mapping", help="Save how the columns were read, to use again with --mapping.")
]
Supplements = Annotated[
    list[str] | None,
    typer.Option(
        "--supplement",
        metavar="FILE[,as-at=DATE][,complete][,field=NAME]",
        help="A council-held list to join by UPN. May be repeated.",
    ),
]
LocalFields = Annotated[Path | None, typer.Option("--fields", help="A council’s own fields (TOML).")]
Strict = Annotated[bool, typer.Option("--strict", help="Exit with 1 if any row was not kept or any problem was found.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Capacity = Annotated[
    int | None, typer.Option("--capacity", min=1, help="How many pupils can be seen: the length of the list shown.")
]
