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
import numpy as np
import pandas as pd
import pyarrow as pa

from windu._compat.frames import as_frame
from windu.exceptions import (
    MissingLibraryError,
    TableError,
    TargetError,
    WinduError,
    did_you_mean,
    did_you_mean_each,
)
from windu.persistence.beside import beside
from windu.pipeline.databases import needs, place_of, read_query, write_query
from windu.pipeline.headers import check_header, check_names

__all__ = [
    "called",
    "form_of",
    "read_data",
    "source_digest",
    "split_target",
    "write_data",
]

_FORMS = {
    **{".csv": "csv", ".csv.gz": "csv", ".parquet": "parquet", ".pq": "parquet"},
    **{".jsonl": "jsonl", ".ndjson": "jsonl", ".jsonl.gz": "jsonl", ".xlsx": "excel"},
}
#: What a reader may be told; everything else is decided here.
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


def read_data(data: Any) -> pd.DataFrame:
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
    >>> from windu.pipeline.sources import read_data
    >>> file = Path(tempfile.mkdtemp(), "a.csv")
    >>> _ = file.write_text("x,y\n1,2\n")
    >>> read_data({"path": str(file), "options": {"sep": ","}})
       x  y
    0  1  2
    """
    data = place_of(data)
    if callable(data):
        where = f"What {_name(data)} returns"
        frame = _as_frame(_called(data), where)
    elif isinstance(data, (str, os.PathLike, list, tuple)):
        return read_data({"path": data})
    elif isinstance(data, Mapping):
        _check_keys(data)
        if "sql" in data:
            frame, where = read_query(data), "The result of the query"
        else:
            frame, where = _files(data), f"The table {_said(data['path'])!r}"
    elif data is None:
        raise TableError("A pipeline must have data. Got none. Pass data='table.csv'.")
    else:
        frame, where = _as_frame(data, "data"), "The table"
    if not len(frame) or not frame.shape[1]:
        raise TableError(
            f"{where} must have rows and columns. Got {frame.shape[0]} rows and "
            f"{frame.shape[1]} columns."
        )
    check_names(frame.columns, where)
    return frame


def source_digest(data: Any) -> str | None:
    """Return a digest of the files that data comes from.

    Parameters
    ----------
    data : object
        As in `read_data`.

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
    made = hashlib.sha256(json.dumps(how, sort_keys=True, default=str).encode())
    for path in _paths(data["path"]):
        made.update(form_of(path, data.get("format")).encode())
        made.update(hashlib.sha256(_bytes(path)).digest())
    return made.hexdigest()


def split_target(
    frame: pd.DataFrame, target: str | list[str], where: str = "The table"
) -> tuple[Any, Any]:
    """Part the columns to predict from the others.

    Parameters
    ----------
    frame : pandas.DataFrame of shape (n_samples, n_columns)
        A table.
    target : str or list of str
        Its column, or columns.
    where : str, default="The table"
        What the table is called in messages.

    Returns
    -------
    X : pandas.DataFrame
        The other columns.
    y : pandas.Series or pandas.DataFrame
        The target; a frame for a list.

    Raises
    ------
    TableError
        If a column is not there.
    TargetError
        If a value of the target is missing.
    """
    names = [target] if isinstance(target, str) else list(target)
    if gone := [name for name in names if name not in frame.columns]:
        hints = "".join(did_you_mean_each(gone, frame.columns))
        raise TableError(
            f"{where} must have the target {target!r}. Missing: {gone}. It has "
            f"{list(frame.columns)[:20]}.{hints}"
        )
    y = frame[target] if isinstance(target, str) else frame[names]
    missing = y.isna().to_numpy().reshape(len(frame), -1).any(axis=1)
    if missing.any():
        raise TargetError(
            f"{where} must have a target in every row. Missing in {missing.sum()} of "
            f"{len(frame)} rows, first at row {missing.argmax()}. Remove these rows in "
            "preprocess, or fill them.",
            np.flatnonzero(missing).tolist(),
        )
    return frame.drop(columns=names), y


def write_data(frame: pd.DataFrame, place: str | Path | Mapping[str, Any]) -> None:
    """Write a table.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table; its row labels are not written.
    place : str, pathlib.Path or mapping
        A path or URL, or ``{"sql": "table", "url": ...}``, also as
        ``"sqlite:///file.db#table"``. A file is written beside and then renamed; a
        table of a database is replaced.

    Raises
    ------
    TableError
        If it cannot be written.
    """
    place = place_of(place)
    if isinstance(place, Mapping) and "sql" in place:
        write_query(frame, place["sql"], place["url"])
        return
    given = place["path"] if isinstance(place, Mapping) else place
    path, form = os.fspath(given), form_of(os.fspath(given), None)
    if "://" in path:
        try:
            with fsspec.open(path, "wb", compression="infer") as file:
                _write(frame, file, form)
        except ImportError as error:
            raise _no_protocol(path, error) from error
        except (OSError, ValueError) as error:
            raise TableError(
                f"The table {_said(path)!r} must be writable. Got "
                f"{type(error).__name__}."
            ) from error
        return
    with beside(Path(path)) as folder:
        written = folder / Path(path).name
        with fsspec.open(str(written), "wb", compression="infer") as file:
            _write(frame, file, form)
        written.replace(path)


def _write(frame: pd.DataFrame, file: Any, form: str) -> None:
    if form == "csv":
        frame.to_csv(file, index=False)
    elif form == "jsonl":
        frame.to_json(file, orient="records", lines=True, date_format="iso")
    elif form == "parquet":
        frame.to_parquet(file, index=False)
    else:
        needs("openpyxl", "excel")
        frame.to_excel(file, index=False)


