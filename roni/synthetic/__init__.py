"""Invented pupils: whole authorities that follow the published figures, and the messy files their schools would send.

No real child is in here and none can be: names come from a short list of made-up ones, UPNs carry an authority number
that is not in use, and every figure is drawn from published totals (`targets.toml`, each with its source) by a written
process (`process.toml`). Everything is seeded: the same seed gives the same pupils and the same bytes.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from roni.synthetic.authority import Authority, make_authority
    from roni.synthetic.caseload import write_caseload_return
    from roni.synthetic.council import CouncilList
    from roni.synthetic.files import write_files
    from roni.synthetic.million import make_cohort, write_big_csv
    from roni.synthetic.report import fidelity_report
    from roni.synthetic.targets import targets

__all__ = [
    "Authority",
    "CouncilList",
    "fidelity_report",
    "make_authority",
    "make_cohort",
    "targets",
    "write_big_csv",
    "write_caseload_return",
    "write_files",
]

_HOME = {
    "Authority": "authority",
    "CouncilList": "council",
    "fidelity_report": "report",
    "make_authority": "authority",
    "make_cohort": "million",
    "targets": "targets",
    "write_big_csv": "million",
    "write_caseload_return": "caseload",
    "write_files": "files",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
