"""Print a pip constraint for each floor that pyproject.toml claims.

Usage: python .ci/minimum.py [EXTRA ...]
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"
REQUIREMENT = re.compile(
    r"(?P<name>[\w.-]+)(\[(?P<extras>[\w,\s-]+)\])?\s*(>=\s*(?P<floor>[\w.]+))?$"
)


def pins(project: dict, extras: Iterable[str] = ()) -> Iterator[str]:
    """Yield ``name==floor`` for the dependencies and the named extras.

    Requirements without a floor give nothing; any other form is an error, so
    that no bound is lost without a word.
    """
    optional = project.get("optional-dependencies", {})
    lines = list(project["dependencies"])
    for extra in extras:
        if extra not in optional:
            raise SystemExit(f"No extra {extra!r}. Got {sorted(optional)}.")
        lines += optional[extra]
    for line in lines:
        found = REQUIREMENT.match(line)
        if found is None:
            raise SystemExit(f"A requirement must read 'name>=floor'. Got {line!r}.")
        if found["name"] == project["name"]:
            inner = {"dependencies": [], "optional-dependencies": optional}
            names = [name.strip() for name in found["extras"].split(",")]
            yield from pins(inner | {"name": project["name"]}, names)
        elif found["floor"]:
            yield f"{found['name']}=={found['floor']}"


if __name__ == "__main__":
    table = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))
    print("\n".join(sorted(set(pins(table["project"], sys.argv[1:])))))
