"""Where tables come from, and where they go: files, URLs, databases, functions."""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from textwrap import shorten
from typing import Any
from zipfile import BadZipFile

import fsspec
import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from windu.exceptions import (
    MissingLibraryError,
    TableError,
    WinduError,
    did_you_mean,
    did_you_mean_each,
)
from windu.io.cells import (
    MISSING_CELLS,
    TrainedColumn,
    is_long,
    settle_objects,
    without_missing_cells,
)
from windu.io.csv import as_list, check_header, check_names, read_csv_cells, typed_csv
from windu.io.databases import needs, place_of, read_query
from windu.io.frames import as_frame, frame_of_arrow, frame_of_records

__all__ = [
    "called",
    "check_options",
    "columns_of",
    "form_of",
    "no_protocol",
    "read_table",
    "shown_path",
    "source_digest",
]

_FORMS = {
    **{".csv": "csv", ".csv.gz": "csv", ".parquet": "parquet", ".pq": "parquet"},
    **{".jsonl": "jsonl", ".ndjson": "jsonl", ".jsonl.gz": "jsonl", ".xlsx": "excel"},
}
#: Options of readers.
_OPTIONS = {
    "csv": ("sep", "decimal", "thousands", "encoding", "na_values", "dtype", "usecols"),
    "jsonl": ("encoding", "dtype"),
    "parquet": ("columns",),
    "excel": ("sheet_name", "header", "na_values", "dtype", "usecols"),
}
_ADVICE = {
    "csv": "Write it as UTF-8 with the names of the columns in the first line, or say "
    "how it is written in options, such as encoding or sep.",
    "jsonl": "Write one object {name: value} a line, as UTF-8.",
    "parquet": "Write it with DataFrame.to_parquet, or say its format.",
    "excel": "Save it as .xlsx, or say which sheet it is in options: sheet_name.",
}
_KEYS = ("path", "format", "options", "sql", "url")
_UNREADABLE = (
    *(pa.ArrowException, ValueError, KeyError, EOFError, OSError, TypeError),
    *(LookupError, RecursionError, OverflowError, BadZipFile),
)


def read_table(
    data: Any, trained: Mapping[Any, TrainedColumn] | None = None
) -> pd.DataFrame:
    r"""Return a table.

    Parameters
    ----------
    data : DataFrame, path, URL, list, mapping or callable
        A frame as it is; a file of CSV, Parquet, JSON lines or Excel, or a URL that
        `fsspec` opens, also with ``*``; a list of these, whose rows stand under one
        another; ``{"path": ..., "format": ..., "options": {...}}``;
        ``{"sql": "select ...", "url": "sqlite:///file.db"}``, which is run as it is, or
        ``"sqlite:///file.db#table"``; or a function without arguments that returns a
        table.
    trained : mapping of column name to TrainedColumn, default=None
        What training knew of the columns: cells of CSV are then read one by one as
        they were in training. Without it a column is typed by all of its cells.

    Returns
    -------
    pandas.DataFrame
        With at least one row and one column.

    Raises
    ------
    TableError
        If it is missing, empty, or no table, or two columns have one name.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from windu.io.tables import read_table
    >>> file = Path(tempfile.mkdtemp(), "a.csv")
    >>> _ = file.write_text("x,y\n1,2\n")
    >>> read_table({"path": str(file), "options": {"sep": ","}})
       x  y
    0  1  2
    """
    data = place_of(data)
    if callable(data):
        source = f"What {_name(data)} returns"
        frame = _as_frame(_called(data), source)
    elif isinstance(data, (str, os.PathLike, list, tuple)):
        return read_table({"path": data}, trained)
    elif isinstance(data, Mapping):
        _check_keys(data)
        if "sql" in data:
            frame, source = read_query(data), "The result of the query"
        else:
            frame, source = (
                _files(data, trained),
                f"The table {shown_path(data['path'])!r}",
            )
    elif data is None:
        raise TableError("A pipeline must have data. Got none. Pass data='table.csv'.")
    else:
        frame, source = _as_frame(data, "data"), "The table"
    if not len(frame) or not frame.shape[1]:
        raise TableError(
            f"{source} must have rows and columns. Got {frame.shape[0]} rows and "
            f"{frame.shape[1]} columns."
        )
    check_names(frame.columns, source)
    return frame


