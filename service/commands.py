"""`roni serve` and `roni service ...`: thin commands, found through the entry-point group `roni.commands`.

Their bodies import what they need, so that `roni --help` stays instant, and says in a sentence what is not installed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from roni import RoniError

if TYPE_CHECKING:
    from service.database import Database
    from service.settings import Settings

NEEDED = ("fastapi", "uvicorn", "sqlalchemy", "alembic", "jinja2", "argon2", "authlib", "prometheus_client")
DatabaseUrl = Annotated[
    str | None,
    typer.Option("--database-url", help="sqlite:///FILE or postgresql://USER@HOST/NAME. [default: RONI_DATABASE_URL]"),
]
Host = Annotated[str, typer.Option("--host", help="The address to listen on.")]
Port = Annotated[int, typer.Option("--port", min=1, max=65535, help="The port to listen on.")]

serve = typer.Typer(
    add_completion=False, help="Run the service: uploads, registers and pages for schools, coaches and analysts."
)
demo = typer.Typer(add_completion=False, help="Open the whole service with an invented council. Try this first.")
service = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Look after a service: upgrade, back up, restore, verify, delete what is due, add people and tokens.",
)


@serve.command()
def serve_(
    database_url: DatabaseUrl = None,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Processes that answer.")] = 1,
    demo: Annotated[bool, typer.Option("--demo", help="An invented council instead, as `roni demo` does.")] = False,
) -> None:
    """Run the service: uploads, registers and pages for schools, coaches and analysts.

    On PostgreSQL serve as a role that owns nothing: see `roni service upgrade --help`.
    """
    settings = _settings(database_url)
    if demo:
        if database_url is not None:
            raise RoniError("The demo has a database of its own. Leave out --database-url, or leave out --demo.")
        _demo(None, host, port)
        return
    from service.running import address_of, run

    if settings.address == type(settings)().address:  # nobody has said how people reach it
        settings = replace(settings, address=address_of(host, port))
    run(settings, host, port, workers, _say)


@demo.command()
def demo_(
    folder: Annotated[
        Path | None, typer.Option("--folder", help="Keep the invented council here, or open one kept before.")
    ] = None,
    host: Host = "127.0.0.1",
    port: Port = 8000,
) -> None:
    """Open the whole service with an invented council: schools, two checks, sign-ins. Needs no file of your own."""
    _require_installed()
    _demo(folder, host, port)


@service.command()
def upgrade(
    database_url: DatabaseUrl = None,
    application_role: Annotated[
        str | None,
        typer.Option(
            "--application-role",
            help="On PostgreSQL: let this role, which owns nothing, run the service. Say it at each upgrade.",
        ),
    ] = None,
) -> None:
    """Bring the database to this version of the service. Take a backup first.

    On PostgreSQL run it as the owner of the tables with --application-role NAME, and serve as NAME: then the database
    itself refuses what a caller may not see. `roni serve` says so where it was forgotten.
    """
    with _database(database_url) as (database, _settings):
        from service.operators import upgrade_database

        upgrade_database(database, application_role)
        _say("The database is at this version of the service.")


@service.command()
def backup(
    file: Annotated[Path, typer.Argument(help="A new file for the backup.")], database_url: DatabaseUrl = None
) -> None:
    """Write the whole database to one file, while the service runs, and check it."""
    settings = _settings(database_url)
    from service import backups

    backups.backup(settings.database_url, file)
    _say(f"The backup is in {file}. It holds information about children: keep it where you keep such information.")
    _say("The key of tokens and sessions is not in it: keep RONI_SECRET, or the .secret file, elsewhere.")


@service.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `roni service backup` wrote.")],
    database_url: DatabaseUrl = None,
) -> None:
    """Put a backup into a database where nothing is yet. Nothing is ever replaced."""
    settings = _settings(database_url)
    from service import backups

    backups.restore(settings.database_url, file)
    _say("Restored. Now run `roni service verify`, and `roni service upgrade` where the backup is of an older version.")


@service.command()
def verify(database_url: DatabaseUrl = None) -> None:
    """Look whether the database, its audit and its registers are whole. Exit status 1 if not."""
    with _database(database_url) as (database, _settings):
        from service import backups, schema

        schema.require_current(database)
        found = backups.verify(database)
        for label, view, rows in found.registers:
            _say(f"{label}, as {view} sees it: {rows} pupils")
        _say(f"Audit: {found.events} events, the last {found.last_hash}")
        for fault in found.faults:
            typer.echo(fault, err=True)
        if found.faults:
            raise typer.Exit(1)
        _say("Everything is whole.")


@service.command()
def retention(
    delete: Annotated[
        bool, typer.Option("--delete", help="Delete it. Only within a day of a count that has been looked at.")
    ] = False,
    database_url: DatabaseUrl = None,
) -> None:
    """Count what the retention policy says is due to be deleted; with --delete, delete it."""
    with _database(database_url) as (database, _settings):
        from service.operators import apply_retention

        done = apply_retention(database, delete=delete)
        for rule in done["rules"]:
            _say(f"{rule['count']:>8,}  {rule['what']} ({rule['days']} days after {rule['after']})")
        _say("Deleted, and recorded." if delete else "Nothing was deleted. Look at it, then run it with --delete.")


@service.command("create-user")
def create_user(
    email: Annotated[str, typer.Argument(help="The e-mail address that they sign in with.")],
    name: Annotated[str, typer.Option("--name", help="Their name, as others see it.")],
    role: Annotated[str, typer.Option("--role", help="returns, careers, coach, team, panel, analyst, administrator.")],
    school: Annotated[str | None, typer.Option("--school", help="URN of the school that they work for.")] = None,
    district: Annotated[str | None, typer.Option("--district", help="Only the schools of this district.")] = None,
    team: Annotated[str | None, typer.Option("--team", help="The council team whose list they keep.")] = None,
    own_caseload: Annotated[
        bool, typer.Option("--own-caseload", help="A coach who sees only pupils assigned to them.")
    ] = False,
    youth_justice: Annotated[bool, typer.Option("--youth-justice", help="May see youth-justice facts too.")] = False,
    database_url: DatabaseUrl = None,
) -> None:
    """Add a person with a role. Prints a password once, which they change when they first sign in."""
    with _database(database_url) as (database, _settings):
        from service.operators import add_person

        grant = {"school": school, "district": district, "team": team}
        caseload = {"own_caseload": own_caseload, "youth_justice": youth_justice}
        _say(add_person(database, email, name, role, **grant, **caseload))


@service.command("create-token")
def create_token(
    email: Annotated[str, typer.Argument(help="Whose token it is.")],
    name: Annotated[str, typer.Option("--name", help="What it is for.")] = "made at the command line",
    days: Annotated[int, typer.Option("--days", min=1, max=366, help="For how long.")] = 90,
    role: Annotated[str | None, typer.Option("--role", help="Which role, where they have several.")] = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Make an API token with all that a person's role may do. Printed once, and kept nowhere."""
    with _database(database_url) as (database, settings):
        from service.operators import add_token

        _say(add_token(database, settings, email, name, days, role))


def _demo(folder: Path | None, host: str, port: int) -> None:
    from service.demo.opening import open_demo

    open_demo(folder, host, port, _say)


def _require_installed() -> None:
    """Refuse in a sentence where the service's packages are not installed, or cannot work."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise RoniError("The service is not installed. Run: pip install 'roni[service]'")
    if find_spec("resource") is None:  # of Unix: it limits the processes that read files
        raise RoniError("The service does not run on Windows itself. Install and start it inside WSL.")


def _settings(database_url: str | None) -> Settings:
    _require_installed()
    from service.settings import Settings

    return Settings.read(database_url=database_url)


@contextmanager
def _database(database_url: str | None) -> Iterator[tuple[Database, Settings]]:
    settings = _settings(database_url)
    from service.database import Database

    database = Database(settings.database_url)
    try:
        yield database, settings
    finally:
        database.dispose()


def _say(text: str) -> None:
    typer.echo(text)
    sys.stdout.flush()
