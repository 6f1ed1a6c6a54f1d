"""Schemas of columns and tables as plain data, and tolerances."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from windu.exceptions import SchemaError, VersionError, did_you_mean
from windu.io.cells import TrainedColumn
from windu.schema.dates import days_of, parse_dates

__all__ = [
    "DIFFERENCES",
    "Action",
    "ColumnSchema",
    "Kind",
    "TableSchema",
    "action_for",
    "check_tolerance",
]

Action = Literal["ignore", "cast", "warn", "raise"]


class DifferenceKind(NamedTuple):
    """One kind of difference."""

    default: Action
    allowed: tuple[Action, ...]
    means: str


_ALL: tuple[Action, ...] = ("ignore", "warn", "raise")
_CAST: tuple[Action, ...] = ("cast", "warn", "raise")
_ERROR: tuple[Action, ...] = ("raise",)

#: Every kind of difference, with its default and what can be chosen instead.
DIFFERENCES: dict[str, DifferenceKind] = {
    "order": DifferenceKind(
        "ignore", _ALL, "columns in another order; they are put in order"
    ),
    "extra": DifferenceKind(
        "ignore", _ALL, "a column that training did not know; it is dropped"
    ),
    "missing": DifferenceKind(
        "raise", _ALL, "a column of training is not there; else it is made, all missing"
    ),
    "duplicate": DifferenceKind(
        "raise", _ERROR, "a name that more than one column has"
    ),
    "width": DifferenceKind(
        "raise", _ERROR, "more or fewer columns, in a table without names (an array)"
    ),
    "dtype": DifferenceKind(
        "cast", _CAST, "another dtype with the same values; they are cast"
    ),
    "meaning": DifferenceKind(
        "raise", _ALL, "values of another meaning; else they count as missing"
    ),
    "infinite": DifferenceKind(
        "raise", _ALL, "infinite numbers; else they count as missing"
    ),
    "null": DifferenceKind("ignore", _ALL, "missing values where training had none"),
    "level": DifferenceKind("ignore", _ALL, "levels that training did not have"),
    "unknown": DifferenceKind(
        "warn",
        _ALL,
        "most values are levels that training did not have, or levels are spelled in "
        "another way; they are predicted like missing values",
    ),
    "zone": DifferenceKind(
        "warn", _ALL, "times with a zone where training had none, or without"
    ),
    "range": DifferenceKind("ignore", _ALL, "values outside the range of training"),
    "check": DifferenceKind("raise", _ALL, "a check of a user's own schema that fails"),
}


def check_tolerance(tolerance: Mapping[str, str]) -> dict[str, Action]:
    """Return a tolerance as a dict, if every name and action in it is known.

    Parameters
    ----------
    tolerance : mapping of str to str
        DifferenceKind of difference to action.

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


Kind = Literal[
    "numeric",
    "boolean",
    "categorical",
    "high-cardinality",
    "text",
    "datetime",
    "identifier",
    "constant",
    "unsupported",
]


class ColumnSchema(BaseModel):
    """One column: name, kind, dtype and statistics of its values.

    Attributes
    ----------
    name : str or int
        As in the table.
    kind : str
        What the column holds.
    dtype : str
        The pandas dtype it came in.
    storage : str
        How values are stored: boolean, numeric, datetime, timedelta, text, empty or
        other.
    nullable : bool
        Whether values were missing.
    why : str
        The rule that decided the kind.
    levels : list or None
        The levels of a categorical or boolean column, most frequent first.
    minimum, maximum : float, str or None
        Range of numbers; of dates in ISO form.
    date_format : str or None
        Format of dates that are texts.
    has_time : bool
        Whether dates have a time of day.
    words : float or None
        Words a text, in the mean, where there are more texts than levels.
    null_share : float
        Share of values that were missing.
    level_shares : list of float or None
        Share of each level among the values that were not missing.
    bin_edges, bin_shares : list of float or None
        Deciles of numbers, or of dates in days since 1970, and the share of values
        below the first and from each one on.
    categories : list or None
        The categories of a categorical dtype, in its order.
    ordered : bool
        Whether these are ordered.
    frequent_levels : list of str or None
        The most frequent levels of a high-cardinality column.
    frequent_share : float or None
        Share of the values that are one of these.
    number_texts : str or None
        How texts that are numbers are written: "none", "plain", "pointed" for whole
        numbers such as ``2.0``, "padded" for codes such as ``007``.
    code_width : int or None
        Number of digits of the codes with leading zeros, where all have as many.
    number_marks : list of str or None
        Signs such as ``%`` that stand with numbers that are texts.
    missing_texts : list of str or None
        Texts of a column of numbers or dates that are neither.
    literal_texts : list of str or None
        Texts such as ``NA`` that are values, although files use them for missing ones.
    zoned : bool or None
        Whether dates came with a time zone.
    note : str or None
        What may be a mistake in the training table.
    tolerance : dict of str to str
        What is done about a difference, where it is not what the table's tolerance
        says.

    Notes
    -----
    What is None was not looked at when the schema was stored.
    """

    # A newer windu may add fields.
    model_config = ConfigDict(extra="allow", frozen=True)

    name: str | int
    kind: Kind
    dtype: str
    storage: str
    nullable: bool
    why: str
    levels: list[bool | int | float | str] | None = None
    minimum: float | str | None = None
    maximum: float | str | None = None
    date_format: str | None = None
    has_time: bool = False
    words: float | None = None
    null_share: float = 0.0
    level_shares: list[float] | None = None
    bin_edges: list[float] | None = None
    bin_shares: list[float] | None = None
    categories: list[bool | int | float | str] | None = None
    ordered: bool = False
    frequent_levels: list[str] | None = None
    frequent_share: float | None = None
    number_texts: Literal["none", "plain", "pointed", "padded"] | None = None
    code_width: int | None = None
    number_marks: list[str] | None = None
    missing_texts: list[str] | None = None
    literal_texts: list[str] | None = None
    zoned: bool | None = None
    note: str | None = None
    tolerance: dict[str, Action] = Field(default_factory=dict)

    @property
    def span(self) -> tuple[float, float]:
        """Minimum and maximum as numbers, of dates in days since 1970."""
        if isinstance(self.minimum, str) or isinstance(self.maximum, str):
            ends = pd.Series([str(self.minimum), str(self.maximum)], dtype=object)
            low, high = days_of(parse_dates(ends, "ISO8601"))
            return float(low), float(high)
        return float(self.minimum or 0.0), float(self.maximum or 0.0)


