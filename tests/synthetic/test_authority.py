"""A whole invented authority: nobody real, everybody followed, everything repeatable."""

from __future__ import annotations

import itertools
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest
from stdnum.gb import upn as upn_number

from roni.calendar import AcademicYear, get_check
from roni.errors import CalendarError
from roni.outcomes import Outcome, label_outcomes
from roni.readers.destinations import read_destinations
from roni.synthetic.authority import Authority, make_authority
from roni.synthetic.caseload import write_caseload_return
from roni.synthetic.typed import FLAGS


@pytest.fixture(scope="module")
def authority() -> Authority:
    return make_authority(seed=5, schools=5, pupils_per_year=150, years=3)


def names(cohort: object) -> set[str]:
    return set(cohort)  # type: ignore[call-overload]


def test_the_same_seed_gives_the_same_pupils_and_another_seed_others() -> None:
    first, again, other = (make_authority(seed, schools=3, pupils_per_year=40, years=1) for seed in (1, 1, 2))
    assert first.pupils.equals(again.pupils)
    assert not first.pupils.reset_index(drop=True).equals(other.pupils.reset_index(drop=True))


def test_every_upn_has_a_right_check_letter_and_an_authority_that_is_not_in_use(authority: Authority) -> None:
    upns = authority.person["upn"].to_pylist()
    assert all(upn_number.calc_check_digit(upn[1:]) == upn[0] for upn in upns)
    assert {upn[1:4] for upn in upns} == {"105"}
    assert len(set(upns)) == len(upns)


def test_no_authority_number_in_use_lies_where_the_invented_ones_do() -> None:
    assert not {f"{number}" for number in range(100, 200)} & set(map(str, upn_number._la_numbers))


def test_there_are_ordinary_schools_a_special_school_and_a_referral_unit(authority: Authority) -> None:
    kinds = [school.establishment_type for school in authority.schools]
    assert kinds == ["mainstream"] * 3 + ["special", "pru_or_ap"]
    assert all(school.laestab.startswith("105") and school.urn.startswith("99") for school in authority.schools)


def test_fewer_than_three_schools_are_refused() -> None:
    with pytest.raises(ValueError, match="three schools or more"):
        make_authority(schools=2)


def test_a_check_outside_the_years_is_refused(authority: Authority) -> None:
    with pytest.raises(CalendarError, match="2024/25 to 2026/27, not 2027/28"):
        authority.cohort(get_check("november", AcademicYear(2027)))


def test_leavers_of_another_summer_are_refused(authority: Authority) -> None:
    with pytest.raises(CalendarError, match="leaves in 2035"):
        authority.destinations(2035)


def test_each_check_holds_years_9_to_12_once_each(authority: Authority) -> None:
    for check in authority.checks():
        cohort = authority.cohort(check)
        assert set(cohort.column("year_group")) == {9, 10, 11, 12}
        assert len(names(cohort)) == len(cohort)


def test_pupils_move_up_a_year(authority: Authority) -> None:
    first, _, second = authority.checks()[:3]
    before, after = authority.cohort(first), authority.cohort(second)
    both = sorted(names(before) & names(after))[:50]
    for key in both:
        then, now = before.value("year_group", before.index_of(key)), after.value("year_group", after.index_of(key))
        assert now == then + 1


def test_birth_dates_fit_the_year_group(authority: Authority) -> None:
    check = authority.checks()[0]
    cohort = authority.cohort(check)
    for index in range(0, len(cohort), 37):
        start = check.year.birth_year_starts(cohort.value("year_group", index))
        assert start <= cohort.value("date_of_birth", index) < start.replace(year=start.year + 1)


def test_some_join_and_some_leave_between_november_and_january(authority: Authority) -> None:
    november, january = (authority.cohort(check) for check in authority.checks()[:2])
    assert names(january) - names(november)
    assert names(november) - names(january)


def test_a_january_return_names_who_has_left_and_for_where(authority: Authority) -> None:
    january = authority.checks()[1]
    left = [authority.returns(january, school) for school in authority.schools]
    gone = [cohort.take(np.flatnonzero(~np.isnat(cohort.column("leaving_date")))) for cohort in left]
    assert sum(map(len, gone)) > 0
    assert all(cohort.known("leaving_destination").all() for cohort in gone)


def test_a_pupil_registered_twice_is_subsidiary_in_the_unit_and_main_elsewhere(authority: Authority) -> None:
    check = authority.checks()[0]
    unit = authority.returns(check, authority.schools[-1])
    status = [unit.value("registration_status", i) for i in range(len(unit))]
    assert "subsidiary" in status
    key = unit.keys[status.index("subsidiary")].as_py()
    assert key in names(authority.cohort(check))
    mains = [authority.returns(check, school) for school in authority.schools[:-1]]
    holding = next(cohort for cohort in mains if key in names(cohort))
    assert holding.value("registration_status", holding.index_of(key)) == "main_dual"


def test_the_attendance_window_grows_from_november_to_january(authority: Authority) -> None:
    november, january = (authority.cohort(check) for check in authority.checks()[:2])
    key = next(
        key for key in november if key in names(january) and november.value("attendance", november.index_of(key))
    )
    then, now = november.index_of(key), january.index_of(key)
    assert january.value("sessions_possible", now) > november.value("sessions_possible", then)
    missed = [
        c.value("sessions_possible", i) - c.value("sessions_attended", i) for c, i in ((november, then), (january, now))
    ]
    assert missed[1] >= missed[0]


