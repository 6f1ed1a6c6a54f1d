"""A folder of this machine as a storage target."""

from __future__ import annotations

import errno
import os
import stat
import uuid
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from windu.metastore.names import check_key, is_key
from windu.metastore.target import Listed, guarded, too_large

__all__ = ["LocalTarget", "replace_durably"]

#: Where a file is written before it gets its name. In the same file system, so that
#: a rename is one step; what a crash leaves here is removed by `gc`.
TEMPORARY = "tmp"
#: What a file system without hard links answers.
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


class LocalTarget:
    """Files in a folder: written beside, forced to the disk, then renamed.

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
        # To open a pipe would wait for its writer.
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
                # A folder of all runs stays, or a writer would lose it on the way.
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
                # It may be gone since, or be named by somebody else.
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
        """Return the path of a key, which no link inside the folder leads away."""
        path = self._root / check_key(key)
        if self._root.is_file():
            raise OSError(f"{self._root} is a file")
        inside = os.path.realpath(path.parent)
        if inside != os.path.join(os.path.realpath(self._root), *key.split("/")[:-1]):
            raise OSError(f"{key} leads out of the folder through a link")
        return path


def write_whole(path: Path, data: bytes) -> None:
    """Write a new file and force it to the disk."""
    with open(path, "xb", buffering=0) as file:
        rest = memoryview(data)
        while rest:
            rest = rest[file.write(rest) :]
        os.fsync(file.fileno())


def replace_durably(beside: Path, path: Path) -> None:
    """Give a written file its name, and force the name to the disk."""
    os.replace(beside, path)
    _sync_folder(path.parent)


def _link(beside: Path, path: Path) -> None:
    """Give a written file its name, unless the name is taken."""
    try:
        os.link(beside, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # Still one winner; a crash in the middle leaves a record that is refused.
        write_whole(path, beside.read_bytes())


def _make_folder(folder: Path) -> None:
    """Make a folder, and force its name to the disk."""
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
    # Windows cannot open a folder, and writes names by itself.
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
