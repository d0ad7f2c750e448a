"""Making the demo: people and schools first, then everything else through the API, as they would do it themselves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import select

from service import schema
from service import tables as t
from service.access import Access
from service.accounts import people
from service.accounts.credentials import create_token
from service.accounts.local import set_password
from service.app import create_app
from service.checks.schemas import NewSchool
from service.checks.schools import add_school
from service.database import Database
from service.demo.calling import Callers, serving
from service.demo.council import NAME, Council
from service.demo.story import tell
from service.settings import SQLITE, Settings

DATABASE = "roni.db"
FILES = "files"
TOKEN_DAYS = 1
Say = Callable[[str], None]


def settings_for(folder: Path) -> Settings:
    """The settings of a demo in a folder."""
    return Settings.read(database_url=f"{SQLITE}{folder / DATABASE}", demo=True, council=NAME)


def make(folder: Path, say: Say) -> tuple[Settings, Council]:
    """The demo in a folder, made where it is not there yet: wholly, or not at all."""
    settings, council = settings_for(folder), Council(folder / FILES)
    finished, unfinished = folder / DATABASE, folder / f"unfinished-{DATABASE}"
    if finished.exists():
        return settings, council
    say("Inventing a council: its schools, people and two checks. This takes a few seconds.")
    for left in folder.glob(f"{unfinished.name}*"):
        left.unlink()
    database = Database(f"{SQLITE}{unfinished}")
    try:
        schema.upgrade(database)
        furnish(settings, database, council)
    finally:
        database.dispose()
    unfinished.rename(finished)
    return settings, council


def furnish(settings: Settings, database: Database, council: Council) -> None:
    """People and schools, then the story of the two checks, told by their calls."""
    tokens = add_people(settings, database, council)
    with serving(create_app(settings, database)) as address:
        callers = Callers(address, tokens)
        try:
            tell(council, callers)
        finally:
            callers.close()


def add_people(settings: Settings, database: Database, council: Council) -> dict[str, str]:
    """Everybody and their schools; a token of each for the story."""
    system, tokens = Access.system(), {}
    with database.write(system) as connection:
        for place, school in enumerate(council.schools):
            kind = school.establishment_type.replace("_", " ")
            shape = NewSchool(
                urn=school.urn, name=school.name, district=school.district, establishment_type=kind,
                contact=council.contact(place),
            )  # fmt: skip
            add_school(connection, system, shape)
        for person in council.people():
            ref, _ = people.add(connection, person.name, person.email, None)
            row = people.find(connection, ref)
            set_password(connection, row.id, person.password, must_change=False)
            people.grant(connection, system, row, **person.grant)
            grant = connection.execute(select(t.grants.c.id).where(t.grants.c.person_id == row.id)).scalar_one()
            name = "made for the demo"
            tokens[person.who], _ = create_token(connection, settings, row.id, grant, name, None, TOKEN_DAYS)
    return tokens
