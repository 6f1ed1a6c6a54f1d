"""Time of reading grows with the length of a text, not with its square."""

import importlib
import pkgutil
import re
import time
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

import windu.io
import windu.schema
from windu import WinduEstimator
from windu.exceptions import SchemaError
from windu.io.cells import plain_numbers, typed_cells
from windu.schema import dates, kinds, numbers
from windu.schema.inference import infer_column

#: Texts that make a pattern go back, by what is repeated and what follows.
HOSTILE = [("1", "x"), (" ", "x"), ("1 ", "x"), ("1,", "x"), ("1.", "x"), ("-", "1"),
           ("a", "1"), ("a b ", ""), ("$", "1"), ("1e", "x"), ("%", ""), ("2024-", "x"),
           ("12:", "x"), ("_", "id"), ("\t", "1"), ("é", "1")]  # fmt: skip
LENGTHS = (4_000, 16_000, 64_000)
#: Four times the length takes four times as long, sixteen if the square counts.
LIMIT = 10
#: Less time than this is noise.
FLOOR = 2e-3


def patterns():
    """Yield every compiled pattern of the rooms that read a user's table."""
    for room in (windu.io, windu.schema):
        for module in pkgutil.iter_modules(room.__path__, f"{room.__name__}."):
            for name, value in vars(importlib.import_module(module.name)).items():
                if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                    yield pytest.param(value, id=f"{module.name}.{name}")


def seconds(work, text):
    """Return the least time of a few runs."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        work(text)
        times.append(time.perf_counter() - start)
    return min(times)


def assert_linear(work):
    """Fail if time grows faster than the length for some hostile text."""
    for unit, end in HOSTILE:
        # A busy machine may interrupt each run of one length, but not three times.
        growths = [growth_of(work, unit, end)]
        while growths[-1] >= LIMIT and len(growths) < 3:
            growths.append(growth_of(work, unit, end))
        assert min(growths) < LIMIT, (unit, end, growths)


def growth_of(work, unit, end):
    """Return the largest growth of time from one length to the next."""
    took = [
        max(seconds(work, unit * (length // len(unit)) + end), FLOOR)
        for length in LENGTHS
    ]
    return max(after / before for before, after in pairwise(took))


@pytest.mark.parametrize("pattern", list(patterns()))
def test_patterns(pattern):
    """No pattern has repeats that compete."""
    assert_linear(pattern.match)
    assert_linear(pattern.search)
    assert_linear(pattern.fullmatch)


@pytest.mark.parametrize(
    "reads",
    [
        numbers.parse_number,
        kinds.is_identifier_name,
        kinds.is_missing_text,
        lambda text: plain_numbers([text, "1"]),
        lambda text: numbers.read_number_column([text, "1", "2.5"], 40),
        lambda text: numbers.parse_numbers(pd.Series([text, "1"])),
        lambda text: dates.read_date_column(pd.Series([text, "2024-01-02"])),
        lambda text: dates.parse_dates(pd.Series([text], dtype=object), "%Y-%m-%d"),
        lambda text: dates.has_zone(pd.Series([text], dtype=object)),
        lambda text: infer_column(pd.Series([text, "1", "2"], name="a")),
        lambda text: typed_cells(pd.DataFrame({"a": [text, "1"]})),
    ],
)
def test_readers(reads):
    """Everything that reads a cell takes time that grows with its length."""
    assert_linear(reads)


def test_a_cell_of_blanks_is_refused():
    """A column of numbers as texts refuses 64,000 blanks as fast as any other text."""
    x = np.random.default_rng(0).normal(size=60)
    X = pd.DataFrame({"x": x, "number": [f"{value:.2f}" for value in x]})
    est = WinduEstimator("linear").fit(X, x > 0)

    def refused(text):
        with pytest.raises(SchemaError, match="'number' must be numeric"):
            est.predict({"x": 0.0, "number": text})

    assert_linear(refused)
