"""The schema of a table: inference, check and repair."""

from windu.schema.inference import infer_schema
from windu.schema.report import ValidationReport

__all__ = ["ValidationReport", "infer_schema"]
