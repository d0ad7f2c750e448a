"""Resamples drawn side by side are those drawn one after the other: in threads, in processes, on Dask's workers."""

from __future__ import annotations

import os
from dataclasses import fields

import numpy as np
import pytest
from joblib import parallel_config

from roni.evaluation import resamples
from roni.evaluation.calibration import calibration
from roni.evaluation.draws import Draws, draw
from roni.evaluation.ranking import Ranking, ranking_of_probability, ranking_of_scores
from roni.evaluation.resamples import CHUNK, FEWEST_TO_SHARE, each_draw, weights

COUNT = 2 * CHUNK + 7  # two whole chunks and a part


def pupils() -> tuple[list[Ranking], np.ndarray]:
    random = np.random.default_rng(3)
    said = random.random(300)
    label = np.where(random.random(300) < said, 1, -1).astype(np.int8)
    return [ranking_of_probability("said", said), ranking_of_scores("tied", np.floor(said * 5))], label


def judged() -> Draws:
    rankings, label = pupils()
    return draw(rankings, label, [20, 100], COUNT)


def alike(first: Draws, second: Draws) -> bool:
    one, other = ([np.asarray(getattr(each, field.name)) for field in fields(Draws)] for each in (first, second))
    return all(a.tobytes() == b.tobytes() for a, b in zip(one, other, strict=True))


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> Draws:
    """The figures of one process; from then on even so little work is given out."""
    here = judged()
    monkeypatch.setattr(resamples, "FEWEST_TO_SHARE", 0)
    return here


@pytest.mark.parametrize("backend", ["sequential", "threading", "loky"])
def test_two_jobs_give_the_same_to_the_bit(shared: Draws, backend: str) -> None:
    with parallel_config(backend, n_jobs=2):
        assert alike(shared, judged())


def test_dask_workers_give_the_same_to_the_bit(shared: Draws) -> None:
    distributed = pytest.importorskip("distributed", reason="dask's workers are not installed (roni[dask])")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster),
        parallel_config("dask"),
    ):
        assert alike(shared, judged())


def test_calibration_is_the_same_too(monkeypatch: pytest.MonkeyPatch) -> None:
    (said, _), label = pupils()
    here = calibration(said, label, COUNT)
    monkeypatch.setattr(resamples, "FEWEST_TO_SHARE", 0)
    with parallel_config("loky", n_jobs=2):
        assert calibration(said, label, COUNT) == here


@pytest.mark.parametrize(("less", "stays"), [(0, False), (1, True)])
def test_only_work_that_is_large_enough_is_given_to_other_processes(less: int, stays: bool) -> None:
    rankings = FEWEST_TO_SHARE // (2 * CHUNK)  # of one pupil drawn so often
    with parallel_config("loky", n_jobs=2):
        places = each_draw(lambda _: np.array([float(os.getpid())]), 1, 2 * CHUNK, 0, rankings - less)
    assert places[0] == os.getpid()
    assert (places[1:] == os.getpid()).all() == stays


def test_draw_0_is_the_cohort_itself() -> None:
    assert each_draw(lambda weight: weight, 30, 0, 1).tolist() == [[1.0] * 30]


def test_the_same_seed_draws_the_same_pupils_and_another_seed_others() -> None:
    first, second, third = (np.stack(list(weights(30, 3, seed))) for seed in (1, 1, 2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, third)
    assert (first.sum(axis=1) == 30).all()


def test_no_resample_stands_twice_and_more_of_them_begin_alike() -> None:
    few, many = (np.stack(list(weights(30, count, 1))) for count in (CHUNK + 1, COUNT))
    assert np.array_equal(few, many[: len(few)])
    assert len(np.unique(many, axis=0)) == COUNT


def test_a_measure_sees_the_resamples_of_its_seed() -> None:
    assert np.array_equal(each_draw(lambda weight: weight, 30, COUNT, 4)[1:], np.stack(list(weights(30, COUNT, 4))))
