"""The command group: other packages' commands are found by name, and an error is a sentence, never a traceback."""

from __future__ import annotations

import os
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import typer
from typer.core import TyperGroup

from roni.cli.console import complain
from roni.errors import RoniError

PLUG_INS = "roni.commands"  # entry-point group; each entry is a typer.Typer
COULD_NOT = 2  # exit status: what was asked could not be done


class Commands(TyperGroup):
    """`roni` and its commands, with those that installed packages add. A package is imported only when it is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [*super().list_commands(ctx), *(name for name in plug_ins() if name not in self.commands)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        own = super().get_command(ctx, cmd_name)
        return own or (_stand_in(plug_ins()[cmd_name]) if cmd_name in plug_ins() else None)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name = args[0]
        if name in self.commands or name not in plug_ins():
            return super().resolve_command(ctx, args)
        return name, _loaded(plug_ins()[name]), args[1:]

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Exception as error:
            if _is_typers_own(error) or isinstance(error, BrokenPipeError) or os.environ.get("RONI_DEBUG"):
                raise
            complain(sentence(error))
            raise typer.Exit(COULD_NOT) from None


def sentence(error: Exception) -> str:
    """What a person is told about an error. Only a RoniError's words are repeated: others may hold a cell's value."""
    if isinstance(error, RoniError):
        return str(error)
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: it cannot be used ({error.strerror})."
    if isinstance(error, MemoryError):
        return "This computer has too little memory for these files. Read fewer at a time."
    return (
        f"Something unexpected went wrong ({type(error).__name__}). A file that was to be written is either as it was "
        "before or whole. To see the details, set RONI_DEBUG=1 and run it again; they may show what is in the file."
    )


@cache
def plug_ins() -> dict[str, EntryPoint]:
    """The commands that installed packages offer, by name; nothing of them is imported."""
    return {entry.name: entry for entry in entry_points(group=PLUG_INS)}


def _is_typers_own(error: Exception) -> bool:
    return type(error).__module__.partition(".")[0] == "typer"


def _stand_in(entry: EntryPoint) -> Any:
    """A command that is listed without importing it; our own service's are as quick to import as these."""
    package = entry.dist.name if entry.dist else entry.module
    if package == __name__.partition(".")[0]:
        found = _loaded(entry)
        found.name = entry.name
        return found
    listed = typer.Typer()
    listed.command(entry.name, help=f"Added by {package}; see `roni {entry.name} --help`.")(lambda: None)
    return typer.main.get_command(listed)


def _loaded(entry: EntryPoint) -> Any:
    try:
        found = entry.load()
    except (ImportError, AttributeError) as error:
        package = entry.dist.name if entry.dist else entry.module
        raise RoniError(f"The command “{entry.name}” of {package} cannot be loaded: {error}.") from error
    return typer.main.get_command(found)
