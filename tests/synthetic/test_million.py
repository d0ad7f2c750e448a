"""Very many pupils: the same figures, and a file of thirty columns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from roni.cohort import UNKNOWN, is_known
from roni.readers.files import read_cohort
from roni.synthetic import __all__ as public
from roni.synthetic.million import WRITTEN, make_cohort, write_big_csv


def test_a_cohort_of_any_size_is_typed_as_the_dictionary_says() -> None:
    cohort = make_cohort(3000, seed=4)
    for name, values in cohort.columns.items():
        item = cohort.fields[name]
        assert len(values) == 3000
        if item.type != "text":
            assert values.dtype == UNKNOWN[item.type][0], name


def test_no_two_pupils_share_a_key() -> None:
    assert len(set(make_cohort(5000, seed=1))) == 5000


def test_a_cohort_of_nobody_is_a_cohort() -> None:
    assert len(make_cohort(0)) == 0


@pytest.mark.parametrize("unknown", [0.0, 0.2])
def test_as_many_scored_cells_are_unknown_as_asked(unknown: float) -> None:
    cohort = make_cohort(4000, seed=2, unknown=unknown)
    known = is_known(cohort.fields["fsm"], cohort.column("fsm")).mean()
    assert known == pytest.approx(1 - unknown, abs=0.03)


def test_the_same_seed_gives_the_same_cohort() -> None:
    first, again, other = (make_cohort(500, seed=seed) for seed in (7, 7, 8))
    np.testing.assert_array_equal(first.column("attendance"), again.column("attendance"))
    assert not np.array_equal(first.column("attendance"), other.column("attendance"))


def test_only_the_years_asked_for_are_there() -> None:
    assert set(make_cohort(500, years=(11,)).column("year_group")) == {11}


def test_the_big_file_is_read_back_whole(tmp_path: Path) -> None:
    path = write_big_csv(tmp_path / "big.csv", rows=400, seed=3)
    assert path.read_text("utf-8").splitlines()[0].count(",") == len(WRITTEN) - 1 == 29
    cohort = read_cohort([path])
    assert len(cohort) == 400
    assert not cohort.not_kept
    assert {reading.state for reading in cohort.readings if reading.heading} == {"used"}


def test_the_public_names_can_be_had() -> None:
    import roni.synthetic as package

    assert all(getattr(package, name) for name in public)
    with pytest.raises(AttributeError, match="nothing_like_it"):
        package.nothing_like_it  # noqa: B018
