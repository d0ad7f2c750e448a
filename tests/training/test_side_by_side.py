"""Fits side by side give what fits one after the other give: in processes, and on Dask's workers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config

from roni.fields import national
from roni.training.fitting import HeldOut, Material, Recipe, side_by_side


def jobs() -> list[tuple[Recipe, Material, Material, int]]:
    random = np.random.default_rng(3)
    attendance = np.round(random.uniform(60, 100, 400), 1)
    label = np.where(random.random(400) < (100 - attendance) / 60, 1, -1).astype(np.int8)
    frame = pd.DataFrame({"attendance": attendance, "suspensions": random.poisson(0.5, 400).astype(np.int32)})
    pupils = Material(frame, label, np.zeros(400, np.int8), np.zeros(400, bool))
    names = [("attendance",), ("suspensions",), ("attendance", "suspensions")]
    recipes = [Recipe(national(), each, "smooth", bags=0, calibrate=False) for each in names]
    return [(recipe, pupils, pupils, 4) for recipe in recipes]


def run(n_jobs: int | None) -> list[HeldOut]:
    done: list[int] = []
    found = side_by_side(jobs(), n_jobs, lambda: done.append(1))
    assert len(done) == len(found)
    return found


def alike(first: list[HeldOut], second: list[HeldOut]) -> bool:
    return all(
        (one.probability == other.probability).all() and (one.band == other.band).all()
        for one, other in zip(first, second, strict=True)
    )


def test_two_processes_give_the_same_to_the_bit() -> None:
    assert alike(run(None), run(2))


def test_dask_workers_give_the_same_to_the_bit() -> None:
    distributed = pytest.importorskip("distributed", reason="dask's workers are not installed (roni[dask])")
    here = run(None)
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster),
        parallel_config("dask"),
    ):
        assert alike(here, run(None))
