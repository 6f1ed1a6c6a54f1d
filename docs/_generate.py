"""Pages made from the code, so that they cannot say anything else."""

from __future__ import annotations

import inspect
from collections.abc import Iterable

import windu
from windu.schema.columns import DIFFERENCES
from windu.tasks import RULES

HEAD = """\
Reference
=========

Every public name of windu. Each page comes from the docstring.
"""

TASKS = """\
windu.tasks
-----------

.. autodata:: windu.tasks.RULES
   :no-value:

As a table: :doc:`../guide/labels`.
"""


def reference_page() -> str:
    """Return the reference: every public name, and the task rules."""
    objects = {name: getattr(windu, name) for name in windu.__all__}
    modules = {n: o for n, o in objects.items() if inspect.ismodule(o)}
    classes = [n for n, o in objects.items() if inspect.isclass(o)]
    functions = [n for n in objects if n not in modules and n not in classes]
    parts = [HEAD, _section("Classes", "windu", classes)]
    parts.append(_section("Functions", "windu", functions))
    for name, module in modules.items():
        parts.append(_section(f"windu.{name}", f"windu.{name}", module.__all__))
    parts.append(TASKS)
    return "\n".join(parts)


def task_rules_table() -> str:
    """Return the rules of ``task="auto"`` as a table."""
    return _table([("rule", "holds if", "task"), *RULES], "22 56 22")


def tolerance_table() -> str:
    """Return the kinds of difference, with their defaults, as a table."""
    rows = [
        (name, kind.means, kind.default, ", ".join(kind.allowed))
        for name, kind in DIFFERENCES.items()
    ]
    head = ("difference", "what it is", "default", "can be")
    return _table([head, *rows], "14 50 14 22")


def _table(rows: Iterable[tuple[str, ...]], widths: str) -> str:
    lines = [".. list-table::", "   :header-rows: 1", f"   :widths: {widths}", ""]
    for first, *others in rows:
        lines += [f"   * - {first}", *(f"     - {other}" for other in others)]
    return "\n".join(lines) + "\n"


def _section(title: str, module: str, names: list[str]) -> str:
    lines = [title, "-" * len(title), "", f".. currentmodule:: {module}", ""]
    lines += [".. autosummary::", "   :toctree: generated", ""]
    return "\n".join(lines + [f"   {name}" for name in sorted(names)]) + "\n"
