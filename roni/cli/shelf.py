"""What is on the shelf: scorecards, fields, the upload template."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from roni.cli.console import print_json, print_table, say
from roni.cli.options import AsJson, CheckName, LocalFields, Year

if TYPE_CHECKING:
    from roni.fields import Dictionary, Field
    from roni.scorecard import Scorecard

scorecards = typer.Typer(no_args_is_help=True, help="List, show or check scorecards.")

CardName = Annotated[
    str, typer.Argument(help="The name of a scorecard, or the path of one (TOML).", show_default=False)
]


@scorecards.command("list")
def list_scorecards(as_json: AsJson = False) -> None:
    """List the scorecards that come with roni."""
    from roni.scorecard import load_scorecard, scorecard_names

    cards = [load_scorecard(name) for name in scorecard_names()]
    if as_json:
        print_json([_heading_of(card) for card in cards])
        return
    rows = [(card.name, card.version, card.on.isoformat(), _years(card), card.title) for card in cards]
    print_table(["name", "version", "date", "year groups", "title"], rows)


@scorecards.command("show")
def show_scorecard(name: CardName, local: LocalFields = None, as_json: AsJson = False) -> None:
    """Show what a scorecard counts, in the words that its reasons use."""
    from roni.scorecard import load_scorecard

    fields = _dictionary(local)
    card = load_scorecard(name, fields)
    if as_json:
        print_json(_whole(card, fields))
    else:
        say(card.to_text())


@scorecards.command("check")
def check_scorecard(
    path: Annotated[Path, typer.Argument(help="The path of a scorecard (TOML).", show_default=False)],
    local: LocalFields = None,
) -> None:
    """Check a scorecard that you wrote: exit 0 if it can be used, 2 and a sentence if not."""
    from roni.scorecard import load_scorecard

    card = load_scorecard(path, _dictionary(local))
    say(f"{path.name}: {card.title}, version {card.version}, can be used. Most points possible: {card.most}.")


def fields(
    name: Annotated[str | None, typer.Argument(help="One field, to see everything about it.")] = None,
    local: LocalFields = None,
    as_json: AsJson = False,
) -> None:
    """List the data dictionary, or show one field of it."""
    dictionary = _dictionary(local)
    chosen = [_find(dictionary, name)] if name else list(dictionary.values())
    if as_json:
        print_json([_declared(item) for item in chosen])
    elif name:
        _print_field(chosen[0])
    else:
        rows = [(item.name, item.type, item.family, item.supplier, item.label) for item in chosen]
        print_table(["field", "type", "family", "from", "what it is"], rows)


def template(
    output: Annotated[Path, typer.Option("-o", "--output", help="The .xlsx file to write.")],
    check: CheckName = None,
    year: Year = None,
    local: LocalFields = None,
) -> None:
    """Write the workbook that schools fill in: headings, drop-downs, notes."""
    from roni.calendar import get_check
    from roni.writers.destination import check_destination
    from roni.writers.template import write_template

    check_destination(output, suffixes=(".xlsx",))
    chosen = get_check(check, year)
    write_template(output, _dictionary(local), chosen)
    say(f"{output}: the template for the {chosen} check.")


def _heading_of(card: Scorecard) -> dict[str, Any]:
    return {
        "name": card.name,
        "title": card.title,
        "version": card.version,
        "date": card.on.isoformat(),
        "years": list(card.years),
        "most_points": card.most,
        "digest": card.digest,
    }


def _whole(card: Scorecard, fields: Dictionary) -> dict[str, Any]:
    indicators = [
        {
            "name": item.name,
            "label": item.label,
            "family": item.family,
            "tiers": [{"points": tier.points, "when": tier.when.words(fields)} for tier in item.tiers],
            "enabled": item.enabled,
            "justification": item.justification,
            "source": item.source,
        }
        for item in card.indicators
    ]
    bands = [{"name": band.name, "at_least": band.at_least, "meaning": band.meaning} for band in card.bands]
    inclusions = [
        {"name": item.name, "band": item.band, "when": item.when.words(fields), "source": item.source}
        for item in card.inclusions
    ]
    return _heading_of(card) | {"indicators": indicators, "bands": bands, "inclusions": inclusions}


def _years(card: Scorecard) -> str:
    return ", ".join(str(year) for year in card.years)


def _dictionary(local: Path | None) -> Dictionary:
    from roni.fields import national

    return national().with_local(local) if local else national()


def _find(dictionary: Dictionary, name: str) -> Field:
    from roni.errors import RoniError
    from roni.headings import Headings

    headings = Headings(dictionary)
    known = name if name in dictionary else headings.find(name)
    if known is None:
        near = headings.nearest(name)
        raise RoniError(f"There is no field “{name}”. " + (f"Did you mean “{near}”?" if near else "See `roni fields`."))
    return dictionary[known]


def _declared(item: Field) -> dict[str, Any]:
    """Every line of a declaration that says something."""
    from dataclasses import asdict

    return {key: value for key, value in asdict(item).items() if value not in (None, "", (), [], {})}


def _print_field(item: Field) -> None:
    say(f"{item.name}: {item.label}\n{item.definition}")
    say(f"A cell holds {item.expects}." + (f" A blank is read as {item.blank_means}." if item.blank_means else ""))
    for code, meaning in item.codes.items():
        say(f"  {code}: {meaning}")
    say(f"Headings it is known by: {'; '.join(item.headings) or 'only its name'}.")
    say(f"Supplied by {item.supplier}, due from the {item.due} check. Seen by: {item.audience.replace('_', ' ')}.")
    say(f"Why it may be used: {item.use}")
    if item.needs_justification:
        say("A scorecard that scores it must say why: it is protected, special category, or stands in for such a fact.")
    say(f"Source: {item.source}")
