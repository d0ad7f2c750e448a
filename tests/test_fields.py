"""The data dictionary: what every declaration keeps to, how cells' words read, and a council's own fields."""

from __future__ import annotations

import csv
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roni.calendar import check_names
from roni.declaration import KEYS, TYPES
from roni.errors import DictionaryError
from roni.fields import FLAG_VALUES, Dictionary, Field, FieldType, national, squeeze
from roni.headings import Headings, normalise

FIELDS = national()
SUPPLIERS = {
    "school", "virtual school", "social care", "youth justice", "SEND team", "Early Help", "exclusions",
    "EHE and missing education", "participation team",
}  # fmt: skip
# Columns of the census pupil table that nothing here needs, and the census's own identifiers.
NOT_NEEDED = {
    "pupilonrolltableid", "NativeId", "pupilonrollorderseqcolumn", "sourceid", "schoolcensustableid", "hoursatsetting",
    "schoollunchtaken", "senunitindicator", "resourcedprovisionindicator", "nonqualhrs", "ftemp", "qualhrs",
    "qualhrspreviousyear", "nonqualhrspreviousyear", "tlevelqualhrs", "tlevelnonqualhrs", "moveoffrollflag",
    "fundedhours", "missingaddress", "duplicatenotfunded", "summerhalfterm2sessionspossible", "extendedhours",
    "eligibilitycode", "summerhalfterm2sessionsauthorised", "summerhalfterm2sessionsunauthorised", "dafindicator",
    "summerhalfterm2sessionseducational", "summerhalfterm2sessionsexceptional", "summerhalfterm2sessionscoronavirus",
    "yssa", "servicechild", "classtype", "boarder", "mathsgcsepriorattainmentyear11",
    "englishgcsepriorattainmentyear11", "mathsgcsefundingexemption", "englishgcsefundingexemption",
    "mathsgcsehighestpriorattainmentpreviousyear", "englishgcsehighestpriorattainmentpreviousyear", "eyppr", "eyppbf",
}  # fmt: skip

every_field = pytest.mark.parametrize("item", FIELDS.values(), ids=list(FIELDS))


def found(heading: str) -> str | None:
    known = {normalise(text): item.name for item in FIELDS.values() for text in (item.name, *item.headings)}
    return known.get(normalise(heading))


def local(tmp_path: Path, text: str) -> Dictionary:
    file = tmp_path / "local.toml"
    file.write_text(text, "utf-8")
    return FIELDS.with_local(file)


# every declaration


def test_the_lines_a_declaration_may_have_are_those_of_a_field() -> None:
    assert set(KEYS) == set(Field.__dataclass_fields__) - {"name", "local"}


def test_no_two_fields_claim_the_same_heading() -> None:
    claims: dict[str, set[str]] = {}
    for item in FIELDS.values():
        for text in (item.name, item.label, *item.headings):
            claims.setdefault(normalise(text), set()).add(item.name)
    assert {heading: names for heading, names in claims.items() if len(names) > 1} == {}


@every_field
def test_every_field_can_be_found_by_a_heading_and_is_due_and_supplied_by_somebody(item: Field) -> None:
    assert item.headings
    assert item.due in check_names()
    assert item.supplier in SUPPLIERS


@every_field
def test_a_label_reads_inside_a_sentence(item: Field) -> None:
    assert item.label == item.label.strip()
    assert not item.label.endswith(".")


@every_field
def test_every_code_has_a_label_of_its_own(item: Field) -> None:
    labels = [squeeze(label) for label in item.codes.values()]
    assert all(labels)
    assert len(set(labels)) == len(labels)


@every_field
def test_a_scored_field_that_needs_justifying_says_why_it_may_be_used(item: Field) -> None:
    if item.scored and item.needs_justification:
        assert len(item.use) > 40


@every_field
def test_a_blank_says_something_only_of_flags_events_and_sen(item: Field) -> None:
    if item.blank_means is not None:
        assert item.type in ("flag", "count") or item.name == "sen_provision"


