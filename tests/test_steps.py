"""The runner: in order, each step on what the earlier ones made."""

from contextlib import contextmanager
from typing import NamedTuple

import pytest

from windu.exceptions import StepError
from windu.steps import Step, run_steps


class Pair(NamedTuple):
    a: int
    b: int


def load():
    return 3


def split(x) -> Pair:
    return Pair(x, x + 1)


def _join(a, b):
    return [a, b]


STEPS = [Step.of(load, makes="x"), Step.of(split), Step.of(_join, makes="c")]


def test_a_step_is_read_from_its_function():
    """Needs are parameters, names of values are fields of the result."""
    assert [step.name for step in STEPS] == ["load", "split", "join"]
    assert [step.needs for step in STEPS] == [(), ("x",), ("a", "b")]
    assert [step.makes for step in STEPS] == [("x",), ("a", "b"), ("c",)]


def test_values_pass_from_step_to_step():
    """One name takes the value as it is, several take a tuple apart."""
    assert run_steps(STEPS, {}) == {"x": 3, "a": 3, "b": 4, "c": [3, 4]}


def test_start_from_what_is_there():
    """The later part of a list runs on stored values."""
    assert run_steps(STEPS[2:], {"a": 1, "b": 2})["c"] == [1, 2]


def test_a_missing_value_names_the_step_and_the_value():
    """The error says what is needed and what is there."""
    with pytest.raises(StepError, match="'join' needs 'b'. Got only 'a'"):
        run_steps(STEPS[2:], {"a": 1})


def test_until_must_name_a_step():
    """With the nearest name."""
    with pytest.raises(StepError, match="Did you mean 'split'"):
        run_steps(STEPS, {}, until="splitt")


def test_around_is_open_while_a_step_runs():
    """Messages, callbacks and timing hang on it."""
    seen = []

    @contextmanager
    def around(step):
        seen.append(f"begin {step.name}")
        yield
        seen.append(f"end {step.name}")

    run_steps(STEPS[:2], {}, around=around)
    assert seen == ["begin load", "end load", "begin split", "end split"]
