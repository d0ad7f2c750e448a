"""From pupils of earlier checks and what became of them to a model for the shelf, with its card and its account."""

from __future__ import annotations

from importlib.util import find_spec

from roni.errors import TrainingError

if find_spec("sklearn") is None:
    raise TrainingError("Training needs scikit-learn, which is not installed here. Run: pip install 'roni[train]'")

from roni.training.fitting import ENGINES, Progress
from roni.training.trainer import train

__all__ = ["ENGINES", "Progress", "train"]
