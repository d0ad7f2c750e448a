"""The HSLS:09 public-use file as the tests and benchmarks use it: twelve fields, and no credential by about 20."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from roni.additive import AdditiveClassifier

NO_CREDENTIAL = 3  # of x4hscompstat
LOWEST_SCALE = -5  # x1ses is a scale about 0; every other column is missing from -1 down
CODED = ["x1sex", "x1race", "x1paredu", "x1poverty185", "x1stuedexpct", "x1paredexpct", "x1region"]

Model = Callable[[pd.DataFrame, np.ndarray, pd.DataFrame], np.ndarray]


def read_hsls(folder: Path) -> tuple[pd.DataFrame, np.ndarray]:
    """The young people with an outcome: twelve float columns, NaN not known, and 1 where there is no credential."""
    table = pd.read_csv(folder / "hsls" / "hsls_small.csv")
    table = table[table["x4hscompstat"] > 0].reset_index(drop=True)
    values = table[[name for name in table if name.startswith("x1")]].astype(float)
    values = values.where(values >= [LOWEST_SCALE if name == "x1ses" else 0 for name in values])
    values["x1stdob"] = values["x1stdob"] // 100 * 12 + values["x1stdob"] % 100 - 1
    return values, (table["x4hscompstat"] == NO_CREDENTIAL).to_numpy(dtype=int)


def held_out(model: Model, values: pd.DataFrame, outcome: np.ndarray, seed: int) -> np.ndarray:
    """Each person's probability by a model fitted on the four folds without them."""
    probability = np.empty(len(outcome))
    for train, test in StratifiedKFold(5, shuffle=True, random_state=seed).split(values, outcome):
        probability[test] = model(values.iloc[train], outcome[train], values.iloc[test])
    return probability


def ours(values: pd.DataFrame, outcome: np.ndarray, others: pd.DataFrame) -> np.ndarray:
    return np.asarray(AdditiveClassifier(random_state=0).fit(values, outcome).predict_proba(others)[:, 1])


def logistic(values: pd.DataFrame, outcome: np.ndarray, others: pd.DataFrame) -> np.ndarray:
    """The usual pipeline: codes one-hot with blanks a code of their own, numbers imputed and marked."""
    blank_marked = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    numbers = make_column_selector(f"^(?!{'|'.join(CODED)})")
    columns = make_column_transformer((blank_marked, numbers), (OneHotEncoder(handle_unknown="ignore"), CODED))
    model = make_pipeline(columns, LogisticRegression(max_iter=2000))
    return np.asarray(model.fit(values, outcome).predict_proba(others)[:, 1])


def boosting(values: pd.DataFrame, outcome: np.ndarray, others: pd.DataFrame) -> np.ndarray:
    model = HistGradientBoostingClassifier(random_state=0)
    return np.asarray(model.fit(values, outcome).predict_proba(others)[:, 1])


def calibration_error(outcome: np.ndarray, probability: np.ndarray, bins: int = 10) -> float:
    """The expected calibration error over bins of equal size."""
    parts = np.array_split(np.argsort(probability, kind="stable"), bins)
    return sum(len(part) / len(outcome) * abs(outcome[part].mean() - probability[part].mean()) for part in parts)
