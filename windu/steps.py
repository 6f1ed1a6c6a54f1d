"""Steps, and the runner for lists of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from inspect import signature
from typing import Any, get_type_hints

from windu.exceptions import StepError, did_you_mean

__all__ = ["PARTS", "Step", "run_steps"]

#: The parts of an estimator, in the order of the data flow.
PARTS = ("featurizer", "transformer", "label_encoder", "model", "threshold")


@dataclass(frozen=True)
class Step:
    """One named piece of work.

    Parameters
    ----------
    name : str
        The step's name.
    needs : tuple of str
        Names of the values it takes, passed by keyword.
    makes : tuple of str
        Names of the values it makes, the one that it is run for first.
    function : callable
        Takes keyword arguments; returns one value, or a named tuple of several.

    Examples
    --------
    >>> from windu.steps import Step, run_steps
    >>> def double(x: int) -> int:
    ...     return 2 * x
    >>> run_steps([Step.of(double, makes="y")], {"x": 3})["y"]
    6
    """

    name: str
    needs: tuple[str, ...]
    makes: tuple[str, ...]
    function: Callable[..., Any]

    @classmethod
    def of(
        cls, function: Callable[..., Any], *, name: str = "", makes: str = ""
    ) -> Step:
        """Return the step that a function stands for.

        Parameters
        ----------
        function : callable
            Its parameters are what the step needs, and the fields of the named tuple
            that it returns are what the step makes.
        name : str, default=""
            The step's name; that of the function by default.
        makes : str, default=""
            The name of the one value that the function returns, if it returns one.

        Returns
        -------
        Step
            The step.
        """
        needs = tuple(signature(function).parameters)
        fields = (makes,) if makes else get_type_hints(function)["return"]._fields
        return cls(name or function.__name__.lstrip("_"), needs, fields, function)

    def run(self, needed: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the step makes, by name."""
        outputs = self.function(**needed)
        outputs = outputs if len(self.makes) > 1 else (outputs,)
        return dict(zip(self.makes, outputs, strict=True))


def run_steps(
    steps: Sequence[Step],
    values: Mapping[str, Any],
    *,
    until: str | None = None,
    around: Callable[[Step], AbstractContextManager[Any]] | None = None,
    perform: Callable[[Step, Mapping[str, Any]], Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """Run steps in order, each on what the earlier ones made.

    Parameters
    ----------
    steps : sequence of Step
        The steps, in order.
    values : mapping of str to object
        What is there before the first step.
    until : str, default=None
        Name of the last step to run; all of them by default.
    around : callable, default=None
        Called with each step; the context manager it returns is open while the
        step runs (messages, callbacks, timing).
    perform : callable, default=None
        Called with each step and the values it needs in the place of `Step.run`;
        returns what that would return (a cache).

    Returns
    -------
    dict of str to object
        The given values and all that was made.

    Raises
    ------
    StepError
        If a step needs a value that nobody made, or `until` names no step.

    Examples
    --------
    >>> from windu.steps import Step, run_steps
    >>> run_steps([Step.of(lambda a: a, name="b", makes="b")], {})
    Traceback (most recent call last):
    ...
    windu.exceptions.StepError: The step 'b' needs 'a'. ...
    """
    _check_until(until, [step.name for step in steps])
    values = dict(values)
    for step in steps:
        missing = [name for name in step.needs if name not in values]
        if missing:
            raise StepError(
                f"The step {step.name!r} needs {_join(missing)}. Got only "
                f"{_join(values) or 'nothing'}. Run the step that makes it first, or "
                "pass the value."
            )
        with around(step) if around else nullcontext():
            needed = {name: values[name] for name in step.needs}
            values.update(perform(step, needed) if perform else step.run(needed))
        if step.name == until:
            break
    return values


def _check_until(until: str | None, names: list[str]) -> None:
    if until is not None and until not in names:
        raise StepError(
            f"until must name one of the steps {_join(names)}. Got {until!r}."
            + did_you_mean(until, names)
        )


def _join(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in names)
