"""The account of a reading, printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from roni.cli.console import print_table, say
from roni.plural import counted
from roni.tally import NOT_KEPT_WORDS, OF_COLUMNS, not_kept_counts

if TYPE_CHECKING:
    from roni.cohort import Cohort
    from roni.errors import ProblemBlock

FILES_NAMED = 3
ROWS_NAMED = 5  # of a problem that many rows share


def print_readings(cohort: Cohort) -> None:
    """How each file and column was read, then the fields that each file has no column for."""
    for file in dict.fromkeys(item.file for item in cohort.readings):
        readings = [item for item in cohort.readings if item.file == file]
        rows = [(item.heading, item.field or "not used", item.reading) for item in readings if item.state in OF_COLUMNS]
        how = [f" ({item.reading})" for item in readings if item.state == "file"]
        say(f"{file}{''.join(how)}\n")
        print_table(["heading", "field", "how it was read"], rows)
        absent = [cohort.fields[item.field].label for item in readings if item.state == "absent" and item.field]
        if absent:
            say(f"No column, so not known for everyone: {', '.join(absent)}.\n")


def print_account(cohort: Cohort, most: int | None = None) -> None:
    """Rows, pupils and rows not kept, then what to put right: at most `most` things, or all."""
    say(_rows(cohort))
    for code, count in not_kept_counts(cohort).items():
        say(f"  {count:,} not kept ({code}): {NOT_KEPT_WORDS.get(code, code)}")
    blocks = cohort.problems.blocks
    if not blocks:
        say("No problems found.")
        return
    say(f"{counted(len(cohort.problems), 'problem')} to look at:")
    for block in blocks[:most]:
        say(f"  {_where(block)} ({block.code}): {next(iter(block)).message}")
    if most is not None and len(blocks) > most:
        say(f"  ... and more, of {counted(len(blocks) - most, 'kind')}: `roni validate` lists them all.")


def _rows(cohort: Cohort) -> str:
    kept = f"{counted(cohort.rows_read, 'row')} = {counted(len(cohort), 'pupil')} + {len(cohort.not_kept):,} not kept"
    files = ", ".join(cohort.files) if len(cohort.files) <= FILES_NAMED else f"{len(cohort.files)} files"
    return f"{files}: {kept}. {cohort.check} check."


def _where(block: ProblemBlock) -> str:
    if block.rows is None:
        return block.file
    rows = [str(row) for row in block.rows[:ROWS_NAMED].tolist()]
    more = len(block) - len(rows)
    named = f"row {rows[0]}" if len(block) == 1 else f"rows {', '.join(rows)}" + (f" and {more:,} more" if more else "")
    return f"{block.file}, {named}"
