"""Opening the demo: made where it is not there yet, the sign-ins told, then served until it is stopped."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from roni import RoniError
from service.demo.council import Council
from service.demo.making import DATABASE, make
from service.running import address_of, require_free, run

TOLD = 4  # sign-ins that are told first
Say = Callable[[str], None]


def open_demo(folder: Path | None, host: str, port: int, say: Say) -> None:
    """Serve the demo; without a folder it is gone when it is stopped."""
    require_free(host, port)
    with ExitStack() as stack:
        place = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="roni-demo-")))
        _require_ours(place)
        settings, council = make(place, say)
        address = address_of(host, port)
        say(told(council, address, kept=folder is not None))
        run(replace(settings, address=address), host, port, 1, say, log_level="WARNING")


def told(council: Council, address: str, *, kept: bool) -> str:
    """What somebody who opens the demo needs to know."""
    people = council.people()
    width = max(len(person.email) for person in people[:TOLD])
    secret = max(len(person.password) for person in people[:TOLD])
    lines = [f"  {person.email:{width}}  {person.password:{secret}}  {person.does}" for person in people[:TOLD]]
    others = ", ".join(person.who for person in people[TOLD:])
    first = council.schools[0]
    return "\n".join(
        [
            f"\nEverybody here is invented. Open {address} and sign in as:\n",
            *lines,
            f"\nAlso there, with the same kind of address and password: {others}.",
            f"The file that {first.name} would send next: {council.january[first.urn]}",
            "" if kept else "Everything is gone when it is stopped; --folder keeps it.",
        ]
    )


def _require_ours(folder: Path) -> None:
    """Nothing of somebody's own is mixed with invented pupils."""
    if folder.exists() and any(folder.iterdir()) and not (folder / DATABASE).is_file():
        raise RoniError(f"“{folder}” holds something else. Choose a new or empty folder with --folder.")
    folder.mkdir(parents=True, exist_ok=True)
