"""The upload template: a workbook that schools fill in, made from the data dictionary.

One column a field, under a heading that the reader knows; drop-downs and warnings that never refuse a value; a note on
each heading; a page on how to fill it in; the dictionary itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from roni.calendar import Check
from roni.fields import Dictionary, Field
from roni.writers.destination import Destination, replacing

MOST_PUPILS = 5_000  # rows with drop-downs: more than any school has in the years of a check
NEEDED = " *"  # after the heading of a column that every pupil needs; the reader drops punctuation
NUMBER_FORMATS = {"text": "@", "date": "DD/MM/YYYY", "count": "0", "percent": "0.0", "flag": "@", "code": "@"}
WIDTHS = {"text": 16.0, "date": 13.0, "count": 12.0, "percent": 12.0, "flag": 14.0, "code": 22.0}
NOTE_WIDTH, NOTE_LINE, NOTE_LETTERS = 330, 17, 46  # points, points a line, letters a line
FONT, LINE = "Calibri", 15  # and the points that a line of it takes
HEADING_FILL, NEEDED_FILL = "FFE7EBEE", "FF2B4C5E"
PAGE_WIDTHS = (30.0, 96.0)
FIELD_COLUMNS: Sequence[tuple[str, float]] = (
    ("Column", 30), ("What it is", 62), ("What to write", 44), ("What a blank says", 44), ("Who knows it", 22),
    ("Held from", 13), ("Where the series breaks", 40), ("Why it may be used", 62), ("Where that comes from", 50),
)  # fmt: skip


def write_template(
    path: Destination, fields: Dictionary, check: Check | None = None, years: Iterable[int] | None = None
) -> None:
    """Write the upload template of every listed field, replacing an existing file whole.

    `check` and `years` say on the page which pupils are asked for. Raises RoniError when it cannot be written.
    """
    from openpyxl import Workbook

    listed = [item for item in fields.values() if item.listed]
    asked = tuple(years) if years is not None else check.accepted_years if check else ()
    book = Workbook()
    pupils = book.active
    lists = book.create_sheet("Lists")
    _pupils(pupils, lists, listed, asked)
    _guide(book.create_sheet("How to fill this in"), check, asked, listed)
    _dictionary(book.create_sheet("Fields"), listed)
    lists.sheet_state = "hidden"
    book.move_sheet("Lists", offset=2)
    with replacing(path) as part:
        book.save(part)


def heading(item: Field) -> str:
    """The heading of a field's column: the first it is known by, marked where every pupil needs it."""
    first = item.headings[0] if item.headings else item.label
    return first + NEEDED if item.required else first


def choices(item: Field) -> list[str]:
    """What a drop-down offers: yes and no, or the codes; a code of capitals or digits stands before its label."""
    if item.type == "flag":
        return ["yes", "no"]
    return [label if code.islower() else f"{code} - {label}" for code, label in item.codes.items()]


def what_to_write(item: Field) -> str:
    """What a cell of the field's column should hold, as one sentence."""
    if item.type == "flag":
        return "Yes or no."
    if item.type == "code":
        return "Choose from the list."
    words = item.said.get("words", item.expects)
    return words[0].upper() + words[1:] + "."


def what_a_blank_says(item: Field) -> str:
    """What the reader makes of an empty cell, as the person filling it in should know it."""
    if item.blank_means is None:
        return "Not known."
    none = {"flag": "no", "count": "0"}.get(item.type) or item.codes[item.blank_means]
    return f"Not known, if the column says “{none}” for anybody; “{none}”, if it never does."


