"""The step cache of a metastore: results as files, by the digest of their inputs."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import parquet
from scipy import sparse

from windu.exceptions import IntegrityError, NotStoredError, PersistenceError
from windu.metastore.store import Metastore
from windu.metastore.target import Target
from windu.persistence.flavors import opaque_in
from windu.persistence.format.container import MAX_FILE, pack, unpack
from windu.persistence.format.manifest import MANIFEST, Manifest, versions
from windu.persistence.functions import bind, detach
from windu.persistence.objects import build, check_trusted, dump, types_in
from windu.schema.columns import TableSchema

__all__ = ["StepCache", "Tested", "cache_of", "from_files", "to_files"]

_INDEX = "values.json"
_OBJECTS = b"windu.objects"


def to_files(values: Mapping[str, Any]) -> dict[str, bytes]:
    """Return values as files.

    Parameters
    ----------
    values : mapping of str to object
        Frames, arrays, sparse matrices, plain data, schemas, fitted parts.

    Returns
    -------
    dict of str to bytes
        By name of the file.

    Raises
    ------
    PersistenceError
        For a value that would not come back as it is.

    Examples
    --------
    >>> from windu.metastore.cache import from_files, to_files
    >>> files = to_files({"names": ["a", "b"], "n": 3})
    >>> from_files(files.__getitem__, "here")
    {'names': ['a', 'b'], 'n': 3}
    """
    files: dict[str, bytes] = {}
    index: dict[str, list[Any]] = {}
    for name, value in values.items():
        kind, content = _form(name, value, files)
        index[name] = [kind, content]
    files[_INDEX] = json.dumps(index).encode()
    return files


def from_files(
    read: Callable[[str], bytes], source: str, *, trusted: Collection[str] = ()
) -> dict[str, Any]:
    """Return the values that `to_files` wrote.

    Parameters
    ----------
    read : callable
        Returns the bytes of a file, which are verified.
    source : str
        What the files are called in messages.
    trusted : collection of str, default=()
        Full names of types and functions of a user's own.

    Returns
    -------
    dict of str to object
        By name.

    Raises
    ------
    UntrustedTypesError
        If there are other types.
    """
    values = {}
    for name, (kind, content) in json.loads(read(_INDEX)).items():
        values[name] = (
            content if kind == "plain" else _READ[kind](read, content, source, trusted)
        )
    return values


def _form(name: str, value: Any, files: dict[str, bytes]) -> tuple[str, Any]:
    """Return the kind of a value, and the value itself or its file name."""
    if isinstance(value, pd.DataFrame):
        kind, file = "frame", f"{name}.parquet"
        data = _frame_bytes(value)
    elif isinstance(value, TableSchema):
        kind, file, data = "schema", f"{name}.json", value.to_json().encode()
    elif isinstance(value, np.ndarray) and not value.dtype.hasobject:
        kind, file, buffer = "array", f"{name}.npy", io.BytesIO()
        np.save(buffer, value, allow_pickle=False)
        data = buffer.getvalue()
    elif _is_plain(value):
        return "plain", value
    else:
        kind, file = "object", f"{name}.skops"
        if isinstance(value, (sparse.csr_array, sparse.csc_array)):
            # skops supports sparse matrices, not sparse arrays.
            kind = f"{value.format}_array"
            value = getattr(sparse, f"{value.format}_matrix")(value)

        def store(suffix: str, data: bytes) -> str:
            extra = f"{name}.{len(files)}{suffix}"
            files[extra] = data
            return extra

        data = dump(detach(value), store)
    files[file] = data
    return kind, file


def _is_plain(value: Any) -> bool:
    try:
        return _same(json.loads(json.dumps(value)), value)
    except (TypeError, ValueError):
        return False


def _same(first: Any, second: Any) -> bool:
    if type(first) is not type(second):
        return False
    if isinstance(first, dict):
        return list(first) == list(second) and all(
            _same(first[k], second[k]) for k in first
        )
    if isinstance(first, list):
        return len(first) == len(second) and all(map(_same, first, second))
    return first == second or (first != first and second != second)


def _frame_bytes(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    try:
        gaps = {
            position: _gap(frame.iloc[:, position])
            for position, dtype in enumerate(frame.dtypes)
            if dtype == object
        }
        table = pa.Table.from_pandas(frame)
        metadata = {
            **(table.schema.metadata or {}),
            _OBJECTS: json.dumps(gaps).encode(),
        }
        parquet.write_table(
            table.replace_schema_metadata(metadata), buffer, compression="zstd"
        )
        reread = _frame(lambda _: buffer.getvalue(), "", "", ())
        pd.testing.assert_frame_equal(reread, frame, check_exact=True, check_freq=False)
    except (pa.ArrowException, AssertionError, TypeError, ValueError) as error:
        raise PersistenceError(
            "A table must come back from Parquet as it was. Got "
            f"{type(error).__name__}: {str(error)[:200]}. Use columns of one type each."
        ) from error
    return buffer.getvalue()


def _gap(column: pd.Series) -> str:
    """Return the representation of missing values in an object column."""
    missing = {repr(value) for value in column[column.isna()]}
    if len(missing) > 1 or not missing <= {"nan", "None"}:
        raise TypeError(f"{column.name!r} has missing values of the kinds {missing}")
    return missing.pop() if missing else "nan"


def _frame(read: Any, file: str, source: str, trusted: Any) -> pd.DataFrame:
    table = parquet.read_table(pa.BufferReader(read(file)))
    frame = table.to_pandas()
    # Object columns of texts are restored as objects.
    for position, gap in json.loads(table.schema.metadata[_OBJECTS]).items():
        column = frame.iloc[:, int(position)]
        values = column.to_numpy(dtype=object, copy=True)
        values[column.isna().to_numpy()] = None if gap == "None" else np.nan
        frame.isetitem(int(position), pd.Series(values, frame.index, dtype=object))
    return frame


def _array(read: Any, file: str, source: str, trusted: Any) -> np.ndarray:
    return np.load(io.BytesIO(read(file)), allow_pickle=False)


def _schema(read: Any, file: str, source: str, trusted: Any) -> TableSchema:
    return TableSchema.from_json(read(file).decode())


def _object(read: Any, file: str, source: str, trusted: Collection[str]) -> Any:
    data = read(file)
    types = types_in(data, source)
    check_trusted(types, trusted, source)
    return bind(build(data, types, trusted, source, read), trusted, {})


def _csr(read: Any, file: str, source: str, trusted: Collection[str]) -> Any:
    return sparse.csr_array(_object(read, file, source, trusted))


def _csc(read: Any, file: str, source: str, trusted: Collection[str]) -> Any:
    return sparse.csc_array(_object(read, file, source, trusted))


_READ = {
    "csr_array": _csr,
    "csc_array": _csc,
    "frame": _frame,
    "schema": _schema,
    "array": _array,
    "object": _object,
}


_FOLDER = "cache"
_KEY = re.compile(r"[0-9a-f]{64}\Z")


class StepCache:
    """A cache of step results in a target.

    An entry is one file that is there whole or not at all, and never changed: two
    pipelines that make the same write the same.

    Parameters
    ----------
    target : Target
        Where the entries are.
    key : bytes, default=None
        Signs entries; those that are not signed with it are not used.
    """

    def __init__(self, target: Target, key: bytes | None = None):
        self._target = target
        self._signing = key

    def get(self, key: str, *, trusted: Collection[str] = ()) -> dict[str, Any] | None:
        """Return the results of a key.

        Parameters
        ----------
        key : str
            64 hexadecimal digits.
        trusted : collection of str, default=()
            Full names of types and functions of a user's own.

        Returns
        -------
        dict of str to object or None
            None if nothing is there, or what is there is not whole.

        Raises
        ------
        UntrustedTypesError
            If it holds other types.
        """
        entry_text = f"The cache entry {key[:12]!r} of {self._target.label!r}"
        try:
            members = unpack(self._target.read(_file(key), MAX_FILE), entry_text)
            manifest = Manifest.read(
                bytes(members[MANIFEST]), entry_text, self._signing
            )
            if manifest.lineage.get("key") != key:
                return None
            for name in manifest.artifacts:
                manifest.check(name, members[name], entry_text)
            if self._signing is not None:
                trusted = {
                    *trusted,
                    *opaque_in({n: bytes(m) for n, m in members.items()}),
                }
            return from_files(
                lambda name: bytes(members[name]), entry_text, trusted=trusted
            )
        except (FileNotFoundError, NotStoredError, IntegrityError, KeyError):
            return None

    def put(self, key: str, values: Mapping[str, Any], *, step: str) -> None:
        """Store results under a key.

        Parameters
        ----------
        key : str
            64 hexadecimal digits.
        values : mapping of str to object
            What the step made.
        step : str
            Its name, for `entries`.

        Raises
        ------
        PersistenceError
            For a value that would not come back as it is; nothing is kept.
        StorageError
            If the target cannot be written.
        """
        files = to_files(values)
        manifest = Manifest.of(
            files, versions(), {"key": key, "step": step}, self._signing
        )
        data = pack({**files, MANIFEST: manifest.to_bytes()})
        self._target.write({_file(key): data})

    def entries(self) -> pd.DataFrame:
        """Return the entries, the newest first.

        Returns
        -------
        DataFrame
            ``key``, ``step``, ``bytes`` and ``modified``, which is in UTC and missing
            where the target does not tell.
        """
        rows = []
        for file, listed in self._target.list(_FOLDER).items():
            key = file.rpartition("/")[2].removesuffix(".windu")
            if not _KEY.match(key):
                continue
            time = listed.modified
            when = None if time is None else datetime.fromtimestamp(time, UTC)
            rows.append((key, self._step(file), listed.bytes, when))
        table = pd.DataFrame(rows, columns=["key", "step", "bytes", "modified"])
        table["modified"] = pd.to_datetime(table["modified"], utc=True)
        return table.sort_values("modified", ascending=False, ignore_index=True)

    def _step(self, file: str) -> str:
        try:
            members = unpack(self._target.read(file, MAX_FILE))
            return str(Manifest.read(bytes(members[MANIFEST]), file).lineage["step"])
        except (FileNotFoundError, NotStoredError, IntegrityError, KeyError):
            return "damaged"

    def clear(self, keys: Collection[str] | None = None) -> int:
        """Remove entries.

        Parameters
        ----------
        keys : collection of str, default=None
            Which; None for all.

        Returns
        -------
        int
            How many.
        """
        files = (
            list(self._target.list(_FOLDER)) if keys is None else list(map(_file, keys))
        )
        self._target.delete(files)
        return len(files)


def cache_of(store: Metastore) -> StepCache:
    """Return the cache of a metastore, which is in its first target."""
    return StepCache(store._copies.first, store._copies.key)


def _file(key: str) -> str:
    if not _KEY.match(key):
        raise ValueError(f"A key must have 64 hexadecimal digits. Got {key!r}.")
    return f"{_FOLDER}/{key}.windu"


_TESTED = "tested"


class Tested:
    """Counts the estimators that were evaluated on the same test rows.

    Parameters
    ----------
    store : Metastore or None
        Where it is kept, for all processes; None counts in this object alone.
    """

    def __init__(self, store: Metastore | None):
        self._target = None if store is None else store._copies.first
        self._seen: dict[str, set[str]] = {}

    def count(self, rows: str, estimator: str) -> int:
        """Record an evaluated estimator, and return the number of them.

        Parameters
        ----------
        rows : str
            Digest of the test rows and their target.
        estimator : str
            Digest of what it was made from; the same one again is not counted.

        Returns
        -------
        int
            From 1 on.
        """
        if self._target is None:
            self._seen.setdefault(rows, set()).add(estimator)
            return len(self._seen[rows])
        folder = f"{_TESTED}/{rows[:64]}"
        with suppress(FileExistsError):
            self._target.create(f"{folder}/{estimator[:64]}", b"\n")
        return len(self._target.list(folder))
