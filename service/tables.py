"""Every table of the service. Times are instants in UTC; `ref` is the opaque reference that the API shows.

`version` counts changes and makes the ETag. What a school says lives in `roll_pupils`, what a council list says in
`supplement_rows`; `register_rows` is worked out from both and can always be worked out again.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

from service.clock import now
from service.refs import new_ref

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Instant(TypeDecorator[datetime]):
    """An instant; SQLite forgets time zones, so it is kept and given back as UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Any) -> datetime | None:
        return value if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# A text that every database sorts by its characters' codes, as SQLite does and as Python does.
IN_ORDER = String(400).with_variant(String(400, collation="C"), "postgresql")


def _id() -> Column[int]:
    return Column("id", Integer, primary_key=True)


def _ref() -> Column[str]:
    return Column("ref", String(64), nullable=False, unique=True)


def _version() -> Column[int]:
    return Column("version", Integer, nullable=False, default=1)


def _when(name: str = "created_at", *, nullable: bool = False) -> Column[datetime]:
    return Column(name, Instant, nullable=nullable, default=None if nullable else now)


def _of(name: str, target: str, *, nullable: bool = False, cascade: bool = False, index: bool = True) -> Column[int]:
    key = ForeignKey(f"{target}.id", ondelete="CASCADE" if cascade else None)
    return Column(name, Integer, key, nullable=nullable, index=index)


def _pupil(*, index: bool = True) -> Column[int]:
    """Erasing a pupil erases this row."""
    return _of("pupil_id", "pupils", cascade=True, index=index)


def _by(name: str = "by_id", *, nullable: bool = False) -> Column[int]:
    return _of(name, "people", nullable=nullable, index=False)


# --- who may call -----------------------------------------------------------------------------------------------------

people = Table(
    "people", metadata, _id(), _ref(), _version(), _when(),
    Column("name", Text, nullable=False),
    Column("email", String(320), nullable=False, unique=True),  # casefolded
    Column("password_hash", Text),  # argon2; none for those who sign in elsewhere
    Column("must_change_password", Boolean, nullable=False, default=False),
    Column("issuer", Text), Column("subject", Text),  # OpenID Connect
    _when("disabled_at", nullable=True),
    UniqueConstraint("issuer", "subject"),
)  # fmt: skip

grants = Table(
    "grants", metadata, _id(), _ref(), _when(),
    _of("person_id", "people"),
    Column("role", String(32), nullable=False),  # access.ROLES
    _of("school_id", "schools", nullable=True),  # returns and careers: one school each; coach: one school or none
    Column("district", Text),  # coach, panel
    Column("team", String(32)),  # council team members: access.TEAMS
    Column("own_caseload", Boolean, nullable=False, default=False),  # coach: only pupils assigned to them
    Column("youth_justice", Boolean, nullable=False, default=False),  # may also see youth-justice fields
    Column("ends_on", Date), _when("ended_at", nullable=True), _by("granted_by_id", nullable=True),
)  # fmt: skip

sessions = Table(
    "sessions", metadata, _id(), _when(),
    Column("token_hash", String(64), nullable=False, unique=True),
    # no person: on the way to a sign-in elsewhere; no grant: has not chosen a role, or must change the password
    _of("person_id", "people", nullable=True), _of("grant_id", "grants", nullable=True, index=False),
    _when("seen_at"), Column("expires_at", Instant, nullable=False), _when("revoked_at", nullable=True),
    Column("kind", String(16), nullable=False, default="session"),  # session, sign_in (elsewhere), held (a form)
    Column("state", JSON),  # what sign-in elsewhere must remember on its way, and what it said; a held form, encrypted
)  # fmt: skip

tokens = Table(
    "tokens", metadata, _id(), _ref(), _when(),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("prefix", String(16), nullable=False),  # the first characters, so that a person can tell which it is
    Column("name", Text, nullable=False),
    _of("person_id", "people"), _of("grant_id", "grants", index=False),
    Column("scopes", JSON, nullable=False),  # permissions, at most those of the role
    Column("expires_at", Instant, nullable=False), _when("used_at", nullable=True), _when("revoked_at", nullable=True),
)  # fmt: skip

