"""The invented council: its schools, who signs in, and the files that its schools send."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from roni import AcademicYear, get_check, make_authority, write_files

NAME = "Sampleshire Council (invented)"
SEED = 2026
SCHOOLS = 8
PUPILS_PER_YEAR = 45
YEAR = AcademicYear(2026)
CONTACTS = ("Ms Sample", "Mr Placeholder", "Mrs Invented", "Dr Madeup", "Mr Pretend", "Ms Fiction")
FIRST_NUMBER = 960101


@dataclass(frozen=True, slots=True)
class SignIn:
    """Somebody of the invented council. The password is no secret: it opens nothing that is real."""

    who: str
    name: str
    does: str  # what they do here, in a line
    grant: dict[str, Any] = field(default_factory=dict)

    @property
    def email(self) -> str:
        return f"{self.who}@sampleshire.example"

    @property
    def password(self) -> str:
        return f"invented-{self.who}-2026"


@dataclass(frozen=True)
class Council:
    """What is invented, and the folder that its files are written to."""

    folder: Path

    @cached_property
    def authority(self) -> Any:
        return make_authority(SEED, SCHOOLS, PUPILS_PER_YEAR, first_year=YEAR, years=1)

    @property
    def schools(self) -> list[Any]:
        return list(self.authority.schools)

    def contact(self, place: int) -> str:
        """Whom to ask at a school. Ofcom keeps 01632 960000 to 960999 for drama: nobody has these numbers."""
        name = CONTACTS[place % len(CONTACTS)]
        address = f"{name.split()[-1].lower()}.{self.schools[place].urn}@example.org"
        return f"{name}, careers lead, 01632 {FIRST_NUMBER + place}, {address}"

    @cached_property
    def november(self) -> dict[str, Path]:
        """URN -> the file that the school sends in November, with what goes wrong in school offices."""
        return self._files("november")

    @cached_property
    def january(self) -> dict[str, Path]:
        return self._files("january")

    @property
    def lists(self) -> Path:
        """The folder of the lists that council teams hold in November."""
        return self.folder / "november" / "council"

    def people(self) -> list[SignIn]:
        """Somebody of every role; the first four are told at the start."""
        first, second = self.schools[0], self.schools[1]

        def at(school: Any, role: str) -> dict[str, Any]:
            return {"role": role, "school": school.urn}

        def team(name: str) -> dict[str, Any]:
            return {"role": "team", "team": name}

        district = {"district": first.district}
        coach = {"role": "coach", "youth_justice": True, **district}
        return [
            SignIn("manager", "Dana Sample", f"data manager of {first.name}", at(first, "returns")),
            SignIn("coach", "Corin Example", f"coach in {first.district}", coach),
            SignIn("analyst", "Ana Invented", "analyst of the council", {"role": "analyst"}),
            SignIn("administrator", "Addie Notreal", "administrator", {"role": "administrator"}),
            SignIn("careers", "Carey Fiction", f"careers lead of {first.name}", at(first, "careers")),
            SignIn("manager2", "Mel Madeup", f"data manager of {second.name}", at(second, "returns")),
            SignIn("virtual-school", "Vic Pretend", "the virtual school", team("virtual_school")),
            SignIn("youth-justice", "Yusuf Mockridge", "youth justice", team("youth_justice")),
            SignIn("send", "Sena Placeholder", "the SEND team", team("send")),
            SignIn("panel", "Pat Bogusby", f"panel member of {first.district}", {"role": "panel", **district}),
        ]

    def _files(self, check: str) -> dict[str, Path]:
        paths = write_files(self.authority, get_check(check, YEAR), self.folder / check)
        return {school.urn: path for school, path in zip(self.schools, paths, strict=True)}