@every_field
def test_headings_that_imply_something_are_headings_of_the_field(item: Field) -> None:
    implied = {text for answers in item.implied.values() for texts in answers.values() for text in texts}
    assert implied <= set(item.headings)


@every_field
def test_a_word_that_speaks_of_another_field_is_never_a_yes_of_this_one(item: Field) -> None:
    yes = {word for word, answer in item.words().items() if answer == "yes"}
    for answers in item.also.values():
        assert {squeeze(text) for texts in answers.values() for text in texts}.isdisjoint(yes)


@every_field
def test_a_count_that_may_hold_yes_and_no_names_a_flag(item: Field) -> None:
    if item.as_flag:
        assert FIELDS[item.as_flag].type == "flag"


@every_field
def test_every_number_has_a_least_and_a_most(item: Field) -> None:
    if item.type in ("percent", "count"):
        assert item.minimum is not None
        assert item.maximum is not None


# single choices that must not slip


def test_sex_and_ethnicity_are_for_monitoring_and_never_scored() -> None:
    for name in ("sex", "ethnicity"):
        assert (FIELDS[name].scored, FIELDS[name].audience) == (False, "monitoring")


def test_attendance_language_and_grades_are_never_read_from_a_blank() -> None:
    names = ("attendance", "absence", "sessions_possible", "first_language", "english_grade", "ks2_maths")
    assert [FIELDS[name].blank_means for name in names] == [None] * len(names)


def test_attendance_and_period_figures_never_carry_over() -> None:
    families = [item for item in FIELDS.values() if item.family == "attendance"]
    assert {item.name for item in families if item.carried} == {"attendance_last_year"}
    assert not any(
        FIELDS[name].carried for name in ("suspensions", "suspension_sessions", "suspension_days", "suspended")
    )


def test_attendance_comes_by_its_routes_in_order() -> None:
    assert [way.kind for way in FIELDS["attendance"].routes] == ["share", "remainder", "remainder", "complement"]


def test_only_a_known_status_settles_a_permanent_exclusion_against_its_own_column() -> None:
    status, given_date = FIELDS["permanently_excluded"].routes
    assert (status.first, given_date.first) == (True, False)
    assert {code for code, answer in status.codes.items() if answer == "no"} == {"rescinded", "reinstated"}


def test_years_without_key_stage_2_tests_are_breaks() -> None:
    assert [point.on.year for point in FIELDS["ks2_reading"].breaks] == [2020, 2021]


def test_youth_justice_is_shown_to_youth_justice_only() -> None:
    assert {item.name for item in FIELDS.values() if item.audience == "youth_justice"} == {"youth_justice", "custody"}


# headings


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("carer", "young_carer"), ("parent", "parent"), ("supervised_by_yots", "youth_justice"),
        ("PEX", "permanently_excluded"), ("EducatedOffSite", "alternative_provision"), ("TeenParent", "parent"),
        ("Pregnant/Parent", "pregnant_or_parent"), ("FSME on census day", "fsm"), ("Student ID", "admission_number"),
        ("Reg", "registration_group"), ("Legal First Name", "forename"), ("Attendance % (statistical)", "attendance"),
        ("Att %", "attendance"), ("Total absences", "sessions_absent"), ("% absence", "absence"),
        ("No. of exclusions", "suspensions"), ("FIXED TERM EXCLUSIONS", "suspensions"),
        ("moth/year of birth", "birth_month"),
        ("Exclusions (permanent)", "permanently_excluded"), ("Suspensions (days)", "suspension_days"),
        ("UniquePupilNumber", "upn"), ("SENDFlag", "ehcp"), ("SENSupportFlag", "sen_support"), ("Name", "full_name"),
        ("Attendance (last 4 weeks)", "recent_attendance"), ("Attendance last year", "attendance_last_year"),
    ],
)  # fmt: skip
def test_a_heading_finds_its_field(heading: str, name: str) -> None:
    assert found(heading) == name


