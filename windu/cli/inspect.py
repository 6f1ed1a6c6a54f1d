"""`windu inspect`: what a run holds, without building any of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["inspect"]


def inspect(
    file: Annotated[Path, typer.Argument(help="What windu.save wrote.")],
    key_file: Annotated[
        Path | None, typer.Option(help="The key that must have signed it.")
    ] = None,
) -> None:
    """Tell what a file or folder holds: artifacts, types, columns. Builds nothing."""
    from windu.persistence import inspect as look_into

    print(look_into(file, key=key_file))
