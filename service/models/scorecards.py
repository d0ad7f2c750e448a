"""The council's scorecards: uploaded as TOML, checked by the library, kept by digest; a new text is a new version."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Connection, insert, select

from roni import Scorecard, ScorecardError, parse_scorecard, scorecard_names
from service import audit
from service import tables as t
from service.access import Access
from service.phrases import counted
from service.problems import Refusal
from service.refs import new_ref
from service.registers.cards import shipped_cards

MOST_BYTES = 64 * 1024
MOST_FAULTS = 100
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
# A key of many parts takes the TOML reader time that grows with their square; a card has none of more than two.
_PART = r"""(?:"[^"\n]*+"|'[^'\n]*+'|[\w-]++)[ \t]*+"""
LONG_KEY = re.compile(rf"(?<![\w-])(?:{_PART}\.[ \t]*+){{12}}")
NOT_TOML = "This is not a scorecard. Upload the TOML file of one, in UTF-8."

c = t.scorecards.c


def add_scorecard(connection: Connection, access: Access, content: bytes, file: str) -> tuple[str, bool]:
    """Check and keep a card; its reference, and whether it is new. The same text twice is one version."""
    card = checked(content, file)
    known = connection.execute(select(c.ref).where(c.digest == card.digest)).scalar()
    if known is not None:
        return str(known), False
    row = {"ref": new_ref("scorecard"), "name": card.name, "version_text": card.version, "digest": card.digest}
    connection.execute(insert(t.scorecards).values(**row, content=content.decode(), by_id=access.person_id))
    audit.record(connection, access, "scorecard.add", about=row["ref"], detail={"digest": card.digest})
    return row["ref"], True


def checked(content: bytes, file: str) -> Scorecard:
    """The card of an uploaded file. Refused with every sentence of what is wrong with it."""
    if len(content) > MOST_BYTES:
        raise Refusal(413, "too_large", f"A scorecard has at most {MOST_BYTES // 1024} KB.")
    try:
        if LONG_KEY.search(content.decode()):
            raise Refusal(422, "not_a_scorecard", NOT_TOML)
        card = parse_scorecard(content, file)
    except (UnicodeDecodeError, RecursionError):
        raise Refusal(422, "not_a_scorecard", NOT_TOML) from None
    except ScorecardError as error:
        faults = str(error).splitlines()
        detail = f"The scorecard was not kept: {counted(len(faults), 'thing')} to put right."
        raise Refusal(
            422, "scorecard_wrong", detail, errors=[{"message": fault} for fault in faults[:MOST_FAULTS]]
        ) from None
    _check_name(card)
    return card


def _check_name(card: Scorecard) -> None:
    if not NAME.fullmatch(card.name):
        raise Refusal(422, "scorecard_name", "The name of a scorecard has small letters, digits, - and _, at most 64.")
    if card.name in scorecard_names() and card.digest not in shipped_cards():
        raise Refusal(409, "scorecard_shipped", f"“{card.name}” comes with the service. Give yours another name.")


def list_scorecards(connection: Connection) -> list[dict[str, Any]]:
    """Every version of every card: shipped ones, and what was uploaded, the latest first."""
    stored = connection.execute(select(t.scorecards).order_by(c.name, c.id.desc())).all()
    used, kept = _used(connection), {row.digest for row in stored}
    rows = [_stored(row, used) for row in stored]
    shipped = [_shipped(card, used) for digest, card in shipped_cards().items() if digest not in kept]
    return sorted([*shipped, *rows], key=lambda item: (not item["shipped"], item["name"]))


def show_scorecard(connection: Connection, ref: str) -> dict[str, Any]:
    """One version, by reference, or a shipped card by its name: its text, and the same in words."""
    row = connection.execute(select(t.scorecards).where(c.ref == ref)).one_or_none()
    if row is not None:
        card = parse_scorecard(row.content, row.name)
        return _stored(row, _used(connection)) | {"content": row.content, **_in_words(card)}
    shipped = next((card for card in shipped_cards().values() if card.name == ref), None)
    if shipped is None:
        raise Refusal(404, "not_found", "There is no such scorecard.")
    return _shipped(shipped, _used(connection)) | {"content": None, **_in_words(shipped)}


def _in_words(card: Scorecard) -> dict[str, Any]:
    """The whole card in one text, and indicator by indicator."""
    words = card.dictionary
    return {
        "in_words": card.to_text(),
        "sources": list(card.sources),
        "indicators": [
            {
                "label": item.label,
                "family": item.family,
                "tiers": [{"points": tier.points, "when": tier.when.words(words)} for tier in item.tiers],
                "source": item.source,
                "justification": item.justification,
            }
            for item in card.active
        ],
        "inclusions": [
            {"label": item.label, "band": item.band, "when": item.when.words(words), "source": item.source}
            for item in card.inclusions
        ],
    }


def _stored(row: Any, used: dict[str, list[dict[str, str]]]) -> dict[str, Any]:
    card = parse_scorecard(row.content, row.name)
    return _shape(card, row.ref, used) | {"added_at": row.created_at}


def _shipped(card: Scorecard, used: dict[str, list[dict[str, str]]]) -> dict[str, Any]:
    return _shape(card, card.name, used) | {"added_at": None}


def _shape(card: Scorecard, ref: str, used: dict[str, list[dict[str, str]]]) -> dict[str, Any]:
    return {
        "ref": ref,
        "name": card.name,
        "title": card.title,
        "version": card.version,
        "date": card.on,
        "digest": card.digest,
        "shipped": card.digest in shipped_cards(),
        "most_points": card.most,
        "bands": [{"name": band.name, "at_least": band.at_least, "meaning": band.meaning} for band in card.bands],
        "used_by": used.get(card.digest, []),
    }


def _used(connection: Connection) -> dict[str, list[dict[str, str]]]:
    checks = t.checks.c
    found: dict[str, list[dict[str, str]]] = {}
    for row in connection.execute(select(checks.ref, checks.label, checks.scorecard_digest).order_by(checks.on.desc())):
        found.setdefault(row.scorecard_digest, []).append({"ref": row.ref, "label": row.label})
    return found