sign_in_failures = Table(
    "sign_in_failures", metadata, _id(), _when(),
    Column("whom", String(64), nullable=False, index=True),  # keyed hash of the e-mail address, or of where from
)  # fmt: skip

schools = Table(
    "schools", metadata, _id(), _ref(), _version(),
    Column("urn", String(6), nullable=False, unique=True),
    Column("laestab", String(8)), Column("name", Text, nullable=False), Column("district", Text),
    Column("establishment_type", Text), Column("contact", Text),
    Column("active", Boolean, nullable=False, default=True),
    Column("mapping", JSON, nullable=False, default=dict),  # how this school's files are read: the last confirmed one
)  # fmt: skip

# --- pupils -----------------------------------------------------------------------------------------------------------

pupils = Table(
    "pupils", metadata, _id(), _ref(), _when(),
    Column("key", String(200), nullable=False, unique=True),  # the cohort key, or file and row with the check before it
    Column("key_kind", String(32), nullable=False),  # KEY_KINDS of the library
    Column("upn", String(13), index=True), Column("former_upn", String(13), index=True), Column("uln", String(10),
    index=True),
    Column("name", Text, nullable=False, default=""),  # "Surname, Forename", for finding
    Column("search", Text, nullable=False, default="", index=True),  # the name casefolded, words in order
    Column("leavers", Integer, index=True),  # the summer in which they finish Year 11
    _of("school_id", "schools", nullable=True),  # the main one now; none: the council's own roll
    Column("district", Text, index=True), Column("home_authority", Text),
    Column("restricted", Boolean, nullable=False, default=False), _when("died_at", nullable=True),
    _when("closed_at", nullable=True), Column("closed_reason", Text), _by("closed_by_id", nullable=True),
)  # fmt: skip

