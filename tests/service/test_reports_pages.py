"""Pages of reports without a browser: what an analyst reads of many pupils, long names, no model, no earlier check."""

from __future__ import annotations

import re
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the service is not installed: pip install 'roni[service]'")

from sqlalchemy import insert, update

from roni import load_model
from service import tables as t
from service.clock import now
from service.models.band_pairs import band_pairs
from service.reports import charts, pages
from service.web import environment
from tests.service.rolls import add_check, add_model, fill, invented
from tests.service.test_models_shelf import ref_of

LONG = "The Very Reverend Bishop Featherstonehaugh of Bexford & <b>Saint</b> Oswald’s Academy Trust"


@pytest.fixture
def checked(sqlite_service: Any) -> tuple[Any, int, str]:
    """A check that asks three schools, of which one with a long name has returned."""
    service = sqlite_service
    check = add_check(service, capacity=5)
    with service.database.write() as connection:
        connection.execute(update(t.schools).where(t.schools.c.urn == "100001").values(name=LONG))
        signed = [{"check_id": check, "school_id": school} for school in service.schools.values()]
        signed[0] |= {"started_at": now(), "signed_off_at": now()}
        for row in signed:
            connection.execute(insert(t.check_schools).values(**row))
    fill(service, check, {"100001": invented(30)})
    return service, check, ref_of(service, check)


def text_of(service: Any, path: str) -> str:
    answer = service.browser("analyst").get(path)
    assert answer.status_code == 200
    return str(answer.text)


def rows_of(page: str) -> list[list[str]]:
    """The cells of every row of the tables, as they are read."""
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", page, re.S)
    plain = [
        [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)] for row in rows
    ]
    return [[" ".join(cell.split()) for cell in row] for row in plain]


@pytest.mark.parametrize("name", ["bands", "movement", "completeness", "overrides"])
def test_a_report_says_how_many_schools_it_rests_on_until_all_have_signed_off(checked: Any, name: str) -> None:
    service, check, ref = checked
    said = "1 of 3 (33 %) schools have signed off. Only what schools have confirmed is in these figures."
    assert said in text_of(service, f"/checks/{ref}/reports/{name}")
    with service.database.write() as connection:
        connection.execute(
            update(t.check_schools).where(t.check_schools.c.check_id == check).values(signed_off_at=now())
        )
    assert "have signed off" not in text_of(service, f"/checks/{ref}/reports/{name}")
    counts = service.as_("analyst").get(f"/v1/checks/{ref}/reports/{name}").json()["counts"]
    assert counts == {"asked": 3, "not_returned": 0, "in_progress": 0, "signed_off": 3, "overdue": 0}


def test_a_school_without_a_return_has_no_roll_rather_than_one_of_nobody(checked: Any) -> None:
    rows = rows_of(text_of(checked[0], f"/checks/{checked[2]}/reports/returns"))
    assert ["Example School", "Not returned", "not yet", "none yet", "South"] in rows
    assert [row[3] for row in rows if row[1:2] == ["Signed off"]] == ["30"]


def test_a_long_name_is_whole_in_the_table_cut_in_the_picture_and_leads_to_the_list(checked: Any) -> None:
    service, _, ref = checked
    page = text_of(service, f"/checks/{ref}/reports/bands")
    assert "<b>Saint" not in page
    assert f'<a class="govuk-link" href="/checks/{ref}/register?school=100001">The Very Reverend Bishop' in page
    drawn = page[page.rindex("<svg") : page.rindex("</svg>")]
    assert "The Very Reverend Bishop</text>" in drawn
    assert "Featherstonehaugh of Bexford &amp; …</text>" in drawn
    assert "No band" in drawn
    assert 'style="' not in page


def test_what_to_ask_a_school_for_is_what_it_supplies_itself(checked: Any) -> None:
    service, _, ref = checked
    found = service.as_("analyst").get(f"/v1/checks/{ref}/reports/completeness").json()
    own = {line["label"]: line["known"] for line in found["fields"] if line["supplier"] == "school"}
    [row] = [row for row in rows_of(text_of(service, f"/checks/{ref}/reports/completeness")) if "yet: " in "".join(row)]
    nothing = row[1].removeprefix("Nothing known yet: ").split(", ")
    assert sorted(nothing) == sorted(label for label, known in own.items() if not known)
    some = [f"{label} ({known} of 30)" for label, known in own.items() if 0 < known < 30]
    assert sorted(row[2].removeprefix("Known of some pupils: ").split(", ")) == sorted(some or ["none"])


def test_a_school_is_not_asked_for_what_a_council_team_supplies() -> None:
    suppliers = {"attendance": "school", "SEN provision": "school", "looked after": "virtual school"}
    fields = [{"name": label, "label": label, "supplier": supplier} for label, supplier in suppliers.items()]
    line = {"pupils": 2000, "fields": {"attendance": 1999, "SEN provision": 0, "looked after": 0}}
    assert pages._wanted(line, fields) == ("SEN provision", "attendance (1,999 of 2,000)")
    assert pages._wanted({**line, "fields": dict.fromkeys(suppliers, 2000)}, fields) == ("none", "none")


