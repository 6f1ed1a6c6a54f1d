"""The schema of a table: inference, check and repair."""

from windu.schema.inference import infer_schema

__all__ = ["infer_schema"]