pupil_links = Table(  # what the audit calls a pupil; erasing a pupil deletes this row and nothing else of the audit
    "pupil_links", metadata, _id(),
    Column("pupil_id", Integer, ForeignKey("pupils.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column("audit_ref", String(24), nullable=False, unique=True),
)  # fmt: skip

# --- checks, uploads, rolls -------------------------------------------------------------------------------------------

checks = Table(
    "checks", metadata, _id(), _ref(), _version(), _when(),
    Column("name", String(32), nullable=False),  # november, january: the library's calendar
    Column("year", Integer, nullable=False),  # academic year starting in
    Column("label", Text, nullable=False),  # "November 2026"
    Column("on", Date, nullable=False), Column("due_on", Date, nullable=False),
    Column("focus_years", JSON, nullable=False), Column("accepted_years", JSON, nullable=False),
    Column("few_sessions", Integer, nullable=False),
    Column("scorecard", String(64), nullable=False),  # shipped, or of `scorecards`
    Column("scorecard_digest", String(64), nullable=False),
    Column("model", String(64)), Column("model_digest", String(64)),
    _of("earlier_id", "checks", nullable=True, index=False),  # the check that this one continues
    Column("capacity", Integer),  # how many pupils the coaches can see
    Column("stage", String(16), nullable=False, default="draft"),  # draft, moderated, published
    Column("publish_on", Date), _when("published_at", nullable=True), _when("closed_at", nullable=True),
    _by("opened_by_id"),
    UniqueConstraint("name", "year"),
)  # fmt: skip

check_schools = Table(
    "check_schools", metadata, _id(), _version(),
    _of("check_id", "checks", cascade=True), _of("school_id", "schools"),
    _of("submission_id", "submissions", nullable=True, index=False),  # the roll that counts now
    _when("started_at", nullable=True), _when("signed_off_at", nullable=True), _by("signed_off_by_id", nullable=True),
    UniqueConstraint("check_id", "school_id"),
)  # fmt: skip

uploads = Table(
    "uploads", metadata, _id(), _ref(), _version(), _when(), _by(),
    _of("check_id", "checks", cascade=True),
    _of("school_id", "schools", nullable=True),  # none: a file for all schools
    Column("state", String(16), nullable=False),  # reading, staged, refused, confirmed, withdrawn, superseded
    Column("progress", Float, nullable=False, default=0.0),  # 0 to 1 while reading
    Column("file_name", Text, nullable=False), Column("file_digest", String(64), nullable=False),
    Column("size", Integer, nullable=False),
    Column("mapping", JSON, nullable=False, default=dict),  # heading -> {"field": ..., "blank": ...}
    Column("answers", JSON, nullable=False, default=dict),  # question -> answer
    Column("leavers", JSON, nullable=False, default=dict),  # pupil ref -> where to
    Column("edits", JSON, nullable=False, default=dict),  # row -> {field: value}: corrections made on the page
    Column("account", JSON),  # rows, pupils, not kept, problems, readings; never a value
    Column("questions", JSON, nullable=False, default=list),
    Column("refusal", JSON),  # code and sentence
    # for each school of the file: its URN, its cohort without the pupils (they are in upload_pupils), the difference
    Column("cohort", JSON),
    Column("receipt", JSON),  # what was said when it was confirmed
    Column("based_on_id", Integer),  # the submission it was compared with; no key: those have one to their upload
    _when("confirmed_at", nullable=True),
)  # fmt: skip

upload_files = Table(  # as it came; deleted when the upload is confirmed, withdrawn or superseded
    "upload_files", metadata,
    Column("upload_id", Integer, ForeignKey("uploads.id", ondelete="CASCADE"), primary_key=True),
    Column("content", LargeBinary, nullable=False),
)  # fmt: skip

upload_pupils = Table(
    "upload_pupils", metadata, _id(), _of("upload_id", "uploads", cascade=True),
    Column("place", Integer, nullable=False),  # order in the cohort
    Column("school_urn", String(6)),  # of a file for all schools
    Column("pupil_id", Integer, ForeignKey("pupils.id", ondelete="CASCADE"), index=True),  # where known already
    # joined, changed, unchanged; left (the file says so); first (of a leaving cohort not asked for before)
    Column("change", String(16), nullable=False),
    Column("record", JSON, nullable=False),  # one entry of "pupils" of roni.cohort_to_dict
    Column("changes", JSON),  # field -> [before, now], for the school that supplied both
    Column("leaver", JSON),  # of those who left: what the file says of when and where to
)  # fmt: skip

upload_leavers = Table(  # on the last roll, not in this file
    "upload_leavers", metadata, _id(), _of("upload_id", "uploads", cascade=True), _pupil(),
    Column("school_urn", String(6)),
    Column("record", JSON, nullable=False),  # the last facts
    Column("leaver", JSON),  # what an earlier check, or the same file, says already; none: to be answered
)  # fmt: skip

submissions = Table(  # one confirmed roll of one school for one check
    "submissions", metadata, _id(), _ref(), _when("confirmed_at"), _by("confirmed_by_id"),
    _of("check_id", "checks", cascade=True), _of("school_id", "schools", nullable=True),  # none: the council's own roll
    _of("upload_id", "uploads", nullable=True, index=False),  # none: re-confirmed without a file
    Column("live", Boolean, nullable=False, default=True),  # a later one of the same school takes its place
    Column("file_name", Text), Column("file_digest", String(64)), Column("library_version", Text, nullable=False),
    Column("cohort", JSON, nullable=False),  # roni.cohort_to_dict without its pupils
    Column("receipt", JSON, nullable=False),  # what the school was told
)  # fmt: skip

roll_pupils = Table(
    "roll_pupils", metadata, _id(),
    _of("submission_id", "submissions", cascade=True), _of("check_id", "checks", cascade=True, index=False),
    _of("school_id", "schools", nullable=True), _pupil(index=False),
    Column("live", Boolean, nullable=False, default=True),  # of a live submission
    Column("place", Integer, nullable=False),
    Column("status", String(16), nullable=False),  # on_roll, left
    Column("leaver", JSON),  # date, to, school urn, note, who confirmed it
    Column("record", JSON, nullable=False),  # one entry of "pupils" of roni.cohort_to_dict
    Index("ix_roll_pupils_pupil_check", "pupil_id", "check_id", "live"),
    Index("ix_roll_pupils_check_live_school", "check_id", "live", "school_id"),
)  # fmt: skip

# The records of a roll that counts once more, field by field: worked out from them, and gone where one is changed.
roll_columns = Table(
    "roll_columns", metadata, _id(),
    _of("submission_id", "submissions", cascade=True, index=False), Column("columns", JSON, nullable=False),
    UniqueConstraint("submission_id"),
)  # fmt: skip

# --- council lists, what is to be resolved ----------------------------------------------------------------------------

supplements = Table(
    "supplements", metadata, _id(), _ref(), _version(), _when(), _by(),
    Column("team", String(32), nullable=False),  # access.TEAMS
    Column("name", Text, nullable=False), Column("field", String(64)),
    Column("as_at", Date, nullable=False), Column("complete", Boolean, nullable=False),
    Column("years", JSON, nullable=False, default=list),  # for whom it is complete; [] everybody
    Column("state", String(16), nullable=False),  # staged, live, superseded, refused
    Column("file_name", Text, nullable=False), Column("file_digest", String(64), nullable=False),
    Column("fields", JSON, nullable=False, default=list),  # what it says of pupils: names of fields
    _of("earlier_id", "supplements", nullable=True, index=False),  # the live list whose place it took
    _when("confirmed_at", nullable=True), _by("confirmed_by_id", nullable=True),
    Column("listed", JSON, nullable=False),  # ListedPupils.to_dict() without its rows
    Column("account", JSON, nullable=False),
)  # fmt: skip

supplement_rows = Table(
    "supplement_rows", metadata, _id(), _version(),
    Column("ref", String(64), nullable=False, unique=True, default=lambda: new_ref("row")),
    _of("supplement_id", "supplements", cascade=True),
    Column("row", Integer, nullable=False),
    Column("pupil_id", Integer, ForeignKey("pupils.id", ondelete="CASCADE"), index=True),  # only matched, own_roll
    Column("proposed_id", Integer, ForeignKey("pupils.id", ondelete="CASCADE"), index=True),  # by names and birth date
    # matched, own_roll; proposed, several, unmatched: to be decided; dismissed; restricted (s.72): nothing kept of it
    Column("state", String(16), nullable=False),
    Column("record", JSON, nullable=False),  # {"row", "file", "values"}
    Column("reason", Text), _when("decided_at", nullable=True), _by("decided_by_id", nullable=True),
)  # fmt: skip

kept_rows = Table(  # whose a row was when a check closed: what is decided about it later changes no closed check
    "kept_rows", metadata, _id(), _of("check_id", "checks", cascade=True),
    _of("supplement_row_id", "supplement_rows", cascade=True), _pupil(),
)  # fmt: skip

resolutions = Table(  # the "to resolve" list
    "resolutions", metadata, _id(), _ref(), _version(), _when(),
    # two_schools, moved_unlisted, list_row, sources_disagree, alert, died_on_roll
    Column("kind", String(32), nullable=False, index=True),
    Column("check_id", Integer, ForeignKey("checks.id", ondelete="CASCADE"), index=True),
    Column("pupil_id", Integer, ForeignKey("pupils.id", ondelete="CASCADE"), index=True),
    _of("school_id", "schools", nullable=True), _of("other_school_id", "schools", nullable=True),
    Column("supplement_row_id", Integer, ForeignKey("supplement_rows.id", ondelete="CASCADE"), index=True),
    Column("field", String(64)),  # of sources_disagree: who may not see the field may not see this
    Column("says", JSON, nullable=False, default=dict),  # codes and labels, for the sentence; never a name
    _when("closed_at", nullable=True), _by("closed_by_id", nullable=True),  # closed by nobody: it closed itself
    Column("decision", String(32)), Column("reason", Text),
)  # fmt: skip

# --- registers --------------------------------------------------------------------------------------------------------

registers = Table(  # one for each view of a check, and one for each card or model tried beside it
    "registers", metadata, _id(), _ref(), _version(), _when(),
    _of("check_id", "checks", cascade=True),
    Column("view", String(16), nullable=False),  # access.VIEWS
    Column("beside", Boolean, nullable=False, default=False),  # tried beside the live one
    Column("scorecard", String(64), nullable=False), Column("scorecard_digest", String(64), nullable=False),
    Column("card", JSON, nullable=False),  # names of bands and indicators, most points: what a page needs of the card
    Column("model", String(64)), Column("model_digest", String(64)),
    Column("without", JSON, nullable=False, default=list),  # labels of the card's fields that this view does not see
    # school id, "" the council itself -> what is said once of its files
    Column("notes", JSON, nullable=False, default=dict),
    Column("library_version", Text, nullable=False),
    _by("made_by_id", nullable=True),  # who tried it beside the live one; nobody makes what takes a live one's place
    # registers/renewal.py: of a live one how far another is, of that one which schools are left; none: nothing to do
    Column("renewal", JSON(none_as_null=True)),
    # registers/owed.py: of a check's full register, the pupils whose lines in the narrower views are still to be made
    Column("owed", JSON(none_as_null=True)),
)  # fmt: skip

register_rows = Table(
    "register_rows", metadata, _id(),
    _of("register_id", "registers", cascade=True, index=False), _pupil(),
    _of("school_id", "schools", nullable=True, index=False),
    Column("sort", IN_ORDER, nullable=False),  # the order of the register as one text: what cursors hold
    # ranked, left, restricted, taken_off (by a person); who has died has no row
    Column("section", String(16), nullable=False),
    Column("automatic", Boolean, nullable=False, default=False),  # the card always includes them: an inclusion is met
    # places in the card's bands, -1 none
    Column("band", Integer, nullable=False), Column("rules_band", Integer, nullable=False),
    Column("model_band", Integer), Column("band_max", Integer, nullable=False),
    Column("points", Integer), Column("points_max", Integer), Column("probability", Float),
    Column("year_group", Integer), Column("district", Text), Column("home_authority", Text),
    Column("resident", Boolean),
    # up, new, down ... since the earlier check; added, priority, removal_asked, taken_off
    Column("change", String(32)), Column("moderated", String(16)),
    Column("indicators", Text, nullable=False, default=""),  # " name name " of those met, for filtering
    Column("line", Text, nullable=False),  # the row as the API gives it, JSON, ready made
    UniqueConstraint("register_id", "pupil_id"),
    Index("ix_register_rows_register_sort", "register_id", "sort"),  # sections stand one after the other
    Index("ix_register_rows_register_school", "register_id", "school_id", "sort"),
    # whom the rules alone would have put into a list that is cut
    Index("ix_register_rows_register_rules", "register_id", "rules_band", "points", "points_max"),
)  # fmt: skip

# --- moderation and caseload ------------------------------------------------------------------------------------------

moderations = Table(
    "moderations", metadata, _id(), _ref(), _version(), _when(), _by(),
    _of("check_id", "checks", cascade=True), _pupil(),
    Column("kind", String(16), nullable=False),  # add, remove, priority
    # why: a code, for override rates (caseload.schemas.WHY); reason: in the person's own words
    Column("band", String(64)), Column("why", String(32), nullable=False), Column("reason", Text, nullable=False),
    Column("role", String(32), nullable=False),  # as what the person asked
    Column("state", String(16), nullable=False),  # standing, asked, accepted, declined, withdrawn
    Column("decided_reason", Text), _when("decided_at", nullable=True), _by("decided_by_id", nullable=True),
    Column("decided_role", String(32)),  # only the council's role takes off whom the card always includes
    _of("carried_from_id", "moderations", nullable=True, index=False),  # "from November, review"
    _when("reviewed_at", nullable=True),
)  # fmt: skip

assignments = Table(
    "assignments", metadata, _id(), _when(), _by(),
    _pupil(), _of("coach_id", "people"), Column("rule", Text), Column("reason", Text),
    _when("ended_at", nullable=True), _by("ended_by_id", nullable=True), Column("handed_to_id", Integer),
    Column("ended_reason", Text),
    # a pupil has one coach at a time
    Index("uq_assignments_open", "pupil_id", unique=True, sqlite_where=text("ended_at is null"),
          postgresql_where=text("ended_at is null")),
)  # fmt: skip

contacts = Table(
    "contacts", metadata, _id(), _ref(), _version(), _when(), _by(), _pupil(),
    Column("check_id", Integer, ForeignKey("checks.id"), index=True),
    Column("on", Date, nullable=False), Column("kind", String(32), nullable=False), Column("outcome", String(32),
    nullable=False),
    # team, own: who may read the note
    Column("note", Text), Column("note_for", String(16), nullable=False, default="team"),
    Column("next_action", Text), Column("next_on", Date), _when("done_at", nullable=True),
)  # fmt: skip

sheets = Table(  # a team's sheet that came back: looked at first, then merged
    "sheets", metadata, _id(), _ref(), _when(), _by(),
    Column("file_name", Text, nullable=False), Column("file_digest", String(64), nullable=False, index=True),
    Column("receipt", JSON),  # how many rows of what, when it was merged
    _when("merged_at", nullable=True),
)  # fmt: skip

sheet_rows = Table(
    "sheet_rows", metadata, _id(), _of("sheet_id", "sheets", cascade=True),
    Column("row", Integer, nullable=False),
    # none: nobody whom the sender may see, and nothing is kept of the row
    Column("pupil_id", Integer, ForeignKey("pupils.id", ondelete="CASCADE"), index=True),
    Column("cells", JSON, nullable=False),  # once it is merged only of what was not taken
    Column("became", JSON),  # what the merge made of it
)  # fmt: skip

pupil_requests = Table(  # corrections and objections of a young person or their parents
    "pupil_requests", metadata, _id(), _ref(), _version(), _when(), _by(), _pupil(),
    Column("kind", String(16), nullable=False),  # correction, objection
    Column("said", Text, nullable=False), Column("decision", String(16)), Column("decided_reason", Text),
    _when("decided_at", nullable=True), _by("decided_by_id", nullable=True),
)  # fmt: skip

# --- analysts ---------------------------------------------------------------------------------------------------------

promotions = Table(
    "promotions", metadata, _id(), _when(), _by(),
    Column("model", String(64), nullable=False), Column("digest", String(64), nullable=False),
    Column("note", Text, nullable=False), Column("check_id", Integer, ForeignKey("checks.id")),  # from which check on
    Column("action", String(16), nullable=False),  # promote, rollback
)  # fmt: skip

scorecards = Table(
    "scorecards", metadata, _id(), _ref(), _when(), _by(),
    Column("name", String(64), nullable=False), Column("version_text", Text, nullable=False),
    Column("digest", String(64), nullable=False, unique=True), Column("content", Text, nullable=False),
)  # fmt: skip

extracts = Table(
    "extracts", metadata, _id(), _ref(), _when(), _by(), _of("check_id", "checks"),
    Column("pupils", Integer, nullable=False), Column("fields", JSON, nullable=False), Column("digest", String(64),
    nullable=False),
)  # fmt: skip

# --- audit and upkeep -------------------------------------------------------------------------------------------------

audit_events = Table(  # append-only: each row's hash covers the row before it
    "audit_events", metadata, _id(), Column("at", Instant, nullable=False, index=True),
    Column("person_ref", String(64)), Column("role", String(32)), Column("via", String(16)),
    Column("action", String(64), nullable=False, index=True),  # "register.read", "upload.confirm"
    Column("about", String(64)),  # ref of what it was done to
    Column("pupils", Text, nullable=False, default=""),  # audit refs, one space between
    Column("detail", Text, nullable=False, default="{}"),  # JSON: codes and counts; never a value
    Column("previous", String(64), nullable=False), Column("hash", String(64), nullable=False, unique=True),
)  # fmt: skip

idempotency = Table(
    "idempotency", metadata, _id(), _when(),
    Column("caller", String(64), nullable=False), Column("key", String(200), nullable=False),
    Column("request", String(64), nullable=False),  # digest of method, path and body
    Column("status", Integer, nullable=False), Column("headers", JSON, nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("caller", "key"),
)  # fmt: skip

retention_runs = Table(
    "retention_runs", metadata, _id(), _when(), _by(nullable=True),
    Column("dry", Boolean, nullable=False), Column("policy", Text, nullable=False),
    Column("counts", JSON, nullable=False),
)  # fmt: skip