def form_of(path: str, given: str | None) -> str:
    """Return how a table is written: as given, or by the ending of its name.

    Raises
    ------
    TableError
        For another form or ending, with the near miss.
    """
    if given is not None:
        if given not in _OPTIONS:
            raise TableError(
                f"format must be one of {list(_OPTIONS)}. Got {given!r}."
                + did_you_mean(given, _OPTIONS)
            )
        return given
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


def _paths(given: Any) -> list[str]:
    """Return each file, those of a pattern in order of their names."""
    paths: list[str] = []
    alone = not isinstance(given, (list, tuple))
    for one in [given] if alone else given:
        if not isinstance(one, (str, os.PathLike)):
            raise TableError(
                f"The path of a table must be a text or a list of them. Got {one!r}."
            )
        text = os.fspath(one)
        if "://" not in text and Path(text).is_dir():
            raise TableError(
                f"The table {text!r} must be a file. Got a folder. Name its files: "
                f"{text.rstrip('/')}/*.parquet."
            )
        if not any(sign in text for sign in "*?["):
            paths.append(text)
            continue
        fs, pattern = fsspec.core.url_to_fs(text)
        found = [fs.unstrip_protocol(name) for name in sorted(fs.glob(pattern))]
        if not found:
            raise TableError(f"{_said(text)!r} must name files. Got none.")
        paths += found
    if not paths:
        raise TableError("data must name at least one file. Got none.")
    return paths


def _files(data: Mapping[str, Any]) -> pd.DataFrame:
    frames: list[pd.DataFrame] = []
    paths = _paths(data["path"])
    for path in paths:
        frame = _file(path, form_of(path, data.get("format")), data.get("options"))
        if frames and set(frame.columns) != set(frames[0].columns):
            gone = sorted(map(str, set(frames[0].columns) - set(frame.columns)))
            more = sorted(map(str, set(frame.columns) - set(frames[0].columns)))
            raise TableError(
                f"Files under one another must have the same columns. {_said(path)!r} "
                f"lacks {gone} and adds {more} to those of {_said(paths[0])!r}."
            )
        frames.append(frame)
    return frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)


def _file(path: str, form: str, options: Mapping[str, Any] | None) -> pd.DataFrame:
    given = dict(options or {})
    if wrong := [name for name in given if name not in _OPTIONS[form]]:
        raise TableError(
            f"The options of {form} are {list(_OPTIONS[form])}. Got {wrong}."
            + "".join(did_you_mean_each(wrong, _OPTIONS[form]))
        )
    if form == "excel":
        needs("openpyxl", "excel")
    held = io.BytesIO(_bytes(path))
    try:
        if form in ("csv", "excel"):
            check_header(_READERS[form], held, given, f"The table {_said(path)!r}")
        frame = _READERS[form](held, **given)
    except TableError:
        raise
    except _UNREADABLE as error:
        said = shorten(str(error), 200, placeholder=" ...").rstrip(".")
        raise TableError(
            f"The table {_said(path)!r} must be readable as {form}. Got "
            f"{type(error).__name__}: {said}. {_ADVICE[form]}"
        ) from error
    if not isinstance(frame, pd.DataFrame):
        raise TableError(
            f"One sheet of {_said(path)!r} must be named. Got several. Write it in "
            "options: sheet_name."
        )
    return frame


def _bytes(path: str) -> bytes:
    try:
        with fsspec.open(path, "rb", compression="infer") as file:
            return bytes(file.read())
    except FileNotFoundError as error:
        raise TableError(
            f"The table {_said(path)!r} must exist. Got none. Check the path."
        ) from error
    except ImportError as error:
        raise _no_protocol(path, error) from error
    except Exception as error:
        # Each protocol has errors of its own, whose messages may hold passwords.
        raise TableError(
            f"The table {_said(path)!r} must be readable. Got {type(error).__name__}. "
            "Check that it is whole, and that you may read it."
        ) from error


def _no_protocol(path: str, error: ImportError) -> MissingLibraryError:
    return MissingLibraryError(
        f"{path.partition('://')[0]}:// needs a package that is not installed. Got: "
        f"{error}."
    )


def _json_lines(
    file: Any, *, encoding: str = "utf-8", dtype: Any = None
) -> pd.DataFrame:
    # pandas makes numbers and dates of texts; JSON says itself what is a text.
    rows = []
    for number, line in enumerate(file.read().decode(encoding).splitlines(), 1):
        if line.strip():
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                raise ValueError(f"{error.msg} in line {number}") from error
            if not isinstance(row, dict):
                raise ValueError(f"line {number} holds no object")
            rows.append(row)
    frame = pd.DataFrame(rows)
    return frame if dtype is None else frame.astype(dtype)


_READERS: dict[str, Callable[..., pd.DataFrame]] = {
    "csv": pd.read_csv,
    "jsonl": _json_lines,
    "parquet": pd.read_parquet,
    "excel": pd.read_excel,
}


def _as_frame(data: Any, where: str) -> pd.DataFrame:
    try:
        return as_frame(data)
    except WinduError:
        raise
    except (ValueError, TypeError) as error:
        raise TableError(
            f"{where} must be a table, such as a DataFrame, or say where one is. Got "
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
    """Return what a table is called in messages, without what may be a password."""
    source = place_of(source)
    if isinstance(source, Mapping):
        source = source["path"] if "path" in source else source["url"]
    return _said(source)


def _said(path: Any) -> str:
    """Return a path for messages, without what may be a password."""
    if not isinstance(path, (str, os.PathLike)):
        return ", ".join(map(_said, path if isinstance(path, Iterable) else [path]))
    protocol, found, rest = os.fspath(path).partition("://")
    return f"{protocol}://{rest.rpartition('@')[2]}" if found else protocol


def _name(function: Any) -> str:
    return getattr(function, "__qualname__", repr(function))