def source_digest(data: Any) -> str | None:
    """Return a digest of the files that data comes from.

    Parameters
    ----------
    data : object
        As in `read_table`.

    Returns
    -------
    str or None
        SHA-256 of their content and of how they are read. None for anything else.
    """
    data = place_of(data)
    if isinstance(data, (str, os.PathLike, list, tuple)):
        data = {"path": data}
    if not isinstance(data, Mapping) or "path" not in data:
        return None
    _check_keys(data)
    how = {name: data[name] for name in ("format", "options") if data.get(name)}
    digest = hashlib.sha256(json.dumps(how, sort_keys=True, default=str).encode())
    for path in _paths(data["path"]):
        digest.update(form_of(path, data.get("format")).encode())
        digest.update(hashlib.sha256(_bytes(path)).digest())
    return digest.hexdigest()


def form_of(path: str, form_given: str | None) -> str:
    """Return how a table is written: as given, or by the ending of its name.

    Raises
    ------
    TableError
        For another form or ending, with the near miss.
    """
    if form_given is not None:
        if form_given not in _OPTIONS:
            raise TableError(
                f"format must be one of {list(_OPTIONS)}. Got {form_given!r}."
                + did_you_mean(form_given, _OPTIONS)
            )
        return form_given
    name = path.rpartition("/")[2].lower()
    for ending, form in _FORMS.items():
        if name.endswith(ending):
            return form
    raise TableError(
        f"The name of a table must end in one of {list(_FORMS)}. Got {name!r}. Say "
        "which it is: {path: ..., format: csv}; of a database name the table: "
        "sqlite:///file.db#table."
    )


def _check_keys(data: Mapping[str, Any]) -> None:
    wrong = [key for key in data if key not in _KEYS]
    if (
        wrong
        or ("sql" in data) == ("path" in data)
        or ("sql" in data) > ("url" in data)
    ):
        raise TableError(
            "data must say either path, or sql and url; also format and options. Got "
            f"{list(data)}." + "".join(did_you_mean_each(wrong, _KEYS))
        )
    if not isinstance(data.get("options") or {}, Mapping):
        raise TableError(
            "options of data must be a mapping, such as {sep: ';'}. Got "
            f"{data['options']!r}."
        )


def _paths(data: Any) -> list[str]:
    """Return each file, those of a pattern in order of their names."""
    paths: list[str] = []
    alone = not isinstance(data, (list, tuple))
    for path in [data] if alone else data:
        if not isinstance(path, (str, os.PathLike)):
            raise TableError(
                f"The path of a table must be a text or a list of them. Got {path!r}."
            )
        text = os.fspath(path)
        if "://" not in text and Path(text).is_dir():
            raise TableError(
                f"The table {text!r} must be a file. Got a folder. Name its files: "
                f"{text.rstrip('/')}/*.parquet."
            )
        if not any(sign in text for sign in "*?["):
            paths.append(text)
            continue
        fs, pattern = fsspec.core.url_to_fs(text)
        files = [fs.unstrip_protocol(name) for name in sorted(fs.glob(pattern))]
        if not files:
            raise TableError(f"{shown_path(text)!r} must name files. Got none.")
        paths += files
    if not paths:
        raise TableError("data must name at least one file. Got none.")
    return paths