#: The newest format of schemas that is read, and the one that is written.
_FORMAT = 1


class _Stored(BaseModel):
    """The form of a table's schema in JSON."""

    model_config = ConfigDict(extra="allow")

    format: int = Field(default=1, ge=1)
    tolerance: dict[str, Action] = Field(default_factory=dict)
    columns: list[ColumnSchema]


class TableSchema:
    """The columns of a table in order; its state is one JSON text.

    Parameters
    ----------
    columns : list of ColumnSchema
        In the order of the table.
    tolerance : dict of str to str, default=None
        What is done about each kind of difference, where it is not the default.
    """

    #: Made on first use by `windu.schema.compiled`, never stored.
    compiled: Any = None
    #: Made on first use by `windu.schema.user.check`, never stored.
    user_check: Any = None

    def __init__(
        self, columns: list[ColumnSchema], tolerance: dict[str, Action] | None = None
    ):
        self.columns = columns
        self.tolerance = tolerance or {}
        self.names = [column.name for column in columns]
        self.by_name = dict(zip(self.names, columns, strict=True))
        self.dtypes = [column.dtype for column in columns]

    def action(self, difference: str, column: ColumnSchema | None = None) -> Action:
        """Return what is done about a kind of difference, in a column."""
        own = {} if column is None else column.tolerance
        return action_for(difference, own, self.tolerance)

    def to_json(self) -> str:
        """Return the schema as JSON text."""
        return _Stored(tolerance=self.tolerance, columns=self.columns).model_dump_json()

    @classmethod
    def from_json(cls, text: str) -> TableSchema:
        """Return the schema that a JSON text describes; keys that are new are kept.

        Raises
        ------
        VersionError
            If only a newer windu reads its format.
        """
        stored = _Stored.model_validate_json(text)
        if stored.format > _FORMAT:
            raise VersionError(
                f"A schema must be of format {_FORMAT} at most. Got {stored.format}, "
                "which a newer windu wrote. Install that version."
            )
        return cls(stored.columns, check_tolerance(stored.tolerance))

    def reading(self) -> dict[Any, TrainedColumn]:
        """Return what a reader of files must know of the columns, by name."""
        return {
            str(column.name): TrainedColumn(
                column.storage, frozenset(column.literal_texts or ())
            )
            for column in self.columns
        }

    def of_kind(self, *kinds: str) -> list[Any]:
        """Return the names of the columns of these kinds, in order."""
        return [column.name for column in self.columns if column.kind in kinds]

    def describe(self) -> pd.DataFrame:
        """Return one row a column: kind, dtype, nullable, why."""
        names = ["kind", "dtype", "nullable", "why"]
        return pd.DataFrame(
            [
                {"column": column.name}
                | {name: getattr(column, name) for name in names}
                for column in self.columns
            ]
        )

    # Stored as one text by pickle, joblib and skops.
    def __getstate__(self) -> dict[str, str]:
        return {"json": self.to_json()}

    def __setstate__(self, state: dict[str, str]) -> None:
        vars(self).update(vars(TableSchema.from_json(state["json"])))

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, TableSchema) and self.to_json() == other.to_json()

    def __hash__(self) -> int:
        # Equal schemas have equal names.
        return hash(tuple(self.names))
