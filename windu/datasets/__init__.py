"""Small real tables, with their licences, for examples and tests."""

from windu.datasets._base import load_nhefs, load_penguins, load_storms, load_tate

__all__ = ["load_nhefs", "load_penguins", "load_storms", "load_tate"]
