"""The errors and warnings of windu, and the one helper that finds near misses."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from typing import Any

__all__ = [
    "ConfigError",
    "DataWarning",
    "FeatureError",
    "FeatureSchemaError",
    "IntegrityError",
    "MetastoreError",
    "MissingLibraryError",
    "NotStoredError",
    "PartError",
    "PersistenceError",
    "SchemaError",
    "SearchError",
    "StepError",
    "StorageError",
    "TableError",
    "TargetError",
    "UntrustedTypesError",
    "VersionError",
    "WinduError",
    "WinduWarning",
    "did_you_mean",
    "did_you_mean_each",
]

#: Above this likeness, from 0 to 1, a name is a near miss.
_ALIKE = 0.59
#: The spelling of so many pairs is compared at most; that is what takes time.
_MAX_PAIRS = 6_000


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


class MissingLibraryError(WinduError, ImportError):
    """A library that a feature needs is not installed.

    Examples
    --------
    >>> from windu.exceptions import MissingLibraryError
    >>> issubclass(MissingLibraryError, ImportError)
    True
    """


class FeatureError(WinduError, ValueError):
    """The featurizer gave something that cannot be used as features.

    Examples
    --------
    >>> from windu.exceptions import FeatureError
    >>> issubclass(FeatureError, ValueError)
    True
    """


class FeatureSchemaError(FeatureError, SchemaError):
    """A new featurizer does not give the features that were trained on.

    Parameters
    ----------
    message : str
        What must hold, what was got, what to do.
    report : ValidationReport, default=None
        All differences of the features from those of training.

    Attributes
    ----------
    report : ValidationReport or None
        The report given.

    Examples
    --------
    >>> from windu import WinduEstimator
    >>> from windu.exceptions import FeatureSchemaError
    >>> X = {"age": [1, 2, 3, 4], "size": [4, 3, 1, 2]}
    >>> est = WinduEstimator("linear").fit(X, [0, 1, 0, 1])
    >>> try:
    ...     est.replace(featurizer=lambda frame: frame.rename(columns={"age": "Age"}))
    ... except FeatureSchemaError as error:
    ...     print(error.report.errors[0].message)
    The column 'age' must be in the table. Got no such column. Did you mean 'Age'? ...
    """


class StepError(WinduError, ValueError):
    """A step cannot run: what it needs is not there, or its name is not known.

    Examples
    --------
    >>> from windu.exceptions import StepError
    >>> issubclass(StepError, ValueError)
    True
    """


class TableError(WinduError, ValueError):
    """A file cannot be read or written as a table.

    Examples
    --------
    >>> from windu.exceptions import TableError
    >>> issubclass(TableError, ValueError)
    True
    """


class ConfigError(WinduError, ValueError):
    """A configuration cannot be read, or an object has no form in one.

    Parameters
    ----------
    message : str
        What must hold, what was got, what to do.
    path : str, default=None
        The file that was read.
    line, column : int, default=None
        Where in the text, counted from 1.
    key : str, default=""
        What it is about, such as ``"estimator.model.max_depth"``.

    Attributes
    ----------
    path : str or None
        The file given.
    line, column : int or None
        The place given.
    key : str
        The key given.

    Examples
    --------
    >>> from windu.exceptions import ConfigError
    >>> error = ConfigError("No such key.", "credit.yaml", 3, 5)
    >>> str(error), error.line
    ('credit.yaml, line 3, column 5: No such key.', 3)
    """

    def __init__(
        self,
        message: str,
        path: str | None = None,
        line: int | None = None,
        column: int | None = None,
        key: str = "",
    ):
        place = [path] if path else []
        place += [] if line is None else [f"line {line}, column {column}"]
        super().__init__(f"{', '.join(place)}: {message}" if place else message)
        self.path = path
        self.line = line
        self.column = column
        self.key = key


class PersistenceError(WinduError, ValueError):
    """An object cannot be saved, or a file cannot be loaded.

    Examples
    --------
    >>> from windu.exceptions import PersistenceError
    >>> issubclass(PersistenceError, ValueError)
    True
    """


class IntegrityError(PersistenceError):
    """What is stored is damaged, was edited, or is not signed as it must be.

    Examples
    --------
    >>> from windu.exceptions import IntegrityError, PersistenceError
    >>> issubclass(IntegrityError, PersistenceError)
    True
    """


class VersionError(PersistenceError):
    """What is stored does not work the same with the installed versions.

    Parameters
    ----------
    message : str
        What must hold, what was got, what to do.
    differences : pandas.DataFrame, default=None
        Predictions on the stored example, where they were compared.

    Attributes
    ----------
    differences : pandas.DataFrame or None
        The differences given.

    Examples
    --------
    >>> from windu.exceptions import VersionError
    >>> VersionError("other predictions").differences is None
    True
    """

    def __init__(self, message: str, differences: Any = None):
        super().__init__(message)
        self.differences = differences


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


class MetastoreError(WinduError, ValueError):
    """A metastore cannot do what was asked: a name, a reference, a conflict.

    Examples
    --------
    >>> import windu.exceptions
    >>> issubclass(windu.exceptions.MetastoreError, ValueError)
    True
    """


class NotStoredError(MetastoreError, LookupError):
    """A metastore has no run of this name, version, alias or id.

    Examples
    --------
    >>> import windu.exceptions
    >>> issubclass(windu.exceptions.NotStoredError, LookupError)
    True
    """


class StorageError(MetastoreError, OSError):
    """A storage target cannot be reached, read or written.

    Examples
    --------
    >>> import windu.exceptions
    >>> issubclass(windu.exceptions.StorageError, OSError)
    True
    """


class SearchError(WinduError, ValueError):
    """A search cannot start, cannot go on, or has found nothing.

    Examples
    --------
    >>> import windu.exceptions
    >>> issubclass(windu.exceptions.SearchError, ValueError)
    True
    """


class WinduWarning(UserWarning):
    """Category of every warning that windu gives.

    Examples
    --------
    >>> from windu.exceptions import WinduWarning
    >>> issubclass(WinduWarning, UserWarning)
    True
    """


class DataWarning(WinduWarning):
    """Something in the data that may be a mistake, and changes predictions.

    ``warnings.simplefilter("ignore", windu.DataWarning)`` turns all of these off.

    Examples
    --------
    >>> from windu.exceptions import DataWarning, WinduWarning
    >>> issubclass(DataWarning, WinduWarning)
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
    return did_you_mean_each([name], options)[0]


