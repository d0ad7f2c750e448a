"""Scorecards: the shipped ones give known answers; a bad one says everything that is wrong with it."""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from roni.errors import ScorecardError
from roni.fields import Dictionary, national
from roni.indicator import Indicator
from roni.indicator.condition import AnyOf
from roni.scorecard import load_scorecard, parse_scorecard, scorecard_names
from tests.strategies import cohort_of, pupil

FIELDS = tuple(national().values())
CASES = Path(__file__).parent / "cases" / "scorecards"


def cases_of(name: str) -> list[dict[str, Any]]:
    table = tomllib.loads((CASES / f"{name}.toml").read_text("utf-8"))
    for case in table["case"]:
        case["pupil"] = table["otherwise"] | case.get("pupil", {}) | dict.fromkeys(case.get("unknown", ()))
    return list(table["case"])


ALL_CASES = [(name, case) for name in scorecard_names() for case in cases_of(name)]


@pytest.mark.parametrize(("name", "case"), ALL_CASES, ids=[f"{name}: {case['says']}" for name, case in ALL_CASES])
def test_a_shipped_card_gives_the_known_answer(name: str, case: dict[str, Any]) -> None:
    card = load_scorecard(name)
    card = replace(card, indicators=tuple(_switched(item, case.get("switch")) for item in card.indicators))
    found = card.assess(pupil(**case["pupil"]))
    assert (found.points[0], found.points_max[0]) == (case["points"], case["points_max"])
    assert card.bands[found.band[0]].name == case["band"]
    assert card.bands[found.band_max[0]].name == case["band_max"]


def _switched(item: Indicator, name: str | None) -> Indicator:
    return replace(item, enabled=not item.enabled) if item.name == name else item


@pytest.mark.parametrize("name", scorecard_names())
def test_the_cases_stand_on_both_sides_of_every_boundary_of_a_shipped_card(name: str) -> None:
    card = load_scorecard(name)
    conditions = [tier.when for item in card.indicators for tier in item.tiers]
    conditions += [item.when for item in card.inclusions]
    for field, edges in AnyOf(tuple(conditions)).edges(national()).items():
        given = {case["pupil"][field] for case in cases_of(name)}
        met = {code for condition in conditions for code in _codes(condition, field)}
        wanted = met if national()[field].type == "code" else set(edges)
        assert wanted <= given, f"{name}: {field} lacks {wanted - given}"


def _codes(condition: Any, field: str) -> tuple[str, ...]:
    parts = getattr(condition, "parts", ())
    if parts:
        return tuple(code for part in parts for code in _codes(part, field))
    return getattr(condition, "codes", ()) if condition.fields == (field,) else ()


def test_the_cases_reach_every_band_edge_of_a_shipped_card() -> None:
    for name in scorecard_names():
        points = {case["points"] for case in cases_of(name)}
        for band in load_scorecard(name).bands[1:]:
            assert {band.at_least - 1, band.at_least} <= points


def test_the_shipped_cards_are_listed() -> None:
    assert scorecard_names() == ["oxfordshire", "roni"]


def test_every_shipped_figure_has_its_source_and_the_card_its_audience() -> None:
    for name in scorecard_names():
        card = load_scorecard(name)
        assert card.name == name
        assert card.sources
        assert card.years
        assert all(len(item.source) > 20 for item in (*card.indicators, *card.inclusions))


def test_the_recommended_card_covers_the_four_national_families() -> None:
    families = {item.family for item in load_scorecard("roni").active}
    assert families == {"attendance", "behaviour", "academic progress", "wider vulnerability"}


def test_the_recommended_card_scores_neither_language_nor_sex_nor_ethnicity() -> None:
    read = set(load_scorecard("roni").fields)
    assert not read & {"eal", "first_language", "sex", "ethnicity", "refugee_or_asylum_seeker"}


def test_the_most_points_are_those_of_the_indicators_that_are_switched_on() -> None:
    card = load_scorecard("roni")
    assert card.most == 21
    off = replace(card, indicators=tuple(replace(item, enabled=item.name != "attendance") for item in card.indicators))
    assert off.most == 18 + 5  # attendance gave 3; the five that are written but switched off come on, 1 each