def _pupils(sheet: Any, lists: Any, listed: Sequence[Field], asked: Sequence[int]) -> None:
    from openpyxl.utils import get_column_letter

    sheet.title = "Pupils"
    for place, item in enumerate(listed, start=1):
        letter = get_column_letter(place)
        column = sheet.column_dimensions[letter]
        column.number_format = "0.0" if item.fraction else NUMBER_FORMATS[item.type]
        column.width = max(WIDTHS[item.type], *(len(word) + 3.0 for word in heading(item).split()))
        _head(sheet.cell(1, place, heading(item)), item)
        rule = _validation(item, lists, asked)
        if rule is not None:
            rule.add(f"{letter}2:{letter}{MOST_PUPILS + 1}")
            sheet.add_data_validation(rule)
    sheet.row_dimensions[1].height = 48
    sheet.freeze_panes = "B2"  # filled in on a screen, never printed: as wide as it has to be


def _head(cell: Any, item: Field) -> None:
    from openpyxl.comments import Comment

    _heading_look(cell, needed=item.required)
    text = _note(item)
    lines = sum(1 + len(line) // NOTE_LETTERS for line in text.split("\n"))
    cell.comment = Comment(text, "roni", width=NOTE_WIDTH, height=NOTE_LINE * (lines + 1))


def _heading_look(cell: Any, *, needed: bool = False) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill

    cell.font = Font(FONT, bold=True, color="FFFFFFFF" if needed else "FF000000")
    cell.fill = PatternFill("solid", start_color=NEEDED_FILL if needed else HEADING_FILL)
    cell.alignment = Alignment(wrap_text=True, vertical="top")


def _note(item: Field) -> str:
    lines = [item.definition, f"Write: {what_to_write(item)}", f"A blank says: {what_a_blank_says(item)}"]
    if item.required:
        lines.insert(0, "Needed for every pupil.")
    if item.supplier != "school":
        lines.append(f"Usually known to: {item.supplier}. If you are not told, leave the whole column blank.")
    if item.since:
        lines.append(f"Held since {_day(item.since)}.")
    lines += [f"{_day(item.on)}: {item.why}" for item in item.breaks]
    return "\n".join(lines)


def _validation(item: Field, lists: Any, asked: Sequence[int]) -> Any:
    """A warning, never a refusal: what does not fit is read as a problem, and the pupil stays."""
    from openpyxl.worksheet.datavalidation import DataValidation

    if item.type in ("flag", "code"):
        rule = DataValidation(type="list", formula1=_listed_in(lists, choices(item)))
    elif item.type in ("percent", "count"):
        rule = DataValidation(type="whole" if item.type == "count" and not item.fraction else "decimal")
        low, high = (min(asked), max(asked)) if item.name == "year_group" and asked else (item.minimum, item.maximum)
        rule.formula1 = f"{low or 0:g}"
        if high is None:
            rule.operator = "greaterThanOrEqual"
        else:
            rule.formula2 = f"{high:g}"
    elif item.type == "date":
        rule = DataValidation(type="date", operator="greaterThan", formula1="DATE(1990,1,1)")
    else:
        return None
    rule.errorStyle, rule.errorTitle, rule.error = "warning", heading(item)[:32], what_to_write(item)[:225]
    rule.showErrorMessage = rule.allow_blank = True
    return rule


def _listed_in(lists: Any, offered: Sequence[str]) -> str:
    """Put a drop-down's answers below the others, in one column: side by side they could be taken for headings."""
    first = lists.max_row + 1
    for row, text in enumerate(offered, start=first):
        lists.cell(row, 1, text)
    return f"Lists!$A${first}:$A${first + len(offered) - 1}"


def _guide(sheet: Any, check: Check | None, asked: Sequence[int], listed: Sequence[Field]) -> None:
    from openpyxl.styles import Alignment, Font

    for letter, width in zip("AB", PAGE_WIDTHS, strict=True):
        sheet.column_dimensions[letter].width = width
    for row, (term, words) in enumerate(_guidance(check, asked, listed), start=1):
        sheet.cell(row, 1, term).font = Font(FONT, bold=True, size=11 if words else 14)
        sheet.cell(row, 2, words or None).alignment = Alignment(wrap_text=True, vertical="top")
        sheet.cell(row, 1).alignment = Alignment(vertical="top", wrap_text=bool(words))
        sheet.row_dimensions[row].height = _height([(words, PAGE_WIDTHS[1])]) + 4
    _to_print(sheet, landscape=False)


def _guidance(check: Check | None, asked: Sequence[int], listed: Sequence[Field]) -> list[tuple[str, str]]:
    lines = [("How to fill this in", "")]
    if check:
        lines.append(("Which check", f"{check} check: facts as at {_day(check.on)}, returned by {_day(check.due)}."))
    if asked:
        years = f"Year{'s' if len(asked) > 1 else ''} {_joined(asked)}"
        lines.append(("Which pupils", f"Every pupil on roll in {years}, and those who have left since the last check."))
    lines += [
        ("One row a pupil", "On the sheet “Pupils”, below the headings. No totals, no blank lines between."),
        ("Columns with *", f"Needed for every pupil: {_joined(heading(item) for item in listed if item.required)}."),
        ("Other columns", "Fill in what the school knows. Leave a column that it does not know wholly blank."),
        ("A blank", "Never counts for or against a pupil by itself. The note on each heading says how it is read."),
        ("Not known", "Write “not known” where somebody looked and nobody knows."),
        ("Per cents", "Write 87.5, not 0.875."),
        ("Dates", "Write 17/07/2011."),
        ("Lists", "Click on a cell to choose. A warning can be passed over: nothing is refused."),
        ("Columns of your own", "They may stay. Those that we do not know are named and not kept."),
        ("Order of columns", "It does not matter. Headings may be reworded a little; do not leave them out."),
        ("Restricted sharing", "A parent, or a pupil of 16 or over, may tell the school to share only name, address "
         "and date of birth. Then give only these, and yes in “Sharing restricted (section 72)”."),
        ("Keep it safe", "Filled in, this file holds information about children. Send it only by the council’s own "
         "secure upload."),
    ]  # fmt: skip
    return lines


def _dictionary(sheet: Any, listed: Sequence[Field]) -> None:
    from openpyxl.styles import Alignment
    from openpyxl.utils import get_column_letter

    for place, (title, width) in enumerate(FIELD_COLUMNS, start=1):
        sheet.column_dimensions[get_column_letter(place)].width = width
        _heading_look(sheet.cell(1, place, title))
    for row, item in enumerate(listed, start=2):
        for place, text in enumerate(_described(item), start=1):
            sheet.cell(row, place, text or None).alignment = Alignment(wrap_text=True, vertical="top")
        widths = [width for _, width in FIELD_COLUMNS]
        sheet.row_dimensions[row].height = _height(zip(_described(item), widths, strict=True))
    sheet.freeze_panes = "B2"
    _to_print(sheet, landscape=True)


def _described(item: Field) -> tuple[str, ...]:
    written = "; ".join(choices(item)) if item.type == "code" else what_to_write(item)
    since = _day(item.since) if item.since else ""
    breaks = "\n".join(f"{_day(point.on)}: {point.why}" for point in item.breaks)
    source = item.source + (" [unverified]" if item.unverified and "[unverified]" not in item.source else "")
    told = (item.definition, written, what_a_blank_says(item), item.supplier)
    return (heading(item), *told, since, breaks, item.use, source)


def _height(cells: Iterable[tuple[str, float]]) -> float:
    """Points that the tallest of wrapped cells (text, width in letters) takes: not every program works it out."""
    lines = [sum(1 + int(len(line) // (width * 0.9)) for line in text.split("\n")) for text, width in cells]
    return LINE * max(lines)


def _to_print(sheet: Any, *, landscape: bool) -> None:
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.page_setup.orientation = "landscape" if landscape else "portrait"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.print_title_rows = "1:1" if landscape else None
    sheet.oddFooter.left.text, sheet.oddFooter.center.text = "&A", "Page &P of &N"


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _joined(parts: Iterable[object]) -> str:
    texts = [str(part).removesuffix(NEEDED) for part in parts]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"
