"""What a person says about columns: read, checked, saved, used again."""

from __future__ import annotations

from pathlib import Path

import pytest

from roni.errors import MappingError
from roni.fields import national
from roni.mapping import Choice, ColumnMapping

FIELDS = national()


def test_a_mapping_is_found_whatever_the_dress_of_its_heading() -> None:
    mapping = ColumnMapping.of(["Home  Room=registration_group", "Notes="], FIELDS)
    assert mapping.get("home room") == Choice("registration_group")
    assert mapping.get("NOTES") == Choice(None)
    assert mapping.get("UPN") is None


def test_choices_ride_on_the_mapping() -> None:
    mapping = ColumnMapping.of(["Att=attendance, scale=fraction", "In care=looked_after,blank=not known"], FIELDS)
    assert mapping.get("Att") == Choice("attendance", {"scale": "fraction"})
    assert mapping.get("In care") == Choice("looked_after", {"blank": "not known"})


def test_a_saved_mapping_reads_back_the_same(tmp_path: Path) -> None:
    mapping = ColumnMapping.of(['A "b" \\ c=upn', "Dob=date_of_birth,dates=us", "Skip me="], FIELDS)
    mapping.save(tmp_path / "school.toml")
    again = ColumnMapping.of(tmp_path / "school.toml", FIELDS)
    assert again.choices == mapping.choices
    assert [item.name for item in tmp_path.iterdir()] == ["school.toml"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("attendance", "is not a mapping"),
        ("=attendance", "is not a mapping"),
        ("Att=atendance", "Did you mean “attendance”"),
        ("Att=zzzzzz", "roni fields"),
        ("Att=attendance,colour=red", "“colour” is not allowed"),
        ("Att=attendance,scale=per mille", "scale is percent or fraction"),
    ],
)
def test_a_bad_mapping_says_what_is_allowed(text: str, says: str) -> None:
    with pytest.raises(MappingError, match=says):
        ColumnMapping.of([text], FIELDS)


@pytest.mark.parametrize("content", ["not toml = = =", "[other]\nx = 1\n", "columns = 3\n"])
def test_a_file_that_is_no_mapping_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "m.toml").write_text(content, "utf-8")
    with pytest.raises(MappingError, match=r"m\.toml"):
        ColumnMapping.of(tmp_path / "m.toml", FIELDS)


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match=r"school\.toml: the mapping cannot be written there"):
        ColumnMapping.of(["A=upn"], FIELDS).save(tmp_path / "no such folder" / "school.toml")
