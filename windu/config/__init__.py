"""An estimator that is not fitted as YAML, and back; nothing is run by reading."""

from windu.config.estimators import from_yaml, to_yaml
from windu.config.sections import config_schema

__all__ = ["config_schema", "from_yaml", "to_yaml"]
