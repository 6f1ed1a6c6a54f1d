"""Small real tables, with their licences, for examples and tests."""

from ._nhefs import load_nhefs
from ._penguins import load_penguins
from ._storms import load_storms
from ._tate import load_tate

__all__ = ["load_nhefs", "load_penguins", "load_storms", "load_tate"]
