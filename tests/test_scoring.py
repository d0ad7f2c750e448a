"""One verb from a cohort and a scorecard to a register."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from roni.errors import ScorecardError
from roni.scorecard import load_scorecard
from roni.scoring import score
from tests.strategies import pupil


def test_a_card_is_given_or_named() -> None:
    cohort = pupil(young_carer=True)
    by_name, by_card = score(cohort, "oxfordshire"), score(cohort, load_scorecard("oxfordshire"))
    assert by_name.to_frame().equals(by_card.to_frame())
    assert by_name.model_name is None


def test_a_card_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ScorecardError, match="nowhere"):
        score(pupil(young_carer=True), "nowhere")


def test_scoring_never_loads_scikit_learn() -> None:
    code = (
        "import sys; from tests.strategies import pupil; from roni.scoring import score; "
        "score(pupil(young_carer=True), 'oxfordshire').to_table(); sys.exit('sklearn' in sys.modules)"
    )
    root = Path(__file__).resolve().parents[1]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