def test_a_switched_off_indicator_has_no_column_and_no_points() -> None:
    card = load_scorecard("oxfordshire")
    without = replace(card, indicators=tuple(replace(item, enabled=item.name != "eal") for item in card.indicators))
    assert without.assess(pupil(eal=True)).points.tolist() == [0]
    assert len(without.tiers) == len(card.tiers) - 1
    assert "eal" not in without.fields


def test_the_digest_is_that_of_the_file() -> None:
    content = resources.files("roni").joinpath("scorecards", "oxfordshire.toml").read_bytes()
    assert load_scorecard("oxfordshire").digest == hashlib.sha256(content).hexdigest()


def test_the_index_card_says_points_in_words_bands_inclusions_and_sources() -> None:
    text = load_scorecard("roni").to_text()
    assert "    3  attendance below 80 % or attendance last year below 80 %\n" in text
    assert "    2  3 or more suspensions\n" in text
    assert "  red: 5 or more." in text
    assert "  youth justice: at least amber if youth justice (YOT) or custody\n" in text
    assert "mental health need (switched off)" in text
    assert "SOURCES\n  DfE" in text


# ---- bad cards

GOOD = """
name = "local"
title = "A local card"
version = "1"
date = 2026-11-01
sources = ["a meeting"]
made_for = { years = [11], checks = ["november"], settings = ["mainstream"] }

[[band]]
name = "high"
at_least = 2
meaning = "much support"

[[band]]
name = "low"
at_least = 0
meaning = "usual support"

[[indicator]]
name = "attendance"
label = "attendance"
family = "attendance"
source = "a study"
[[indicator.tier]]
points = 2
when = { field = "attendance", below = 85 }
[[indicator.tier]]
points = 1
when = { field = "attendance", below = 90 }

[[indicator]]
name = "sen"
label = "SEN"
family = "wider vulnerability"
source = "a study"
justification = "support follows"
[[indicator.tier]]
points = 1
when = { not = { field = "sen_provision", one_of = ["N"] } }

[[inclusion]]
name = "care"
label = "looked after"
band = "high"
source = "a policy"
when = { field = "looked_after", is_true = true }
"""


def saved(folder: Path, text: str) -> Path:
    path = folder / "local.toml"
    path.write_text(text, "utf-8")
    return path


def test_a_council_loads_its_own_card_by_path(tmp_path: Path) -> None:
    card = load_scorecard(saved(tmp_path, GOOD))
    assert [band.name for band in card.bands] == ["low", "high"]
    found = card.assess(pupil(attendance=100.0, sen_provision="N", looked_after=True))
    assert (found.points[0], card.bands[found.band[0]].name) == (0, "high")


def test_a_card_and_a_cohort_that_know_a_field_by_other_codes_do_not_meet() -> None:
    other = [replace(item, codes={"K": "", "E": ""}) if item.name == "sen_provision" else item for item in FIELDS]
    with pytest.raises(ScorecardError, match="oxfordshire: “sen_provision” is not the same field"):
        load_scorecard("oxfordshire").assess(cohort_of({}, size=1, fields=Dictionary(other)))


def test_a_card_scores_a_council_s_own_field(tmp_path: Path) -> None:
    local = tmp_path / "fields.toml"
    local.write_text(
        '[moved_ward]\nlabel = "moved ward"\ntype = "flag"\ndefinition = "d"\nsource = "s"\nuse = "u"\n', "utf-8"
    )
    fields = national().with_local(local)
    text = GOOD.replace('{ field = "attendance", below = 90 }', '{ field = "moved_ward", is_true = true }')
    card = load_scorecard(saved(tmp_path, text), fields)
    assert "moved ward" in card.to_text()
    assert card.assess(cohort_of({"moved_ward": [True, False, None]}, fields=fields)).points.tolist() == [1, 0, 0]
    with pytest.raises(ScorecardError, match="local: “moved_ward” is not the same field"):
        card.assess(pupil(fsm=True))
    with pytest.raises(ScorecardError, match="“moved_ward” is not a field"):
        load_scorecard(saved(tmp_path, text))