def test_two_schools_of_one_name_have_a_rate_each() -> None:
    schools = ({"urn": "100001", "name": "All Saints"}, {"urn": "100002", "name": "All Saints"}, None)
    items = [
        {"school": school, "count": 1, "pupils": pupils} for school, pupils in zip(schools, (10, 50, 0), strict=True)
    ]
    assert pages._rates([*items, items[1]]) == [
        ("All Saints", 1, 10, "10.0"), ("All Saints", 2, 50, "4.0"), (pages.queries.OWN_ROLL, 1, 0, ""),
    ]  # fmt: skip


def test_no_earlier_check_and_no_overrides_say_so(checked: Any) -> None:
    service, _, ref = checked
    assert "No earlier check" in text_of(service, f"/checks/{ref}/reports/movement")
    assert "No overrides" in text_of(service, f"/checks/{ref}/reports/overrides")


def test_rates_are_of_each_school_s_own_pupils_the_highest_first() -> None:
    def item(name: str, count: int, pupils: int) -> dict[str, Any]:
        return {"school": {"urn": f"urn of {name}", "name": name}, "count": count, "pupils": pupils}

    items = [item("Ash", 2, 2000), item("Elm", 1, 40), item("Ash", 1, 2000), {"school": None, "count": 1, "pupils": 0}]
    assert pages._rates(items) == [
        ("Elm", 1, 40, "2.5"), ("Ash", 3, 2000, "0.1"), (pages.queries.OWN_ROLL, 1, 0, ""),
    ]  # fmt: skip


def test_thousands_have_commas_and_sort_by_the_number() -> None:
    macros: Any = environment().get_template("macros/tables.html").module
    made = macros.data_table("Pupils", ("School", "Pupils"), [("Ash", 2000), ("Elm", 40)], sortable=True)
    assert '<td class="govuk-table__cell govuk-table__cell--numeric" data-sort-value="2000">2,000</td>' in made
    assert 'data-sort-value="40">40<' in made
    lists: Any = environment().get_template("macros/lists.html").module
    assert "<strong>2,000</strong> pupils" in lists.counts([(2000, "pupils")])
    drawn = charts.stacked("Pupils", ["Red", "No band"], [("Ash", [1200, 800])])
    assert all(f">{figure}</text>" in drawn for figure in ("1,200", "800", "2,000"))


def test_a_picture_of_many_schools_goes_over_sheets_that_share_one_scale() -> None:
    rows = [(f"School {place}", [place]) for place in range(1, 61)]
    made = pages._stack("Pupils", ["Red"], ["red"], [{"name": name, "bands": {"red": n}} for name, [n] in rows])
    assert [title for title, _ in made] == ["Pupils: 1 to 20 of 60", "Pupils: 21 to 40 of 60", "Pupils: 41 to 60 of 60"]
    assert [svg.count("School ") for _, svg in made] == [20, 20, 20]
    widths = [[float(width) for width in re.findall(r' width="([\d.]+)" height="20"', svg)] for _, svg in made]
    assert widths[0][0] * 60 == pytest.approx(widths[2][-1], rel=0.05)
    assert [title for title, _ in pages._stack("Pupils", ["Red"], ["red"], [])] == ["Pupils"]


def test_two_lists_by_band_have_a_picture_where_their_bands_are_the_same() -> None:
    pairs = [{"first": "red", "second": "red", "pupils": 3}, {"first": "none", "second": "red", "pupils": 1}]
    found = band_pairs(pairs, ["red", "none"], "Live", "Tried")
    assert (found.columns, found.rows) == (["Red"], [("Red", 3), ("No band", 1)])
    assert found.figures == [("Live", 3, 1), ("Tried", 4, 0)]
    assert found.picture
    assert found.picture.count("<rect") == 2 + 3
    assert band_pairs(pairs, [], "Live", "Tried").picture is None


def test_a_trial_shows_both_lists_by_band_and_names_no_reasons_on_paper(checked: Any) -> None:
    service, check, ref = checked
    add_model(service, check, load_model("demo"))
    tried = service.as_("analyst").post(f"/v1/checks/{ref}/registers", json={"scorecard": "oxfordshire"}).json()
    found = service.as_("analyst").get(f"/v1/checks/{ref}/registers/{tried['tried']['ref']}").json()
    assert sum(pair["pupils"] for pair in found["bands"]) == found["up"] + found["down"] + found["same"] == 30
    assert found["band_names"] == ["red", "amber", "green", "none"]
    page = text_of(service, f"/checks/{ref}/trials/{tried['tried']['ref']}")
    assert "Pupils in each band, by list" in page
    assert "Reasons are left out of this paper." in page
    assert any(item["why_after"] for item in found["items"])
    shown = re.findall(r'<span class="roni-no-print">: ([^<]*)</span>', page)
    assert len(shown) == 2 * len(found["items"]) > 0
