"""Where a person may be sent after signing in: an address of our own, and nowhere else."""

from __future__ import annotations

import re

LONGEST = 1000
# A path from the root and perhaps a query. Not "//host" or "/\\host", which browsers read as another site.
OWN = re.compile(r"/(?![/\\])[A-Za-z0-9\-._~!$&'()*+,;=:@%/?]*")
NOT_PAGES = ("/sign-in", "/sign-out", "/v1/", "/static/")


def own_address(given: str | None) -> str:
    """The address where it is one of our pages, else the start.

    >>> own_address("/checks?school=100001"), own_address("//elsewhere.example"), own_address("https://elsewhere.example")
    ('/checks?school=100001', '/', '/')
    >>> own_address("/sign-out"), own_address(None)
    ('/', '/')
    """
    if not given or len(given) > LONGEST or not OWN.fullmatch(given) or given.startswith(NOT_PAGES):
        return "/"
    return given