@pytest.mark.parametrize(
    ("file", "skipped", "encoding", "delimiter"),
    [
        ("schools/arbor_y9_to_y11.csv", 0, "utf-8-sig", ","),
        ("schools/sims_y11.csv", 3, "cp1252", ","),
        ("schools/council_template.csv", 0, "utf-8-sig", ";"),
        ("census/2024_autumn_pupilonroll.csv", 0, "utf-8", ","),
    ],
)
def test_every_heading_of_the_example_files_finds_its_field(
    shared_data: Path, file: str, skipped: int, encoding: str, delimiter: str
) -> None:
    with (shared_data / file).open(encoding=encoding, newline="") as text:
        rows = csv.reader(text, delimiter=delimiter)
        headings = [next(rows) for _ in range(skipped + 1)][-1]
    assert [heading for heading in headings if found(heading) is None and heading not in NOT_NEEDED] == (
        ["Comments"] if "Comments" in headings else []
    )


# words in cells


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("No Special Educational Need", "N"), ("No SEN", "N"), ("None", "N"), ("SEN Support", "K"),
        ("School Action", "K"),
        ("P", "K"), ("A", "K"), ("EHCP", "E"), ("EHC plan", "E"), ("S - Statement", "E"), ("S", "E"),
        ("Education, Health and Care Plan", "E"), ("EHCP - in process", ""), ("EHCNA", ""),
    ],
)  # fmt: skip
def test_sen_reads_as_schools_write_it(text: str, code: str) -> None:
    assert FIELDS["sen_provision"].words()[squeeze(text)] == code


def test_words_of_the_past_speak_of_another_field_and_say_no_here() -> None:
    item = FIELDS["looked_after"]
    assert "plac" in item.also["previously_looked_after"]["yes"]
    assert "care leaver" in item.also["care_leaver"]["yes"]
    assert item.words()["plac"] == "no"
    assert item.words()["care leaver"] == "no"


@pytest.mark.parametrize("text", ["ENG", "ENB", "English", "Believed to be English"])
def test_english_is_not_an_additional_language(text: str) -> None:
    assert FIELDS["eal"].routes[0].codes[squeeze(text)] == "no"


@pytest.mark.parametrize("text", ["NOT", "REF", "CLL", "refused", "not obtained"])
def test_a_language_that_nobody_obtained_is_not_known(text: str) -> None:
    assert squeeze(text) in FIELDS["first_language"].not_known


def test_any_other_language_is_an_additional_one() -> None:
    assert FIELDS["eal"].routes[0].otherwise == "yes"
    assert FIELDS["first_language"].type == "text"


@pytest.mark.parametrize(
    ("text", "code"),
    [("C", "single"), ("M", "main_dual"), ("S", "subsidiary"), ("G", "guest"), ("F", "further_education")],
)
def test_registration_status_reads_the_census_letters(text: str, code: str) -> None:
    assert FIELDS["registration_status"].words()[squeeze(text)] == code


def test_a_year_group_that_is_no_year_group_is_not_known_rather_than_outside() -> None:
    assert {"x", "m"} <= set(FIELDS["year_group"].not_known)


# what an error sentence says


@every_field
def test_what_is_expected_is_a_sentence_fragment(item: Field) -> None:
    assert is_fragment(item.expects)


@given(
    kind=st.sampled_from(TYPES),
    minimum=st.none() | st.integers(0, 50),
    maximum=st.none() | st.integers(50, 1_000),
    codes=st.dictionaries(
        st.from_regex(r"[A-Za-z_]{1,8}", fullmatch=True), st.just("a label"), min_size=1, max_size=12
    ),
)
def test_what_is_expected_of_any_field_is_a_sentence_fragment(
    kind: FieldType, minimum: int | None, maximum: int | None, codes: dict[str, str]
) -> None:
    item = Field(
        "x", "x", kind, "local", "a definition", "a source", "a use", minimum=minimum, maximum=maximum, codes=codes
    )
    assert is_fragment(item.expects)


