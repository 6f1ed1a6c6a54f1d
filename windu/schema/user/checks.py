"""pandera's built-in checks as JSON and back."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pandera.pandas as pa
from pandera.api.function_dispatch import Dispatcher
from pydantic import AfterValidator, Field

from windu.schema.user.patterns import check_pattern
from windu.schema.user.values import (
    Closed,
    Scalar,
    Text,
    Values,
    encode_scalar,
    encode_values,
)

__all__ = ["BUILT_IN", "Check", "check_name", "encode_check"]

BUILT_IN = (
    *("equal_to", "not_equal_to", "greater_than", "greater_than_or_equal_to"),
    *("less_than", "less_than_or_equal_to", "in_range", "isin", "notin"),
    *("str_matches", "str_contains", "str_startswith", "str_endswith", "str_length"),
    "unique_values_eq",
)


class _Statistics(Closed):
    """What built-in checks are told; which of them, pandera knows."""

    value: Scalar = None
    min_value: Scalar = None
    max_value: Scalar = None
    exact_value: int | None = None
    include_min: bool | None = None
    include_max: bool | None = None
    allowed_values: Values | None = None
    forbidden_values: Values | None = None
    values: Values | None = None
    string: Text | None = None
    pattern: Annotated[Text, AfterValidator(check_pattern)] | None = None


class _Options(Closed):
    """What every check is told."""

    name: Text | None = None
    error: Text | None = None
    title: Text | None = None
    description: Text | None = None
    ignore_na: bool = True
    raise_warning: bool = False
    n_failure_cases: Annotated[int, Field(ge=0, lt=2**63)] | None = None


class _Stored(_Options):
    check: Literal[BUILT_IN]  # type: ignore[valid-type]
    statistics: _Statistics


def _decode(stored: _Stored) -> Any:
    options = {name: getattr(stored, name) for name in _Options.model_fields}
    statistics = {k: v for k, v in stored.statistics if v is not None}
    try:
        check = getattr(pa.Check, stored.check)(**statistics, **options)
    except TypeError as error:
        raise ValueError(f"the check {stored.check}: {error}") from error
    if not set(statistics) <= set(check.statistics):
        raise ValueError(f"the check {stored.check} with {sorted(statistics)}")
    return check


#: A check of pandera, validated and made in one.
Check = Annotated[_Stored, AfterValidator(_decode)]


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


def encode_check(check: Any) -> dict[str, Any]:
    """Return a check as JSON holds it, for `Check`.

    Parameters
    ----------
    check : pandera.Check
        From a schema.

    Returns
    -------
    dict
        Plain data.

    Raises
    ------
    ValueError
        For a user's own check, and for what would not come back equal.
    """
    shown = f"the check {getattr(check, 'name', check)!r}"
    name = check_name(check)
    if name is None:
        raise ValueError(f"{shown}, which is code")
    options = {key: getattr(check, key) for key in _Options.model_fields}
    fresh = pa.Check.equal_to(0)
    for key, value in vars(check).items():
        ours = key in options or key.startswith(("_check", "statistics"))
        if not ours and value != vars(fresh).get(key):
            raise ValueError(f"{shown} with {key}={value!r}")
    try:
        statistics = {
            key: (encode_values if key.endswith("values") else encode_scalar)(value)
            for key, value in check.statistics.items()
            if value is not None
        }
    except ValueError as error:
        raise ValueError(f"{shown} with {error}") from error
    return {"check": name, "statistics": statistics} | options