def test_attendance_agrees_with_the_sessions(authority: Authority) -> None:
    cohort = authority.cohort(authority.checks()[0])
    known = cohort.known("attendance")
    share = 100 * cohort.column("sessions_attended") / cohort.column("sessions_possible")
    np.testing.assert_allclose(cohort.column("attendance")[known], share[known])


def test_years_without_tests_at_11_have_no_scores(authority: Authority) -> None:
    cohort = authority.cohort(authority.checks()[0])  # 2024/25: Years 10 and 11 had none
    untested = np.isin(cohort.column("year_group"), (10, 11))
    assert not cohort.known("ks2_maths")[untested].any()
    assert cohort.known("ks2_maths")[~untested].all()


def test_characteristics_change_over_time(authority: Authority) -> None:
    first, last = authority.cohort(authority.checks()[0]), authority.cohort(authority.checks()[3])
    both = sorted(names(first) & names(last))
    changed = {
        flag
        for flag in FLAGS
        if any(first.value(flag, first.index_of(key)) != last.value(flag, last.index_of(key)) for key in both)
    }
    assert {"fsm", "early_help"} <= changed


def test_council_lists_name_who_is_in_the_group_and_a_few_whom_nobody_knows(authority: Authority) -> None:
    check = authority.checks()[0]
    cohort = authority.cohort(check)
    lists = {held.name: held for held in authority.council_lists(check)}
    youth = lists["youth justice"]
    listed = set(youth.table["UPN"].to_pylist())
    truth = {key for key, flag in zip(cohort, cohort.column("youth_justice"), strict=True) if flag > 0}
    assert youth.complete
    assert youth.as_at < check.on
    assert listed & names(cohort) == truth
    assert len(listed - names(cohort)) == 2


def test_an_incomplete_list_leaves_some_out(authority: Authority) -> None:
    check = authority.checks()[0]
    cohort = authority.cohort(check)
    held = next(held for held in authority.council_lists(check) if not held.complete)
    named = np.logical_or.reduce([cohort.column(flag) > 0 for flag in held.flags])
    assert len(set(held.table["UPN"].to_pylist()) & names(cohort)) < named.sum()


def test_spells_of_a_leaver_cover_the_year_without_gap_or_overlap(authority: Authority) -> None:
    table = authority.destinations(2026).to_pydict()
    spells: dict[str, list[tuple[object, object]]] = {}
    for key, start, end in zip(table["key"], table["start"], table["end"], strict=True):
        spells.setdefault(key, []).append((start, end))
    for parts in spells.values():
        assert str(parts[0][0]) == "2026-09-01"
        assert parts[-1][1] is None
        for (_, end), (start, _) in itertools.pairwise(parts):
            assert (start - end).days == 1  # type: ignore[operator]


def test_neet_on_a_day_ever_and_for_four_months_are_different_answers(authority: Authority) -> None:
    spells = authority.spells(2026)
    day = np.datetime64("2027-03-15").item()
    at_march = label_outcomes(spells, Outcome.neet_on(day)).label == 1
    year = np.datetime64("2026-09-01").item(), np.datetime64("2027-08-31").item()
    ever = label_outcomes(spells, Outcome(*year)).label == 1
    long = label_outcomes(spells, Outcome(*year, months=4)).label == 1
    assert 0 < long.sum() < ever.sum()
    assert 0 < at_march.sum() < ever.sum()


def test_march_as_labelled_is_march_as_drawn(authority: Authority) -> None:
    who = authority.world.people["leavers"] == 2026
    outcomes = label_outcomes(authority.spells(2026), Outcome.neet_on(np.datetime64("2027-03-15").item()))
    drawn = authority.person["upn"].filter(who & authority.outcome["neet_at_march"])
    assert set(outcomes.keys.filter(outcomes.label == 1).to_pylist()) == set(drawn.to_pylist())


def test_not_known_is_an_outcome_of_its_own(authority: Authority) -> None:
    codes = authority.destinations(2026)["activity_code"]
    assert pc.any(pc.is_in(codes, value_set=codes.combine_chunks().take([0]))).as_py()
    assert set(codes.to_pylist()) & {810, 820, 830}


def test_restricted_pupils_are_few_and_there(authority: Authority) -> None:
    restricted = authority.world.people["restricted"]
    assert 0 < restricted.sum() < 0.02 * len(restricted)


def test_the_table_of_pupils_has_everybody(authority: Authority) -> None:
    assert len(authority.pupils) == len(authority)
    assert authority.pupils["upn"].is_unique


def test_a_caseload_return_says_of_everybody_what_they_do_on_the_day(authority: Authority, tmp_path: Path) -> None:
    day = date(2027, 3, 15)
    path = write_caseload_return(authority, 2026, day, tmp_path / "return.csv")
    labels = label_outcomes(read_destinations(path), Outcome.neet_on(day))
    truth = label_outcomes(authority.spells(2026), Outcome.neet_on(day))
    as_read = dict(zip(labels.keys.to_pylist(), labels.label.tolist(), strict=True))
    assert as_read == dict(zip(truth.keys.to_pylist(), truth.label.tolist(), strict=True))
