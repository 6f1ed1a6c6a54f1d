"""A folder, or one zip file, of this machine as a storage target."""

from __future__ import annotations

import errno
import os
import stat
import sys
import time
import uuid
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from windu.exceptions import IntegrityError
from windu.metastore.records import check_key, is_key
from windu.metastore.target import Listed, guarded, too_large

__all__ = ["LocalTarget", "ZipTarget", "replace_durably"]

#: Where a file is written before it gets its name. In the same file system, so that
#: a rename is one step; what a crash leaves here is removed by `gc`.
TEMPORARY = "tmp"
#: What a file system without hard links answers.
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


class LocalTarget:
    """Files in a folder: written to a temporary file, synced to disk, then renamed.

    Parameters
    ----------
    folder : str or pathlib.Path
        The folder; made at the first write.
    """

    secrets: tuple[str, ...] = ()

    def __init__(self, folder: str | Path):
        self.label = str(folder)
        self._root = Path(folder).expanduser().absolute()

    @guarded("readable")
    def read(self, key: str, cap: int) -> bytes:
        """Return a file of at most `cap` bytes, or raise FileNotFoundError."""
        path = self._path(key)
        try:
            status = path.stat()
        except NotADirectoryError as error:
            raise FileNotFoundError(key) from error
        # Opening a pipe would block.
        if not stat.S_ISREG(status.st_mode):
            raise OSError(f"{key} is not a file")
        with path.open("rb") as file:
            data = file.read(cap + 1)
        if len(data) > cap:
            raise too_large(self.label, key, cap)
        return data

    @guarded("writable")
    def write(self, files: Mapping[str, bytes]) -> None:
        """Write files one after the other; one that is there is replaced."""
        for key, data in files.items():
            self._store_bytes(key, data, os.replace)

    @guarded("claimable")
    def create(self, key: str, data: bytes) -> None:
        """Write one file, or raise FileExistsError: of many writers one wins."""
        self._store_bytes(key, data, _link)

    @guarded("writable")
    def delete(self, keys: Iterable[str]) -> None:
        """Remove files one after the other; one that is not there is no error."""
        for key in keys:
            path = self._path(key)
            with suppress(FileNotFoundError, NotADirectoryError):
                path.unlink()
                _sync_folder(path.parent)
                # The folder of all runs stays; a concurrent writer may need it.
                if path.parent.parent != self._root:
                    with suppress(OSError):
                        path.parent.rmdir()

    @guarded("listable")
    def list(self, folder: str) -> dict[str, Listed]:
        """Return the files in a folder and its folders; none if it is not there."""
        files = {}
        top = self._path(folder)
        if not top.is_dir():
            return {}
        for at, _, names in os.walk(top, onerror=_raise):
            for name in names:
                path = Path(at, name)
                key = path.relative_to(self._root).as_posix()
                # Another process may have removed or renamed it.
                with suppress(FileNotFoundError):
                    status = path.lstat()
                    if is_key(key) and stat.S_ISREG(status.st_mode):
                        files[key] = Listed(status.st_size, status.st_mtime)
        return files

    def _store_bytes(
        self, key: str, data: bytes, move: Callable[[Path, Path], object]
    ) -> None:
        path = self._path(key)
        beside = self._root / TEMPORARY / uuid.uuid4().hex
        _make_folder(beside.parent)
        _make_folder(path.parent)
        try:
            write_whole(beside, data)
            move(beside, path)
        finally:
            with suppress(OSError):
                beside.unlink(missing_ok=True)
        _sync_folder(path.parent)

    def _path(self, key: str) -> Path:
        """Return the path of a key; raise if a link leads outside the folder."""
        path = self._root / check_key(key)
        if self._root.is_file():
            raise OSError(f"{self._root} is a file")
        inside = os.path.realpath(path.parent)
        if inside != os.path.join(os.path.realpath(self._root), *key.split("/")[:-1]):
            raise OSError(f"{key} leads out of the folder through a link")
        return path


def write_whole(path: Path, data: bytes) -> None:
    """Write a new file and sync it to disk."""
    with open(path, "xb", buffering=0) as file:
        rest = memoryview(data)
        while rest:
            rest = rest[file.write(rest) :]
        os.fsync(file.fileno())


def replace_durably(beside: Path, path: Path) -> None:
    """Rename a written file, and sync the rename to disk."""
    os.replace(beside, path)
    _sync_folder(path.parent)


def _link(beside: Path, path: Path) -> None:
    """Link a written file to its name, unless the name exists."""
    try:
        os.link(beside, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # Still one winner; a crash in the middle leaves a record that is refused.
        write_whole(path, beside.read_bytes())


def _make_folder(folder: Path) -> None:
    """Create a folder, and sync its name to disk."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    try:
        folder.mkdir(exist_ok=True)
    except FileExistsError:
        # To a writer that creates a file, the other error would mean: taken.
        raise NotADirectoryError(f"{folder} is a file") from None
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    # Windows cannot open a folder, and syncs names by itself.
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _raise(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error


#: Seconds that a writer waits for the lock.
_PATIENCE = 60.0


class ZipTarget:
    """The members of a zip file; every change writes a new file and renames it.

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
        """Rewrite the zip with `files` and without `gone`, under the lock."""
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
        """Copy the members, except excluded and damaged ones."""
        with zipfile.ZipFile(self._file) as archive:
            members = archive.infolist()
            n_bytes = sum(info.file_size for info in members)
            if n_bytes > self._file.stat().st_size:
                raise OSError("its members claim more bytes than the file has")
            for info in members:
                if info.filename not in left_out and is_key(info.filename):
                    # A damaged member is lost already; with it in the
                    # way nothing could be written, nor mended.
                    with suppress(zipfile.BadZipFile):
                        new.writestr(
                            _member(info.filename, info.date_time), archive.read(info)
                        )

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the lock, which the system releases when a process dies."""
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
    # Not compressed: large artifacts are compressed already.
    return zipfile.ZipInfo(name, date)


def _try_lock(handle: int) -> bool:
    """Try to lock a file; return whether it succeeded."""
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