BAD_CASES = tomllib.loads((CASES.parent / "bad_scorecards.toml").read_text("utf-8"))["case"]


@pytest.mark.parametrize("case", BAD_CASES, ids=lambda case: case["says"])
def test_a_bad_card_is_refused_naming_file_place_and_what_is_allowed(tmp_path: Path, case: dict[str, str]) -> None:
    assert case["old"] in GOOD
    with pytest.raises(ScorecardError, match=re.escape(case["sentence"])):
        load_scorecard(saved(tmp_path, GOOD.replace(case["old"], case["new"], 1)))


def test_the_outermost_years_and_points_that_are_allowed_are_read(tmp_path: Path) -> None:
    card = load_scorecard(saved(tmp_path, GOOD.replace("[11]", "[0, 14]").replace("points = 2", "points = 100")))
    assert (card.years, card.most) == ((0, 14), 101)


def test_a_card_without_bands_is_refused(tmp_path: Path) -> None:
    text = GOOD[: GOOD.index("[[band]]")] + GOOD[GOOD.index("[[indicator]]") :]
    with pytest.raises(ScorecardError, match=r"local\.toml: “band” is missing"):
        load_scorecard(saved(tmp_path, text))


def test_everything_wrong_is_said_at_once_one_sentence_a_line(tmp_path: Path) -> None:
    text = GOOD.replace("below = 85", "below = 850").replace('["N"]', '["Z"]').replace('band = "high"', 'band = "red"')
    with pytest.raises(ScorecardError, match=r"must be a number above") as error:
        load_scorecard(saved(tmp_path, text))
    lines = str(error.value).splitlines()
    assert len(lines) == 3
    assert all(line.startswith("local.toml: ") for line in lines)


def test_entries_that_are_no_tables_are_faults_too(tmp_path: Path) -> None:
    text = GOOD[: GOOD.index("[[band]]")] + "band = [1]\nindicator = [2]\ninclusion = [3]\n"
    with pytest.raises(ScorecardError, match=r"band 1: write it as \[\[band\]\]"):
        load_scorecard(saved(tmp_path, text))


def test_a_tier_that_is_no_table_is_a_fault(tmp_path: Path) -> None:
    text = GOOD[: GOOD.index("[[indicator.tier]]")] + "tier = [1]\n"
    with pytest.raises(ScorecardError, match=r"tier 1: write it as \[\[indicator\.tier\]\]"):
        load_scorecard(saved(tmp_path, text))


def test_a_card_that_is_not_there_names_the_shipped_ones() -> None:
    with pytest.raises(ScorecardError, match=r"oxfordshir: .*\(oxfordshire, roni\)"):
        load_scorecard("oxfordshir")


def test_a_card_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "local.toml"
    path.write_bytes(GOOD.replace("usual", "übliche").encode("cp1252"))
    with pytest.raises(ScorecardError, match=r"local\.toml: this is not a TOML file"):
        load_scorecard(path)


def test_a_field_that_may_not_be_scored_is_refused(tmp_path: Path) -> None:
    text = GOOD.replace('{ field = "attendance", below = 90 }', '{ field = "sex", one_of = ["F"] }')
    with pytest.raises(ScorecardError, match="“sex” may not be scored"):
        load_scorecard(saved(tmp_path, text))


def test_a_card_is_read_from_its_text_as_from_its_file() -> None:
    content = resources.files("roni").joinpath("scorecards", "oxfordshire.toml").read_bytes()
    assert parse_scorecard(content, "ours.toml") == load_scorecard("oxfordshire")
    assert parse_scorecard(content.decode("utf-8"), "ours.toml") == load_scorecard("oxfordshire")


def test_a_bad_text_of_a_card_is_refused_by_the_name_that_it_was_given() -> None:
    with pytest.raises(ScorecardError, match=r"^ours: this is not a TOML file"):
        parse_scorecard("points = ", "ours")