def is_fragment(text: str) -> bool:
    whole = text == text.strip() and "\n" not in text and "  " not in text
    return whole and bool(text) and text[0].islower() and not text.endswith((".", ",", ":"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("attendance", "a per cent from 0 to 100"),
        ("suspensions", "a whole number from 0 to 200"),
        ("looked_after", "yes or no"),
        ("sen_provision", "one of N, K, E"),
        ("english_maths_basis", "one of predicted, actual"),
        ("entry_date", "a date such as 17/07/2011"),
        ("suspension_days", "a number of days, whole or half, from 0 to 400"),
    ],
)
def test_what_is_expected_names_what_a_cell_may_hold(name: str, expected: str) -> None:
    assert FIELDS[name].expects == expected


# a council's own fields

LOCAL = """
family = "local indicators"

[defaults]
source = "Council panel, 3 September 2026"
use = "Panel decision of 3 September 2026."

[domestic_abuse]
label = "domestic abuse known"
type = "flag"
definition = "Known to the domestic abuse service."
headings = ["DA", "Domestic abuse"]
audience = "sensitive"
blank_means = "no"

[detentions]
label = "detentions"
type = "count"
definition = "Detentions this year."
minimum = 0
headings = ["Detentions"]
values = { 0 = ["none"] }

[bus_route]
label = "bus route"
type = "code"
definition = "How the pupil gets to school."
headings = ["Bus"]
codes = { N = "north", S = "south" }
values = { N = ["northern"] }
"""


def test_a_councils_fields_stand_after_the_national_ones(tmp_path: Path) -> None:
    fields = local(tmp_path, LOCAL)
    assert list(fields)[-3:] == ["domestic_abuse", "detentions", "bus_route"]
    assert len(fields) == len(FIELDS) + 3
    assert all(fields[name].local for name in list(fields)[-3:])
    assert not any(item.local for item in FIELDS.values())


def test_a_councils_fields_read_like_any_other(tmp_path: Path) -> None:
    fields = local(tmp_path, LOCAL)
    assert fields["domestic_abuse"].words()["✓"] == "yes"
    assert fields["detentions"].words() == {"none": "0"}
    assert fields["detentions"].expects == "a whole number, 0 or more"
    assert fields["bus_route"].words()["northern"] == "N"
    assert fields["bus_route"].family == "local indicators"


def test_a_local_route_may_rest_on_national_fields(tmp_path: Path) -> None:
    route = '[[domestic_abuse.routes]]\nkind = "any_of"\ninputs = ["child_in_need"]\n'
    fields = local(tmp_path, LOCAL.replace("[detentions]", route + "[detentions]"))
    assert fields["domestic_abuse"].routes[0].inputs == ("child_in_need",)


