"""From pupils of earlier checks and what became of them to a model for the shelf, with its card and its account."""

from __future__ import annotations

from roni.training.fitting import ENGINES, Progress
from roni.training.trainer import train

__all__ = ["ENGINES", "Progress", "train"]
