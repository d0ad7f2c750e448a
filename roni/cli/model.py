"""Trained models on the shelf: list, show, compare, promote, rollback; and one as a scorecard of whole points."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from roni.cli.console import print_json, print_table, say
from roni.cli.lists import USUAL_CARD
from roni.cli.options import AsJson, Card, CheckName, LocalFields, Year
from roni.cli.request import Request

if TYPE_CHECKING:
    from roni.model import Model
    from roni.model.shelf import Entry, Promotion

models = typer.Typer(no_args_is_help=True, help="List, show, compare and promote trained models.")

Name = Annotated[str, typer.Argument(help="The name of a model on the shelf, or its path.", show_default=False)]
ForCheck = Annotated[
    str, typer.Option("--check", metavar="CHECK", help="Such as “november 2026/27”. Usual: every check.")
]
By = Annotated[str | None, typer.Option("--by", help="Who decided. Usual: who is logged in.")]


@models.command("list")
def list_models(local: LocalFields = None, as_json: AsJson = False) -> None:
    """List the models that can be named, and for which checks each is promoted."""
    from roni.model import shelf

    entries = shelf.list_models(_dictionary(local))
    in_use = shelf.in_use(shelf.shelf_folder())
    if as_json:
        print_json([_listed(entry, in_use) for entry in entries])
        return
    rows = [_row(entry, in_use) for entry in entries]
    print_table(["name", "digest", "trained", "pupils", "promoted", "folder", "what it is"], rows)
    if not rows:
        say(f"There is no model in “{shelf.shelf_folder()}”. `roni train` makes one.")


@models.command("show")
def show_model(name: Name, local: LocalFields = None, as_json: AsJson = False) -> None:
    """Show a model whole: what each value of each field adds, then its card."""
    from roni.index_card import index_card
    from roni.model import document
    from roni.model.shelf import load_model

    fields = _dictionary(local)
    model = load_model(name, fields)
    if as_json:
        print_json({**document(model), "digest": model.digest})
    else:
        say(index_card(model, fields))
        say(model.card.to_markdown(model.name, model.digest))


@models.command("compare")
def compare_models(
    first: Name,
    second: Name,
    files: Annotated[
        list[Path] | None, typer.Argument(help="Cohort files: how many pupils would change band.", show_default=False)
    ] = None,
    scorecard: Card = USUAL_CARD,
    check: CheckName = None,
    year: Year = None,
    local: LocalFields = None,
    as_json: AsJson = False,
) -> None:
    """Put two models side by side: fields, measured figures and, with files, whose band would change."""
    from roni.index_card import compared
    from roni.model.shelf import load_model

    request = Request(files or [], check, year, fields=local)
    pair = [load_model(name, request.dictionary()) for name in (first, second)]
    lines = list(compared(*pair))
    bands = _bands(pair, request, scorecard) if files else {}
    if as_json:
        print_json(
            {
                "models": [{"name": model.name, "digest": model.digest} for model in pair],
                "lines": [{"what": what, "first": one, "second": other} for what, one, other in lines],
                "bands": [{"first": one, "second": other, "pupils": count} for (one, other), count in bands.items()],
            }
        )
        return
    print_table(["what", *(model.name for model in pair)], lines)
    print_table([f"band by {model.name}" for model in pair] + ["pupils"], [(*key, f"{bands[key]:,}") for key in bands])
    if files:
        moved = sum(count for (one, other), count in bands.items() if one != other)
        say(f"{moved:,} of {sum(bands.values()):,} pupils would change band, by the models alone.")


@models.command("points")
def write_points(
    name: Name,
    output: Annotated[Path, typer.Option("-o", "--output", help="The .toml file to write.")],
    scorecard: Annotated[
        str, typer.Option("--scorecard", help="Whose bands the card has: a scorecard’s name or path (TOML).")
    ] = USUAL_CARD,
    local: LocalFields = None,
) -> None:
    """Write a model as a scorecard of whole points, which can be printed, and run with `roni score --scorecard`."""
    from roni.model.shelf import load_model
    from roni.points_card import NOT_MEASURED, card_of_model
    from roni.scorecard import load_scorecard
    from roni.writers.destination import check_destination, replacing

    check_destination(output, [given for given in (local, Path(scorecard)) if given], suffixes=(".toml",))
    fields = _dictionary(local)
    model = load_model(name, fields)
    text = card_of_model(model, fields, load_scorecard(scorecard, fields))
    with replacing(output) as part:
        part.write_text(text, encoding="utf-8")
    say(load_scorecard(output, fields).to_text())
    for line in (*model.notes, NOT_MEASURED):
        say(line)
    say(f"The card is in {output}. To use it: roni score FILES --scorecard {output}")


@models.command("promote")
def promote_model(
    name: Annotated[str, typer.Argument(help="The name of a model on the shelf.", show_default=False)],
    note: Annotated[str, typer.Option("--note", help="Why: what was measured, who agreed.")],
    check: ForCheck = "",
    by: By = None,
    local: LocalFields = None,
) -> None:
    """Make a model the one in use, and log it: which exactly, when, by whom and why."""
    from roni.model import shelf

    done = shelf.promote(shelf.shelf_folder(), name, note, by or _who(), _check(check), _dictionary(local))
    _say_in_use(done, shelf.shelf_folder())
    for line in shelf.load_model(name, _dictionary(local)).notes:
        say(line)


@models.command("rollback")
def roll_back(
    note: Annotated[str, typer.Option("--note", help="Why.")] = "",
    check: ForCheck = "",
    by: By = None,
    local: LocalFields = None,
) -> None:
    """Go back to the model that was promoted before, and log it."""
    from roni.model import shelf

    done = shelf.rollback(shelf.shelf_folder(), note, by or _who(), _check(check), _dictionary(local))
    _say_in_use(done, shelf.shelf_folder())


def _say_in_use(done: Promotion, folder: Path) -> None:
    whole = f"for the {done.check} check" if done.check else "for every check"
    say(f"{done.name} (digest {done.digest[:12]}) is the model in use {whole}. Logged in {folder}, by {done.by}.")


def _bands(pair: list[Model], request: Request, scorecard: str) -> dict[tuple[str, str], int]:
    from roni.index_card import bands_between
    from roni.scorecard import load_scorecard

    card = load_scorecard(scorecard, request.dictionary())
    return bands_between(pair[0], pair[1], request.cohort(), card)


def _row(entry: Entry, in_use: dict[str, str]) -> list[str]:
    model = entry.model
    if model is None:
        return [entry.name, "", "", "", "", str(entry.path.parent), f"refused: {entry.refused}"]
    what = f"{model.card.what} (invented pupils)" if model.card.synthetic else model.card.what
    promoted = ", ".join(check or "every check" for check in _promoted_for(model, in_use))
    folder = str(entry.path.parent)
    return [model.name, model.digest[:12], model.card.trained_at, f"{model.card.pupils:,}", promoted, folder, what]


def _listed(entry: Entry, in_use: dict[str, str]) -> dict[str, Any]:
    model = entry.model
    if model is None:
        return {"name": entry.name, "path": str(entry.path), "refused": entry.refused}
    return {
        "name": model.name,
        "path": str(entry.path),
        "digest": model.digest,
        "trained_at": model.card.trained_at,
        "synthetic": model.card.synthetic,
        "promoted": model.digest == in_use.get(""),
        "promoted_for": _promoted_for(model, in_use),
    }


def _promoted_for(model: Model, in_use: dict[str, str]) -> list[str]:
    """The checks for which this very model is in use; "" is every check without one of its own."""
    return [check for check, digest in in_use.items() if digest == model.digest]


def _check(text: str) -> str:
    """A check as the log names it: “november 2026/27”."""
    from roni.calendar import get_check

    if not text:
        return ""
    name, _, year = text.partition(" ")
    found = get_check(name, year.strip() or None)
    return f"{found.name} {found.year}"


def _who() -> str:
    import getpass

    from roni.errors import RoniError

    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError) as error:
        raise RoniError("Say with --by who decided: nobody is logged in here by name.") from error


def _dictionary(local: Path | None) -> Any:
    return Request([], fields=local).dictionary()
