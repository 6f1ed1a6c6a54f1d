"""pandera's built-in checks as JSON and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal, NamedTuple

import pandera.pandas as pa
from pandera.api.function_dispatch import Dispatcher
from pydantic import BaseModel, ConfigDict, Field

from windu.schema.user.patterns import check_pattern
from windu.schema.user.values import (
    Text,
    Value,
    decode_value,
    encode_value,
    reason_of,
)

__all__ = ["BUILT_IN", "StoredCheck", "check_name", "decode_check", "encode_check"]

Name = Literal[
    "equal_to",
    "not_equal_to",
    "greater_than",
    "greater_than_or_equal_to",
    "less_than",
    "less_than_or_equal_to",
    "in_range",
    "isin",
    "notin",
    "str_matches",
    "str_contains",
    "str_startswith",
    "str_endswith",
    "str_length",
    "unique_values_eq",
]


class Arguments(NamedTuple):
    """What a built-in check takes."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    fits: Callable[[Any], bool] = lambda value: (
        not isinstance(value, (list, tuple, set, frozenset))
    )


def _is_collection(value: Any) -> bool:
    # A text is taken for its characters.
    return isinstance(value, (list, tuple, set, frozenset, str))


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_length(value: Any) -> bool:
    return type(value) is int and value >= 0


#: Every built-in check with its statistics and what they may be.
BUILT_IN: dict[str, Arguments] = {
    "equal_to": Arguments(("value",)),
    "not_equal_to": Arguments(("value",)),
    "greater_than": Arguments(("min_value",)),
    "greater_than_or_equal_to": Arguments(("min_value",)),
    "less_than": Arguments(("max_value",)),
    "less_than_or_equal_to": Arguments(("max_value",)),
    "in_range": Arguments(("min_value", "max_value"), ("include_min", "include_max")),
    "isin": Arguments(("allowed_values",), (), _is_collection),
    "notin": Arguments(("forbidden_values",), (), _is_collection),
    "str_matches": Arguments(("pattern",), (), _is_text),
    "str_contains": Arguments(("pattern",), (), _is_text),
    "str_startswith": Arguments(("string",), (), _is_text),
    "str_endswith": Arguments(("string",), (), _is_text),
    "str_length": Arguments((), ("min_value", "max_value", "exact_value"), _is_length),
    "unique_values_eq": Arguments(("values",), (), _is_collection),
}


class StoredCheck(BaseModel):
    """One built-in check: its name, its statistics, what else it was told."""

    model_config = ConfigDict(extra="forbid", strict=True)

    check: Name
    statistics: dict[Text, Value]
    name: Text | None = None
    error: Text | None = None
    title: Text | None = None
    description: Text | None = None
    ignore_na: bool = True
    raise_warning: bool = False
    n_failure_cases: Annotated[int, Field(ge=0, lt=2**63)] | None = None


_OPTIONS = (
    *("name", "error", "title", "description"),
    *("ignore_na", "raise_warning", "n_failure_cases"),
)


def check_name(check: Any) -> str | None:
    """Return the name of a built-in check, None for a user's own.

    Parameters
    ----------
    check : pandera.Check or Hypothesis
        From a schema.
    """
    function = getattr(check, "_check_fn", None)
    if type(check) is not pa.Check or not isinstance(function, Dispatcher):
        return None
    name = str(function.__name__)
    return name if name in BUILT_IN else None


def encode_check(check: Any) -> StoredCheck:
    """Return a check as JSON holds it.

    Parameters
    ----------
    check : pandera.Check
        From a schema.

    Returns
    -------
    StoredCheck
        To be decoded by `decode_check`.

    Raises
    ------
    ValueError
        For a user's own check, and for what would not come back equal.
    """
    shown = f"the check {getattr(check, 'name', check)!r}"
    name = check_name(check)
    if name is None:
        raise ValueError(f"{shown}, which is code")
    statistics = {
        key: value for key, value in check.statistics.items() if value is not None
    }
    try:
        coded = StoredCheck.model_validate(
            {
                "check": name,
                "statistics": {k: encode_value(v) for k, v in statistics.items()},
                **{option: getattr(check, option) for option in _OPTIONS},
                "name": None if check.name == name else check.name,
            }
        )
        again = decode_check(coded)
    except ValueError as error:
        raise ValueError(f"{shown} with {reason_of(error)}") from error
    # What cannot be written must be what it is without being told.
    left_out = ("_check_fn", "_check_kwargs", "statistics", "statistics_args")
    for key, value in vars(check).items():
        if key not in left_out and vars(again).get(key) != value:
            raise ValueError(f"{shown} with {key}={value!r}")
    return coded


def decode_check(coded: StoredCheck) -> Any:
    """Return the check that `encode_check` was given.

    Parameters
    ----------
    coded : StoredCheck
        Validated.

    Returns
    -------
    pandera.Check
        Built by pandera's own function.

    Raises
    ------
    ValueError
        For statistics that the check does not take.
    """
    required, optional, fits = BUILT_IN[coded.check]
    statistics = {key: decode_value(value) for key, value in coded.statistics.items()}
    wrong = set(required) - set(statistics)
    wrong |= set(statistics) - set(required) - set(optional)
    if wrong:
        raise ValueError(f"the check {coded.check} with {sorted(wrong)} unlike its own")
    for key, value in statistics.items():
        told = type(value) is bool if key.startswith("include_") else fits(value)
        if not told:
            raise ValueError(f"the check {coded.check} with {key}={value!r}")
        if key == "pattern":
            check_pattern(value)
    options = {option: getattr(coded, option) for option in _OPTIONS}
    try:
        return getattr(pa.Check, coded.check)(**statistics, **options)
    except TypeError as error:
        raise ValueError(f"the check {coded.check}: {error}") from error
