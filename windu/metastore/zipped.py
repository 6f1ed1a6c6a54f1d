"""One zip file as a storage target, for a small store to hand on."""

from __future__ import annotations

import os
import sys
import time
import uuid
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from windu.exceptions import IntegrityError
from windu.metastore.local import replace_durably
from windu.metastore.names import check_key, is_key
from windu.metastore.target import Listed, guarded, too_large

__all__ = ["ZipTarget"]

#: A writer waits so many seconds for the others.
_PATIENCE = 60.0


class ZipTarget:
    """The members of a zip file, which every change writes anew beside it.

    Parameters
    ----------
    path : str or pathlib.Path
        The file; made at the first write. Writers wait for each other by a lock on
        the file of the same name with ``.lock`` behind it.
    """

    secrets: tuple[str, ...] = ()

    def __init__(self, path: str | Path):
        self.label = str(path)
        self._file = Path(path).expanduser().absolute()

    @guarded("readable")
    def read(self, key: str, cap: int) -> bytes:
        """Return a file of at most `cap` bytes, or raise FileNotFoundError."""
        check_key(key)
        try:
            with (
                zipfile.ZipFile(self._file) as archive,
                archive.open(key) as member,
            ):
                data = member.read(cap + 1)
        except KeyError:
            raise FileNotFoundError(key) from None
        except (zipfile.BadZipFile, NotImplementedError, zlib.error, EOFError) as error:
            raise IntegrityError(
                f"{key!r} in {self.label!r} must be as it was written. It is damaged: "
                f"{error}. Get a whole copy."
            ) from error
        if len(data) > cap:
            raise too_large(self.label, key, cap)
        return data

    @guarded("writable")
    def write(self, files: Mapping[str, bytes]) -> None:
        """Write files in one step; one that is there is replaced."""
        with self._locked():
            self._rewrite(files, ())

    @guarded("claimable")
    def create(self, key: str, data: bytes) -> None:
        """Write one file, or raise FileExistsError: of many writers one wins."""
        with self._locked():
            if check_key(key) in self._members():
                raise FileExistsError(key)
            self._rewrite({key: data}, ())

    @guarded("writable")
    def delete(self, keys: Iterable[str]) -> None:
        """Remove files in one step; one that is not there is no error."""
        gone = set(map(check_key, keys))
        with self._locked():
            if gone & set(self._members()):
                self._rewrite({}, gone)

    @guarded("listable")
    def list(self, folder: str) -> dict[str, Listed]:
        """Return the files in a folder and its folders; none if it is not there."""
        start = f"{check_key(folder)}/"
        return {
            name: Listed(info.file_size, datetime(*info.date_time).timestamp())
            for name, info in self._members().items()
            if name.startswith(start) and is_key(name)
        }

    def _members(self) -> dict[str, zipfile.ZipInfo]:
        if not self._file.exists():
            return {}
        with zipfile.ZipFile(self._file) as archive:
            return {info.filename: info for info in archive.infolist()}

    def _rewrite(self, files: Mapping[str, bytes], gone: Iterable[str]) -> None:
        """Write the zip anew with `files`, without `gone`; the lock is held."""
        left_out = {*map(check_key, files), *gone}
        beside = self._file.with_name(f".{self._file.name}.{uuid.uuid4().hex}")
        try:
            with open(beside, "xb") as raw:
                with zipfile.ZipFile(raw, "w", zipfile.ZIP_STORED) as new:
                    if self._file.exists():
                        self._copy(new, left_out)
                    for name, data in files.items():
                        new.writestr(_member(name, _now()), data)
                raw.flush()
                os.fsync(raw.fileno())
            replace_durably(beside, self._file)
        finally:
            with suppress(OSError):
                beside.unlink(missing_ok=True)

    def _copy(self, new: zipfile.ZipFile, left_out: Collection[str]) -> None:
        """Copy the members, but not those that are left out or damaged."""
        with zipfile.ZipFile(self._file) as archive:
            members = archive.infolist()
            n_bytes = sum(info.file_size for info in members)
            if n_bytes > self._file.stat().st_size:
                raise OSError("its members claim more bytes than the file has")
            for info in members:
                if info.filename not in left_out and is_key(info.filename):
                    # A member of another checksum is lost already; with it in the
                    # way nothing could be written, nor mended.
                    with suppress(zipfile.BadZipFile):
                        new.writestr(
                            _member(info.filename, info.date_time), archive.read(info)
                        )

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the lock; the system lets go of it when a process dies."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with open(f"{self._file}.lock", "ab") as lock:
            end = time.monotonic() + _PATIENCE
            while not _try_lock(lock.fileno()):
                if time.monotonic() > end:
                    raise TimeoutError(
                        f"another process has written to it for {_PATIENCE:.0f} s"
                    )
                time.sleep(0.01)
            yield


def _now() -> tuple[int, int, int, int, int, int]:
    now = datetime.now()
    return now.year, now.month, now.day, now.hour, now.minute, now.second


def _member(name: str, date: tuple[int, int, int, int, int, int]) -> zipfile.ZipInfo:
    # Stored as it is: what is large is compressed already.
    return zipfile.ZipInfo(name, date)


def _try_lock(handle: int) -> bool:
    """Return whether the lock of a file could be had."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