@pytest.mark.parametrize(
    ("was", "now", "sentence"),
    [
        ('type = "flag"', 'type = "tick"', "type “tick” is not allowed. Allowed are: percent, count, flag"),
        ('type = "flag"', "type = 1", "“type” is a text"),
        ("[domestic_abuse]", "[Domestic]", "a field’s name is small letters"),
        ("[domestic_abuse]", "[attendance]", "“attendance” is already a field"),
        ('label = "detentions"', "", "field “detentions”: “label” is missing"),
        ('label = "detentions"', 'label = "detentions"\ncolour = "red"', "“colour” is not allowed. Allowed are: also"),
        ('audience = "sensitive"', 'audience = "all"', "audience “all” is not allowed"),
        ('audience = "sensitive"', 'due = "march"', "due “march” is not allowed. Allowed are: november, january"),
        ('audience = "sensitive"', 'scored = "no"', "“scored” is true or false"),
        ('audience = "sensitive"', "since = 2024", "“since” is a date such as"),
        ('audience = "sensitive"', 'also = { no_such = { yes = ["a"] } }', "refers to “no_such”, which is not a field"),
        ('audience = "sensitive"', 'also = { fsm = { maybe = ["a"] } }', "“maybe” is no value of “fsm”"),
        ('audience = "sensitive"', 'also = { fsm = ["a"] }', "“also” is a table of lists of texts"),
        ('audience = "sensitive"', 'values = { yes = ["none"] }', "“none” would be read both as no and as yes"),
        ('audience = "sensitive"', 'not_known = ["x"]', "“x” would be read both as yes and as not known"),
        ('audience = "sensitive"', 'form = "("', "field “domestic_abuse”"),
        ('audience = "sensitive"', 'routes = [{ kind = "guess", inputs = ["fsm"] }]', "route kind “guess” is not"),
        ('audience = "sensitive"', 'routes = [{ kind = "same" }]', "a route has kind and inputs"),
        ('audience = "sensitive"', 'routes = [{ kind = "same", inputs = ["nowhere"] }]', "refers to “nowhere”"),
        ('audience = "sensitive"', 'breaks = [{ on = 2024 }]', "a break has on"),
        ('blank_means = "no"', 'blank_means = "nein"', "blank_means “nein” is not one of its values"),
        ('headings = ["Bus"]', 'headings = "Bus"', "“headings” is a list"),
        ('headings = ["Bus"]', "headings = [1]", "“headings” is a list of texts"),
        ("minimum = 0", 'minimum = "0"', "“minimum” is a number"),
        ("minimum = 0", "minimum = true", "“minimum” is a number"),
        ("minimum = 0", "minimum = 9\nmaximum = 1", "its minimum is above its maximum"),
        ("minimum = 0", "grid = 0", "its grid is the step between two values, a number above 0"),
        ("minimum = 0", "grid = -0.1", "a number above 0"),
        ("minimum = 0", "grid = inf", "a number above 0"),
        ("minimum = 0", "grid = nan", "a number above 0"),
        ("minimum = 0", 'fraction = "up"', "fraction “up” is not allowed. Allowed are: halves, down"),
        ("values = { 0 =", "values = { some =", "values for “some”, which is not a whole number"),
        ("values = { N =", "values = { W =", "values for “W”, which is not one of N, S"),
        ('codes = { N = "north", S = "south" }', "", "a code field needs its codes"),
        ('codes = { N = "north"', "codes = { N = 1", "“codes” gives each a text"),
        ("[defaults]", "stray = 1\n[defaults]", "field “stray”: a field is a table"),
        ("[defaults]", "[defaults", "this is not a TOML file"),
    ],
)  # fmt: skip
def test_a_wrong_declaration_is_refused_by_name(tmp_path: Path, was: str, now: str, sentence: str) -> None:
    assert was in LOCAL
    with pytest.raises(DictionaryError, match=sentence.replace("(", r"\(")) as refusal:
        local(tmp_path, LOCAL.replace(was, now, 1))
    assert str(refusal.value).startswith("local.toml: ")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DictionaryError, match=r"nowhere\.toml: the file of local fields cannot be read"):
        FIELDS.with_local(tmp_path / "nowhere.toml")


def test_a_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "local.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DictionaryError, match=r"local\.toml: the file of local fields cannot be read"):
        FIELDS.with_local(tmp_path / "local.toml")


@given(st.sampled_from([text for texts in FLAG_VALUES.values() for text in texts]), st.sampled_from([1, 2, 3]))
def test_words_are_compared_without_case_or_spacing(text: str, spaces: int) -> None:
    assert squeeze(" " * spaces + text.upper() + " ") == squeeze(text)


def test_what_follows_from_a_dictionary_is_worked_out_once_for_each() -> None:
    made: list[Dictionary] = []

    def count(fields: Dictionary) -> int:
        made.append(fields)
        return len(fields)

    other = Dictionary(national().values())
    assert other.once("count", count) == other.once("count", count) == len(national())
    assert made == [other]


def test_a_dictionary_that_was_used_can_be_sent_to_another_process() -> None:
    fields = national()
    Headings(fields).nearest("Attendence")
    again = pickle.loads(pickle.dumps(fields))
    assert dict(again) == dict(fields)
    assert Headings(again).nearest("Attendence") == Headings(fields).nearest("Attendence") is not None
