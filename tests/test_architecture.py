"""The shape of the project, checked: which way imports point, what is loaded when, how long a function may be."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HEAVY = ("numpy", "pandas", "pyarrow", "openpyxl", "sklearn", "scipy", "fastapi", "sqlalchemy", "alembic", "uvicorn")
LONGEST_FUNCTION = 60  # lines


def python(*arguments: str) -> str:
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def modules_after(code: str) -> set[str]:
    printed = python("-c", f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))")
    return set(json.loads(printed.splitlines()[-1]))


def test_imports_point_down_only() -> None:
    python("-c", "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))")


def test_ruff_finds_nothing() -> None:
    python("-m", "ruff", "check", "--no-cache", ".")


def test_the_code_is_formatted() -> None:
    python("-m", "ruff", "format", "--check", "--no-cache", ".")


def test_strict_mypy_finds_nothing() -> None:
    python("-m", "mypy")


def test_importing_roni_loads_nothing_heavy() -> None:
    assert modules_after("import roni").isdisjoint(HEAVY)


def test_the_help_loads_neither_pandas_nor_scikit_learn_nor_the_service_s_packages() -> None:
    code = "import sys; sys.argv = ['roni', '--help']\nfrom roni.cli import main\ntry: main()\nexcept SystemExit: pass"
    assert modules_after(code).isdisjoint(HEAVY)


def test_importing_roni_takes_at_most_a_tenth_of_importing_pandas() -> None:
    assert quickest("import roni") * 10 <= quickest("import pandas")


def quickest(code: str) -> float:
    """Seconds for the code in a fresh interpreter, less what the interpreter itself takes: the best of three."""
    timed = f"import time; began = time.perf_counter(); {code}; print(time.perf_counter() - began)"
    return min(float(python("-c", timed)) for _ in range(3))


def functions() -> Iterator[tuple[str, int]]:
    for path in sorted([*ROOT.glob("roni/**/*.py"), *ROOT.glob("service/**/*.py")]):
        if path.parent.name == "versions":  # migrations are lists of what is done, generated once
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield f"{path.name}:{node.name}", (node.end_lineno or 0) - node.lineno + 1


def test_no_function_is_too_long_to_read_at_once() -> None:
    assert [name for name, lines in functions() if lines > LONGEST_FUNCTION] == []


def test_every_public_name_can_be_had_from_the_package() -> None:
    import roni

    assert all(getattr(roni, name) is not None for name in roni.__all__)
    assert set(roni.__all__) <= set(dir(roni))


def test_a_name_that_does_not_exist_is_refused_as_usual() -> None:
    import roni

    with pytest.raises(AttributeError, match="has no attribute 'predict_neet'"):
        _ = roni.predict_neet  # type: ignore[attr-defined]


def test_training_without_scikit_learn_says_what_to_install() -> None:
    code = (
        "import importlib.util as util; real = util.find_spec\n"
        "util.find_spec = lambda name, *more: None if name == 'sklearn' else real(name, *more)\n"
        "import roni\n"
        "try: roni.train\n"
        "except roni.TrainingError as error: print(error)"
    )
    assert "pip install 'roni[train]'" in python("-c", code)