def _files(
    data: Mapping[str, Any], trained: Mapping[Any, TrainedColumn] | None
) -> pd.DataFrame:
    """Return files under one another, with columns that are typed over all of them."""
    options = data.get("options") or {}
    paths = _paths(data["path"])
    forms = [form_of(path, data.get("format")) for path in paths]
    frames: list[pd.DataFrame] = []
    for path, form in zip(paths, forms, strict=True):
        frame = _file(path, form, options)
        if frames and set(frame.columns) != set(frames[0].columns):
            gone = sorted(map(str, set(frames[0].columns) - set(frame.columns)))
            more = sorted(map(str, set(frame.columns) - set(frames[0].columns)))
            raise TableError(
                "Files under one another must have the same columns. "
                f"{shown_path(path)!r} lacks {gone} and adds {more} to those of "
                f"{shown_path(paths[0])!r}."
            )
        frames.append(frame)
    if set(forms) <= {"csv"} or set(forms) <= {"excel"}:
        return _typed(_stacked(frames), forms[0], options, trained)
    if trained is None:
        # What a file of typed columns says holds for the texts of the others.
        typed = (f for f, form in zip(frames, forms, strict=True) if form != "csv")
        trained = columns_of(next(typed))
    tables = [
        _typed(frame, form, options, trained)
        for frame, form in zip(frames, forms, strict=True)
    ]
    return _stacked(tables)


def _stacked(frames: list[pd.DataFrame]) -> pd.DataFrame:
    return frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)


def _typed(
    frame: pd.DataFrame,
    form: str,
    options: Mapping[str, Any],
    trained: Mapping[Any, TrainedColumn] | None,
) -> pd.DataFrame:
    """Return values for the texts of a file whose cells have no types."""
    if form == "csv":
        return typed_csv(frame, options, trained)
    return _typed_excel(frame, options, trained) if form == "excel" else frame


def _file(path: str, form: str, options: Mapping[str, Any]) -> pd.DataFrame:
    """Return a file as it is written; cells of CSV and Excel are not typed yet."""
    check_options(form, options)
    if form == "excel":
        needs("openpyxl", "excel")
    file = io.BytesIO(_bytes(path))
    source = f"The table {shown_path(path)!r}"
    try:
        frame = _READERS[form](file, options, source)
    except TableError:
        raise
    except _UNREADABLE as error:
        reason = shorten(str(error), 200, placeholder=" ...").rstrip(".")
        raise TableError(
            f"{source} must be readable as {form}. Got {type(error).__name__}: "
            f"{reason}. {_ADVICE[form]}"
        ) from error
    if not isinstance(frame, pd.DataFrame):
        raise TableError(
            f"One sheet of {shown_path(path)!r} must be named. Got several. Write it "
            "in options: sheet_name."
        )
    return frame


def check_options(form: str, options: Mapping[str, Any]) -> None:
    """Raise for an option that the reader of a form does not take."""
    if wrong := [name for name in options if name not in _OPTIONS[form]]:
        raise TableError(
            f"The options of {form} are {list(_OPTIONS[form])}. Got {wrong}."
            + "".join(did_you_mean_each(wrong, _OPTIONS[form]))
        )


def _excel(file: Any, options: Mapping[str, Any], source: str) -> pd.DataFrame:
    names = ("sheet_name", "header", "usecols")
    how = {name: options[name] for name in names if name in options}
    check_header(pd.read_excel, file, how, source)
    return pd.read_excel(file, dtype=object, keep_default_na=False, **how)


def _typed_excel(
    cells: pd.DataFrame,
    options: Mapping[str, Any],
    trained: Mapping[Any, TrainedColumn] | None,
) -> pd.DataFrame:
    """Return the cells of a sheet, which have types, with texts for missing removed."""
    gone = MISSING_CELLS | set(as_list(options.get("na_values")))
    columns = {}
    for position, name in enumerate(cells.columns):
        column = (trained or {}).get(name)
        values = without_missing_cells(cells.iloc[:, position], gone, column)
        # Excel holds numbers as float64, however many digits they show.
        values = values.map(lambda cell: float(cell) if is_long(cell) else cell)
        columns[position] = settle_objects(values)
    frame = pd.DataFrame(columns, index=cells.index).set_axis(cells.columns, axis=1)
    return frame if options.get("dtype") is None else frame.astype(options["dtype"])


