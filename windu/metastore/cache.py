"""What steps of pipelines have made, by the digest of all that it was made from."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from windu.exceptions import IntegrityError, NotStoredError
from windu.metastore.store import Metastore
from windu.metastore.target import Target
from windu.metastore.values import from_files, to_files
from windu.persistence.container import MAX_FILE, pack, unpack
from windu.persistence.environment import versions
from windu.persistence.flavors import opaque_in
from windu.persistence.manifest import MANIFEST, Manifest

__all__ = ["StepCache", "cache_of"]

_FOLDER = "cache"
_KEY = re.compile(r"[0-9a-f]{64}\Z")


class StepCache:
    """The outputs of steps in a target.

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
        """Return what was kept under a key.

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
        """Keep values under a key.

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
