"""Council lists in the registers: what a team says counts, and only who may know it sees that it does."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from roni import Supplement, read_supplement
from service import tables as t
from service.access import Access
from service.refs import new_ref
from service.registers.working_out import work_out
from tests.service.rolls import add_check, fill, invented, register_rows


def add_list(
    service: Any, tmp_path: Path, upns: list[str], pupils: dict[str, int], *, field: str, complete: bool, team: str
) -> None:
    """A live list of these pupils that means one flag; a row whose UPN is no pupil's goes where `pupils` says."""
    file = tmp_path / f"{field}.csv"
    file.write_text("\n".join(["UPN,Surname", *(f"{upn},Example" for upn in upns)]), encoding="utf-8")
    listed = read_supplement(
        Supplement(file, field, date(2026, 10, 1), complete, (), f"{team} list"), "november", "2026/27"
    )
    data = listed.to_dict()
    rows = data.pop("rows")
    with service.database.write(Access.system()) as connection:
        number = connection.execute(
            insert(t.supplements).values(
                ref=new_ref("list"), by_id=service.people["analyst"], team=team, name=f"{team} list", field=field,
                as_at=date(2026, 10, 1), complete=complete, state="live", file_name=file.name, file_digest="0" * 64,
                listed=data, account={},
            )
        ).inserted_primary_key[0]  # fmt: skip
        for row in rows:
            pupil = pupils.get(row["values"]["upn"])
            state = "unmatched" if pupil is None else "matched"
            values = {"supplement_id": number, "row": row["row"], "pupil_id": pupil, "state": state, "record": row}
            connection.execute(insert(t.supplement_rows).values(**values))


def lines(service: Any, check: int, view: str) -> dict[str, Any]:
    return {row.key: json.loads(row.line) for row in register_rows(service, check, view)}


def test_on_a_list_is_met_and_off_a_complete_one_is_no(sqlite_service: Any, tmp_path: Path) -> None:
    cohort = invented(10)
    columns = {name: values for name, values in cohort.columns.items() if name not in ("looked_after", "early_help")}
    cohort = replace(cohort, columns=columns)
    keys = cohort.keys.to_pylist()
    check = add_check(sqlite_service, card="oxfordshire")
    ids = dict(zip(keys, fill(sqlite_service, check, {"100001": cohort})["100001"], strict=True))
    before = lines(sqlite_service, check, "support")
    upn = "X00180001701A"  # a row that a person has given to a pupil, although its UPN is nobody's
    pupils = {keys[0]: ids[keys[0]], upn: ids[keys[1]]}
    add_list(
        sqlite_service, tmp_path, [keys[0], upn], pupils, field="looked_after", complete=True, team="virtual_school"
    )
    with sqlite_service.database.write(Access.system()) as connection:
        work_out(connection, sqlite_service.settings, check)
    after = lines(sqlite_service, check, "support")
    for key in keys[:2]:
        assert "looked after +2" in after[key]["why"]
        assert after[key]["points"] == before[key]["points"] + 2
    for key in keys[2:]:
        assert after[key]["points"] == before[key]["points"]
        assert after[key]["points_max"] == before[key]["points_max"] - 2
    school = lines(sqlite_service, check, "school")
    assert not any("looked after" in line["why"] for line in school.values())
    with sqlite_service.database.write(Access.system()) as connection:
        work_out(connection, sqlite_service.settings, check, [ids[keys[5]], ids[keys[0]]])
    assert lines(sqlite_service, check, "support") == after


def test_only_the_view_of_youth_justice_rests_on_its_list(sqlite_service: Any, tmp_path: Path) -> None:
    cohort = invented(6)
    keys = cohort.keys.to_pylist()
    check = add_check(sqlite_service, card="oxfordshire")
    ids = dict(zip(keys, fill(sqlite_service, check, {"100001": cohort})["100001"], strict=True))
    before = {view: lines(sqlite_service, check, view) for view in ("school", "support", "full")}
    add_list(
        sqlite_service, tmp_path, [keys[0]], {keys[0]: ids[keys[0]]}, field="youth_justice", complete=False,
        team="youth_justice",
    )  # fmt: skip
    with sqlite_service.database.write(Access.system()) as connection:
        work_out(connection, sqlite_service.settings, check, [ids[keys[0]]])
    assert lines(sqlite_service, check, "school") == before["school"]
    assert lines(sqlite_service, check, "support") == before["support"]
    full = lines(sqlite_service, check, "full")[keys[0]]
    reason = next(reason for reason in full["reasons"] if reason.get("indicator") == "youth_justice")
    assert reason["sensitive"] is True
    assert reason["points"] == full["points"] - before["support"][keys[0]]["points"]