def did_you_mean_each(names: Iterable[object], options: Iterable[object]) -> list[str]:
    """Return what `did_you_mean` returns, for many names at once.

    Parameters
    ----------
    names : iterable of object
        What was given.
    options : iterable of object
        What could have been given.

    Returns
    -------
    list of str
        One text a name. Names that differ in case, accents, spaces and punctuation
        alone are all found; of thousands of others, spelling is compared for the
        first.

    Examples
    --------
    >>> from windu.exceptions import did_you_mean_each
    >>> did_you_mean_each(["Größe (cm)", "agee", "x"], ["groesse", "grosse_cm", "age"])
    [" Did you mean 'grosse_cm'?", " Did you mean 'age'?", '']
    """
    texts = [str(option) for option in options]
    plain = {_plain(text): text for text in reversed(texts)}
    folded = {text.casefold(): text for text in reversed(texts)}
    hints, n_pairs = [], 0
    for name in map(str, names):
        near = plain.get(_plain(name)) if _plain(name) else None
        if near is None and n_pairs < _MAX_PAIRS:
            n_pairs += len(folded)
            near = _most_alike(name.casefold(), folded)
        hints.append("" if near is None else f" Did you mean {near!r}?")
    return hints


def _plain(name: str) -> str:
    """Return the letters and digits of a name alone, in lower case, unaccented."""
    apart = unicodedata.normalize("NFKD", name.casefold())
    return "".join(filter(str.isalnum, apart))


def _most_alike(name: str, options: Mapping[str, str]) -> str | None:
    """Return the option that is most alike in spelling, if one is alike."""
    matcher = SequenceMatcher(b=name, autojunk=False)
    best, best_name = _ALIKE, None
    for folded, option in options.items():
        matcher.set_seq1(folded)
        # Each is an upper bound of the next, which costs more.
        bounds = (matcher.real_quick_ratio, matcher.quick_ratio, matcher.ratio)
        if all(upper_bound() > best for upper_bound in bounds):
            best, best_name = matcher.ratio(), option
    return best_name
