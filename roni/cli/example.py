"""A whole run on invented pupils, for somebody who has no file at hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from roni.cli.account import print_account
from roni.cli.console import say, working
from roni.cli.lists import USUAL_CARD, print_list
from roni.cli.options import Year
from roni.errors import RoniError

if TYPE_CHECKING:
    from roni.calendar import Check

FOLDER = Path("roni-example")
SEED = 2026
SCHOOLS = 5
PUPILS_PER_YEAR = 60
PLACES = 15  # of the list that is printed
PROBLEMS_SHOWN = 6
LIST = "list.xlsx"
CHECKS = ("november", "january")  # a folder of files each


def example(
    folder: Annotated[Path, typer.Option("--folder", help="A new or empty folder for the invented files.")] = FOLDER,
    year: Year = None,
) -> None:
    """Invent an authority, write the files that its schools would send, read them, and print the ranked list."""
    from roni.calendar import get_check
    from roni.readers.files import read_cohort
    from roni.scorecard import load_scorecard
    from roni.scoring import score
    from roni.workbook import list_table, write_register

    check = get_check(CHECKS[0], year)
    with working("Inventing an authority and writing its schools’ files"):
        files = _write_files(_empty(folder), check)
    with working("Reading them and scoring"):
        register = score(read_cohort(files, check), load_scorecard(USUAL_CARD))
        table = list_table(register, PLACES)
        write_register(register, folder / LIST, PLACES, table=table)
    say(f"Nobody here is real. The files of {len(files)} invented schools, with mistakes, are in {files[0].parent}.\n")
    print_list(register, table, PLACES)
    say()
    print_account(register.cohort, PROBLEMS_SHOWN)
    say(f"\nWhy the first pupil is first:\n\n{register.explain(table.column('key')[0].as_py()).text}")
    _say_what_next(folder, files, check, table.column("upn")[0].as_py())


def _empty(folder: Path) -> Path:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RoniError(f"“{folder}” is there already, and nothing in it is replaced. Choose another with --folder.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RoniError(f"“{folder}” cannot be made ({error.strerror}). Choose another with --folder.") from error
    return folder


def _write_files(folder: Path, check: Check) -> list[Path]:
    """The files of both checks of the year; the paths of those of `check`."""
    from roni.calendar import get_check
    from roni.synthetic import make_authority, write_files

    authority = make_authority(SEED, SCHOOLS, PUPILS_PER_YEAR, first_year=check.year, years=1)
    written = {name: write_files(authority, get_check(name, check.year), folder / name) for name in CHECKS}
    return written[check.name]


def _say_what_next(folder: Path, files: list[Path], check: Check, upn: str) -> None:
    year = f"--check {check.name} --year {check.year}"
    say("Try next:")
    say(f"  open {folder / LIST}, the list as a coach would print it")
    say(f"  roni validate {files[0]} {year}")
    say(f"  roni explain {files[0].parent} --upn {upn} {year}")
    say(f"  roni compare {files[0].parent} {folder / CHECKS[1]} --year {check.year}")
    say("  roni scorecard show oxfordshire")
    say("  roni score YOUR-FILE.csv -o list.xlsx")
