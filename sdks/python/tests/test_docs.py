"""What the documentation shows is what happens."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import commy

MODULES = [f"commy.{module.name}" for module in pkgutil.iter_modules(commy.__path__) if module.name != "generated"]
README = Path(__file__).parents[1] / "README.md"


@pytest.mark.parametrize("module", ["commy", *MODULES])
def test_examples_in_docstrings_run_and_answer_as_written(module: str) -> None:
    result = doctest.testmod(importlib.import_module(module), optionflags=doctest.ELLIPSIS)
    assert result.failed == 0


@pytest.mark.parametrize("number", range(len(re.findall(r"(?s)```python\n", README.read_text("utf-8")))))
def test_programs_in_the_readme_run(number: int) -> None:
    program = re.findall(r"(?s)```python\n(.*?)```", README.read_text("utf-8"))[number]
    exec(compile(program, f"README.md, program {number + 1}", "exec"), {"__name__": "__main__"})


def test_everything_public_is_documented() -> None:
    undocumented = [
        f"{kind}.{name}"
        for kind in commy.__all__
        for name, member in vars(getattr(commy, kind)).items()
        if not name.startswith("_") and (callable(member) or isinstance(member, property)) and not member.__doc__
    ]
    assert undocumented == []
