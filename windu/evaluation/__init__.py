"""Statistics of the rows before training, and of predictions after it."""

from windu.evaluation.data import describe_data
from windu.evaluation.details import details_of
from windu.evaluation.held_out import DEFAULT_ROWS, importance_of

__all__ = ["DEFAULT_ROWS", "describe_data", "details_of", "importance_of"]
