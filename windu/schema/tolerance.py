"""What may differ between a table and its schema, and what is done about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from windu.exceptions import SchemaError, did_you_mean

__all__ = ["DIFFERENCES", "Action", "action_for", "check_tolerance"]

Action = Literal["ignore", "cast", "warn", "raise"]


class Kind(NamedTuple):
    """One kind of difference."""

    default: Action
    allowed: tuple[Action, ...]
    means: str


_ALL: tuple[Action, ...] = ("ignore", "warn", "raise")
_CAST: tuple[Action, ...] = ("cast", "warn", "raise")
_ERROR: tuple[Action, ...] = ("raise",)

#: Every kind of difference, with its default and what can be chosen instead.
DIFFERENCES: dict[str, Kind] = {
    "order": Kind("ignore", _ALL, "columns in another order; they are put in order"),
    "extra": Kind("ignore", _ALL, "a column that training did not know; it is dropped"),
    "missing": Kind(
        "raise", _ALL, "a column of training is not there; else it is made, all missing"
    ),
    "duplicate": Kind("raise", _ERROR, "a name that more than one column has"),
    "width": Kind(
        "raise", _ERROR, "more or fewer columns, in a table without names (an array)"
    ),
    "dtype": Kind("cast", _CAST, "another dtype with the same values; they are cast"),
    "meaning": Kind(
        "raise", _ALL, "values of another meaning; else they count as missing"
    ),
    "infinite": Kind("raise", _ALL, "infinite numbers; else they count as missing"),
    "null": Kind("ignore", _ALL, "missing values where training had none"),
    "level": Kind("ignore", _ALL, "levels that training did not have"),
    "unknown": Kind(
        "warn",
        _ALL,
        "most values are levels that training did not have, or levels are spelled in "
        "another way; they are predicted like missing values",
    ),
    "zone": Kind("warn", _ALL, "times with a zone where training had none, or without"),
    "range": Kind("ignore", _ALL, "values outside the range of training"),
    "check": Kind("raise", _ALL, "a check of a user's own schema that fails"),
}


def check_tolerance(tolerance: Mapping[str, str]) -> dict[str, Action]:
    """Return a tolerance as a dict, if every name and action in it is known.

    Parameters
    ----------
    tolerance : mapping of str to str
        Kind of difference to action.

    Returns
    -------
    dict
        The same.

    Raises
    ------
    SchemaError
        With the nearest name, or the actions that are allowed.
    """
    if not isinstance(tolerance, Mapping):
        raise SchemaError(
            "A tolerance must be a dict of difference to action, such as "
            f"{{'null': 'raise'}}. Got {tolerance!r}."
        )
    checked: dict[str, Action] = {}
    for name, action in tolerance.items():
        if name not in DIFFERENCES:
            raise SchemaError(
                f"A tolerance must name one of {sorted(DIFFERENCES)}. Got {name!r}."
                + did_you_mean(name, DIFFERENCES)
            )
        allowed = DIFFERENCES[name].allowed
        if action not in allowed:
            raise SchemaError(
                f"The tolerance of {name!r} must be one of {allowed}. Got {action!r}."
                + did_you_mean(action, allowed)
            )
        checked[name] = action
    return checked


def action_for(difference: str, *tolerances: Mapping[str, Action]) -> Action:
    """Return what is done about a difference: the first tolerance that names it.

    Parameters
    ----------
    difference : str
        A key of `DIFFERENCES`.
    *tolerances : mapping
        A column's, then the table's.

    Returns
    -------
    {"ignore", "cast", "warn", "raise"}
        The default where nobody names it.
    """
    for tolerance in tolerances:
        if difference in tolerance:
            return tolerance[difference]
    return DIFFERENCES[difference].default
