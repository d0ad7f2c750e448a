"""Permissions in words, for whoever makes a token."""

from __future__ import annotations

from collections.abc import Iterable

from service.access import Permission

WORDS = {
    Permission.ME: "see whose token it is",
    Permission.TOKENS: "see and revoke your tokens",
    Permission.CHECKS_READ: "see checks and schools",
    Permission.CHECKS_MANAGE: "open and change checks",
    Permission.SCHOOLS: "add and change schools",
    Permission.UPLOADS_WRITE: "upload and confirm a school’s file",
    Permission.COUNCIL_UPLOADS: "upload a file for all schools",
    Permission.REGISTER_READ: "read registers",
    Permission.REGISTER_EXPORT: "download registers",
    Permission.PUPILS_READ: "read one pupil’s details",
    Permission.MODERATE: "add pupils to a list, or ask to take them off",
    Permission.DECIDE: "decide what schools asked for",
    Permission.CASELOAD_WRITE: "take pupils on and hand them over",
    Permission.CASELOAD_MANAGE: "assign other people’s pupils",
    Permission.CONTACTS_READ: "read contacts",
    Permission.CONTACTS_WRITE: "record contacts",
    Permission.REQUESTS_WRITE: "record corrections and objections",
    Permission.REQUESTS_DECIDE: "decide corrections and objections",
    Permission.SUPPLEMENTS_WRITE: "add council lists",
    Permission.RESOLVE: "settle what is to be resolved",
    Permission.MODELS_READ: "see models",
    Permission.MODELS_PROMOTE: "choose the model in use",
    Permission.SCORECARDS_WRITE: "add scorecards",
    Permission.SCORES: "score pupils without storing them",
    Permission.EXTRACTS: "make pseudonymised extracts",
    Permission.REPORTS: "read reports",
    Permission.PEOPLE: "manage people and roles",
    Permission.AUDIT: "search the audit",
    Permission.RETENTION: "see and run retention",
}


def choices(permissions: Iterable[Permission]) -> list[tuple[str, str]]:
    """Value and words of each, in the order of the list above; one without words stands as it is."""
    held = set(permissions)
    known = [(str(one), words[0].upper() + words[1:]) for one, words in WORDS.items() if one in held]
    return known + sorted((str(one), str(one)) for one in held - set(WORDS))


def in_words(scopes: Iterable[str]) -> str:
    """What a token may do, as one line."""
    return "; ".join(WORDS.get(Permission(one), one) if one in set(Permission) else one for one in scopes)


NOUNS = {
    "arrival": "move to a school",
    "grant": "role",
    "session": "sign-in",
    "roll": "school roll",
    "supplement": "council list",
    "sheet": "team list",
}
VERBS = {
    "add": "added", "answer": "answered", "ask": "asked for", "assign": "assigned", "change": "changed",
    "compare": "compared",
    "confirm": "confirmed", "create": "made", "decide": "decided", "dry_run": "tried without doing it", "end": "ended",
    "end_all": "ended everywhere", "erase": "erased", "export": "downloaded", "hand_over": "handed over",
    "lookup": "looked up", "make": "made", "merge": "merged", "open": "opened", "own": "added to by the council",
    "password": "given a new password", "promote": "promoted", "read": "read", "record": "recorded",
    "refuse": "refused", "revoke": "revoked", "role": "continued in a role", "rollback": "taken back", "run": "run",
    "search": "searched for", "stage": "sent", "start": "started", "subject_access": "exported for the person",
    "try": "tried beside", "try_removed": "tried and removed", "verify": "verified", "withdraw": "withdrawn",
}  # fmt: skip


def action(code: str) -> str:
    """What an event of the audit says was done; its code stands beside it for who searches by it.

    >>> action("grant.add"), action("register.read"), action("thing.never_named")
    ('Role added', 'Register read', 'Thing never named')
    """
    noun, _, verb = code.partition(".")
    words = f"{NOUNS.get(noun, noun)} {VERBS.get(verb, verb)}".replace("_", " ").strip()
    return words[:1].upper() + words[1:]
