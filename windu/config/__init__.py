"""Unfitted estimators and pipelines as YAML; reading runs no code."""

from windu.config.estimators import from_yaml, to_yaml
from windu.config.sections import config_schema

__all__ = ["config_schema", "from_yaml", "to_yaml"]
