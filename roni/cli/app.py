"""The app: every command of `roni`, registered; each one's body imports what it needs when it is called."""

from __future__ import annotations

from typing import Annotated

import typer

from roni.cli import checks, evaluate, example, lists, model, pupil, shelf, train
from roni.cli.console import prepare_streams
from roni.cli.group import Commands
from roni.version import VERSION

app = typer.Typer(
    name="roni",
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Risk-of-NEET lists for English schools and councils: read a cohort file, rank it, explain it.",
    epilog="Try `roni example` first: it needs no file of your own.",
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"roni {VERSION}")
        raise typer.Exit


@app.callback()
def roni(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """The options of `roni` itself."""


app.command("example")(example.example)
app.command("template")(shelf.template)
app.command("validate")(lists.validate)
app.command("score")(lists.score)
app.command("explain")(pupil.explain)
app.command("compare")(checks.compare)
app.command("evaluate")(evaluate.evaluate)
app.command("train")(train.train)
app.add_typer(shelf.scorecards, name="scorecard")
app.add_typer(model.models, name="model")
app.command("fields")(shelf.fields)


def main() -> None:
    """The `roni` command."""
    prepare_streams()
    app(prog_name="roni")
