"""`windu schema config`: what editors need to complete and check configurations."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated

import typer

__all__ = ["schema"]


class Kind(StrEnum):
    """What there is a schema of."""

    config = "config"


def schema(kind: Annotated[Kind, typer.Argument(help="Of what.")]) -> None:
    """Print the JSON schema of configuration files."""
    from windu.config import config_schema

    print(json.dumps(config_schema(), indent=1))
