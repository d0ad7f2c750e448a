"""roni: risk-of-NEET lists for English schools and councils.

Three verbs do most of the work: `read_cohort`, `load_scorecard`, `score`. Every public name is imported when it is
first used, so that `import roni` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from roni.additive import AdditiveClassifier as AdditiveClassifier
    from roni.assessment import Assessment as Assessment
    from roni.audience import hidden_fields as hidden_fields
    from roni.calendar import AcademicYear as AcademicYear
    from roni.calendar import Check as Check
    from roni.calendar import check_names as check_names
    from roni.calendar import get_check as get_check
    from roni.chance import one_in as one_in
    from roni.cohort import KEY_KINDS as KEY_KINDS
    from roni.cohort import Cohort as Cohort
    from roni.cohort import NotKept as NotKept
    from roni.cohort import Reading as Reading
    from roni.cohort import Source as Source
    from roni.errors import CalendarError as CalendarError
    from roni.errors import DictionaryError as DictionaryError
    from roni.errors import FileRefusedError as FileRefusedError
    from roni.errors import MappingError as MappingError
    from roni.errors import ModelError as ModelError
    from roni.errors import Problem as Problem
    from roni.errors import Problems as Problems
    from roni.errors import PupilNotFoundError as PupilNotFoundError
    from roni.errors import RoniError as RoniError
    from roni.errors import ScorecardError as ScorecardError
    from roni.errors import TrainingError as TrainingError
    from roni.evaluation import Evaluation as Evaluation
    from roni.evaluation import evaluate as evaluate
    from roni.evaluation.evidence import Figure as Figure
    from roni.evaluation.page import figure_text as figure_text
    from roni.evaluation.pictures import Picture as Picture
    from roni.evaluation.pictures import draw_evaluation as draw_evaluation
    from roni.explanation import LIMITS as LIMITS
    from roni.explanation import Explanation as Explanation
    from roni.fields import Dictionary as Dictionary
    from roni.fields import Field as Field
    from roni.fields import national as national
    from roni.mapping import ColumnMapping as ColumnMapping
    from roni.matching import match_pupils as match_pupils
    from roni.model import Model as Model
    from roni.model.file import open_model as open_model
    from roni.model.file import save_model as save_model
    from roni.model.shelf import list_models as list_models
    from roni.model.shelf import load_model as load_model
    from roni.movement import Movement as Movement
    from roni.movement.carry import carry_over as carry_over
    from roni.order import Shortlist as Shortlist
    from roni.outcomes import Outcome as Outcome
    from roni.outcomes import Outcomes as Outcomes
    from roni.outcomes import label_outcomes as label_outcomes
    from roni.readers.destinations import read_destinations as read_destinations
    from roni.readers.files import read_cohort as read_cohort
    from roni.readers.listed import ListedPupils as ListedPupils
    from roni.readers.lists import join_list as join_list
    from roni.readers.lists import match_list as match_list
    from roni.readers.lists import read_supplement as read_supplement
    from roni.readers.records import read_rows as read_rows
    from roni.readers.shown import show_rows as show_rows
    from roni.readers.supplements import Supplement as Supplement
    from roni.readers.table import read_tables as read_tables
    from roni.register import Register as Register
    from roni.scorecard import Scorecard as Scorecard
    from roni.scorecard import load_scorecard as load_scorecard
    from roni.scorecard import parse_scorecard as parse_scorecard
    from roni.scorecard import scorecard_names as scorecard_names
    from roni.scoring import score as score
    from roni.stored import cohort_from_dict as cohort_from_dict
    from roni.stored import cohort_to_dict as cohort_to_dict
    from roni.stored import pupils_by_field as pupils_by_field
    from roni.synthetic import make_authority as make_authority
    from roni.synthetic.files import write_files as write_files
    from roni.tally import account as account
    from roni.tally import population as population
    from roni.training import train as train
    from roni.version import VERSION as VERSION
    from roni.wording.roll import died as died
    from roni.wording.roll import left as left
    from roni.workbook import write_movement as write_movement
    from roni.workbook import write_register as write_register
    from roni.writers.csv import write_csv as write_csv
    from roni.writers.template import write_template as write_template
    from roni.writers.xlsx import Page as Page
    from roni.writers.xlsx import Sheet as Sheet
    from roni.writers.xlsx import write_xlsx as write_xlsx

_HOME = {
    "AcademicYear": "calendar",
    "AdditiveClassifier": "additive",
    "Assessment": "assessment",
    "CalendarError": "errors",
    "Check": "calendar",
    "Cohort": "cohort",
    "ColumnMapping": "mapping",
    "Dictionary": "fields",
    "DictionaryError": "errors",
    "Evaluation": "evaluation",
    "Explanation": "explanation",
    "Field": "fields",
    "Figure": "evaluation.evidence",
    "FileRefusedError": "errors",
    "KEY_KINDS": "cohort",
    "LIMITS": "explanation",
    "ListedPupils": "readers.listed",
    "MappingError": "errors",
    "Model": "model",
    "ModelError": "errors",
    "Movement": "movement",
    "NotKept": "cohort",
    "Outcome": "outcomes",
    "Outcomes": "outcomes",
    "Problem": "errors",
    "Problems": "errors",
    "Page": "writers.xlsx",
    "Picture": "evaluation.pictures",
    "PupilNotFoundError": "errors",
    "Reading": "cohort",
    "Register": "register",
    "RoniError": "errors",
    "Scorecard": "scorecard",
    "ScorecardError": "errors",
    "Sheet": "writers.xlsx",
    "Shortlist": "order",
    "Source": "cohort",
    "Supplement": "readers.supplements",
    "TrainingError": "errors",
    "VERSION": "version",
    "account": "tally",
    "carry_over": "movement.carry",
    "check_names": "calendar",
    "cohort_from_dict": "stored",
    "cohort_to_dict": "stored",
    "died": "wording.roll",
    "draw_evaluation": "evaluation.pictures",
    "evaluate": "evaluation",
    "figure_text": "evaluation.page",
    "get_check": "calendar",
    "hidden_fields": "audience",
    "join_list": "readers.lists",
    "label_outcomes": "outcomes",
    "left": "wording.roll",
    "list_models": "model.shelf",
    "load_model": "model.shelf",
    "load_scorecard": "scorecard",
    "make_authority": "synthetic",
    "match_list": "readers.lists",
    "match_pupils": "matching",
    "national": "fields",
    "one_in": "chance",
    "open_model": "model.file",
    "parse_scorecard": "scorecard",
    "population": "tally",
    "pupils_by_field": "stored",
    "read_cohort": "readers.files",
    "read_destinations": "readers.destinations",
    "read_rows": "readers.records",
    "read_supplement": "readers.lists",
    "read_tables": "readers.table",
    "save_model": "model.file",
    "score": "scoring",
    "scorecard_names": "scorecard",
    "show_rows": "readers.shown",
    "train": "training",
    "write_csv": "writers.csv",
    "write_files": "synthetic.files",
    "write_movement": "workbook",
    "write_register": "workbook",
    "write_template": "writers.template",
    "write_xlsx": "writers.xlsx",
}

__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