def columns_of(frame: pd.DataFrame) -> dict[Any, TrainedColumn]:
    """Return what a reader must know of columns that were read already.

    Parameters
    ----------
    frame : pandas.DataFrame
        A table, such as the one to learn from.

    Returns
    -------
    dict of column name to TrainedColumn
        For the reader of files that must have the same columns.
    """
    columns = {}
    for position, name in enumerate(frame.columns):
        dtype: Any = frame.iloc[:, position].dtype
        if isinstance(dtype, pd.CategoricalDtype):
            dtype = dtype.categories.dtype
        storage = "text"
        if pd.api.types.is_bool_dtype(dtype):
            storage = "boolean"
        elif pd.api.types.is_numeric_dtype(dtype):
            storage = "numeric"
        columns[name] = TrainedColumn(storage)
    return columns


_READERS: dict[str, Callable[[Any, Mapping[str, Any], str], Any]] = {
    "csv": read_csv_cells,
    "jsonl": lambda file, options, source: _json_lines(file, options),
    "parquet": lambda file, options, source: _parquet(file, options),
    "excel": _excel,
}


def _bytes(path: str) -> bytes:
    try:
        with fsspec.open(path, "rb", compression="infer") as file:
            return bytes(file.read())
    except FileNotFoundError as error:
        raise TableError(
            f"The table {shown_path(path)!r} must exist. Got none. Check the path."
        ) from error
    except ImportError as error:
        raise no_protocol(path, error) from error
    except Exception as error:
        # Each protocol has errors of its own, whose messages may hold passwords.
        raise TableError(
            f"The table {shown_path(path)!r} must be readable. Got "
            f"{type(error).__name__}. Check that it is whole, and that you may read it."
        ) from error


def no_protocol(path: str, error: ImportError) -> MissingLibraryError:
    """Return the error for a URL whose package is not installed."""
    return MissingLibraryError(
        f"{path.partition('://')[0]}:// needs a package that is not installed. Got: "
        f"{error}."
    )


def _json_lines(file: Any, options: Mapping[str, Any]) -> pd.DataFrame:
    # pandas makes numbers and dates of texts; JSON says itself what is a text.
    rows = []
    lines = file.read().decode(options.get("encoding", "utf-8")).split("\n")
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                raise ValueError(f"{error.msg} in line {number}") from error
            if not isinstance(row, dict):
                raise ValueError(f"line {number} holds no object")
            rows.append(row)
    frame = frame_of_records(rows) if rows else pd.DataFrame()
    return frame if options.get("dtype") is None else frame.astype(options["dtype"])


def _parquet(file: Any, options: Mapping[str, Any]) -> pd.DataFrame:
    return frame_of_arrow(parquet.read_table(file, columns=options.get("columns")))


def _as_frame(data: Any, source: str) -> pd.DataFrame:
    try:
        return as_frame(data)
    except WinduError:
        raise
    except (ValueError, TypeError) as error:
        raise TableError(
            f"{source} must be a table, such as a DataFrame, or say where one is. Got "
            f"{type(data).__name__}."
        ) from error


def _called(function: Callable[[], Any]) -> Any:
    try:
        return function()
    except WinduError:
        raise
    except Exception as error:
        raise TableError(
            f"The function {_name(function)!r} must return a table. Got "
            f"{type(error).__name__}: {error}."
        ) from error


def called(source: Any) -> str:
    """Return the name of a table in messages, without credentials."""
    source = place_of(source)
    if isinstance(source, Mapping):
        source = source["path"] if "path" in source else source["url"]
    return shown_path(source)


def shown_path(path: Any) -> str:
    """Return a path for messages, without credentials."""
    if not isinstance(path, (str, os.PathLike)):
        return ", ".join(
            map(shown_path, path if isinstance(path, Iterable) else [path])
        )
    protocol, separator, rest = os.fspath(path).partition("://")
    return f"{protocol}://{rest.rpartition('@')[2]}" if separator else protocol


def _name(function: Any) -> str:
    return getattr(function, "__qualname__", repr(function))
