"""The errors and warnings of windu, and the one helper that finds near misses."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

__all__ = [
    "FeatureError",
    "PartError",
    "PersistenceError",
    "SchemaError",
    "StepError",
    "TargetError",
    "UntrustedTypesError",
    "WinduError",
    "WinduWarning",
    "did_you_mean",
]


class WinduError(Exception):
    """Base class of every error that windu raises on purpose.

    Examples
    --------
    >>> from windu.exceptions import SchemaError, WinduError
    >>> issubclass(SchemaError, WinduError) and issubclass(SchemaError, ValueError)
    True
    """


class SchemaError(WinduError, ValueError):
    """A table does not fit the schema.

    Parameters
    ----------
    message : str
        What must hold, what was got, what to do.
    report : ValidationReport, default=None
        All differences, where a table was compared with a schema.

    Attributes
    ----------
    report : ValidationReport or None
        The report given.

    Examples
    --------
    >>> from windu import WinduEstimator
    >>> from windu.exceptions import SchemaError
    >>> est = WinduEstimator("linear").fit({"age": [1, 2, 3, 4]}, [0, 1, 0, 1])
    >>> try:
    ...     est.predict({"age": ["old"]})
    ... except SchemaError as error:
    ...     print(error.report.to_frame()["difference"].tolist())
    ['meaning']
    """

    def __init__(self, message: str, report: Any = None):
        super().__init__(message)
        self.report = report


class TargetError(WinduError, ValueError):
    """The target ``y`` cannot be used.

    Parameters
    ----------
    message : str
        What must hold, what was got, what to do.
    rows : list of int, default=()
        Positions of the rows at fault, where there are some.

    Attributes
    ----------
    rows : list of int
        The rows given.

    Examples
    --------
    >>> from windu.exceptions import TargetError
    >>> TargetError("missing", [3]).rows
    [3]
    """

    def __init__(self, message: str, rows: Iterable[int] = ()):
        super().__init__(message)
        self.rows = list(rows)


class PartError(WinduError, ValueError, TypeError):
    """A part (featurizer, transformer, model, ...) is not what it must be.

    Examples
    --------
    >>> from windu import WinduEstimator
    >>> WinduEstimator("random_forrest").fit([[0], [1]], [0, 1])
    Traceback (most recent call last):
    ...
    windu.exceptions.PartError: The model must be ... Did you mean 'random_forest'?...
    """


class FeatureError(WinduError, ValueError):
    """The featurizer gave something that cannot be used as features.

    Examples
    --------
    >>> from windu.exceptions import FeatureError
    >>> issubclass(FeatureError, ValueError)
    True
    """


class StepError(WinduError, ValueError):
    """A step cannot run: what it needs is not there, or its name is not known.

    Examples
    --------
    >>> from windu.exceptions import StepError
    >>> issubclass(StepError, ValueError)
    True
    """


class PersistenceError(WinduError, ValueError):
    """An object cannot be saved, or a file cannot be loaded.

    Examples
    --------
    >>> from windu.exceptions import PersistenceError
    >>> issubclass(PersistenceError, ValueError)
    True
    """


class UntrustedTypesError(PersistenceError, TypeError):
    """A file holds types that the loader does not trust.

    Parameters
    ----------
    message : str
        What must hold, what was got, what to do.
    types : list of str, default=()
        Full names of the types that are not trusted.

    Attributes
    ----------
    types : list of str
        The types given.

    Examples
    --------
    >>> from windu.exceptions import UntrustedTypesError
    >>> UntrustedTypesError("no", ["os.system"]).types
    ['os.system']
    """

    def __init__(self, message: str, types: Iterable[str] = ()):
        super().__init__(message)
        self.types = list(types)


class WinduWarning(UserWarning):
    """Category of every warning that windu gives.

    Examples
    --------
    >>> from windu.exceptions import WinduWarning
    >>> issubclass(WinduWarning, UserWarning)
    True
    """


def did_you_mean(name: object, options: Iterable[object]) -> str:
    """Return ``" Did you mean 'x'?"`` for the nearest option, or an empty text.

    Parameters
    ----------
    name : object
        What was given.
    options : iterable of object
        What could have been given.

    Returns
    -------
    str
        A sentence that starts with a space, or ``""`` without a near miss.

    Examples
    --------
    >>> from windu.exceptions import did_you_mean
    >>> did_you_mean("learning_rat", ["max_depth", "learning_rate"])
    " Did you mean 'learning_rate'?"
    >>> did_you_mean("zzz", ["max_depth"])
    ''
    """
    folded = {str(option).casefold(): option for option in options}
    near = difflib.get_close_matches(str(name).casefold(), list(folded), n=1)
    return f" Did you mean {str(folded[near[0]])!r}?" if near else ""
