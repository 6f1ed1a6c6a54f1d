"""Storage that fails at a chosen step, before, inside or after it."""

import os
import time
from contextlib import contextmanager

import pytest

from windu.metastore import local
from windu.metastore.local import LocalTarget
from windu.metastore.places import FileSystemTarget, MemoryTarget

MODES = ("before", "inside", "after")


class Crash(BaseException):
    """The process is dead: nothing that comes later happens."""


class Faults:
    """Counts the steps that change something, and fails at one of them.

    Parameters
    ----------
    at : int or None
        The step; None never fails.
    mode : {"before", "inside", "after"}
        Whether the step is done, half done, or not done.
    error : type
        `Crash`, or an OSError that the process lives on with.
    """

    def __init__(self, at=None, mode="before", error=Crash):
        self.at, self.mode, self.error = at, mode, error
        self.count = 0
        self.fired = False

    def step(self, do, half=None):
        """Do a step, or fail at it."""
        if self.fired and self.error is Crash:
            raise Crash
        here, self.count = self.count, self.count + 1
        if here != self.at:
            return do()
        self.fired = True
        if self.mode == "inside" and half is not None:
            half()
        elif self.mode == "after":
            do()
        raise self.error(28, "No space left on device")


class ObjectStore:
    """A fake object store: requests that are done whole, or not at all."""

    def __init__(self):
        self.files = {}

    def pipe_file(self, path, data, mode="overwrite"):
        if mode == "create" and path in self.files:
            raise OSError(22, "PreconditionFailed")
        self.files[path] = (bytes(data), time.time())

    def cat_file(self, path, start, end):
        if path not in self.files:
            raise FileNotFoundError(path)
        return self.files[path][0][start:end]

    def exists(self, path):
        return path in self.files

    def rm_file(self, path):
        self.files.pop(path, None)

    def find(self, path, detail):
        assert detail
        return {
            key: {"size": len(data), "LastModified": at}
            for key, (data, at) in self.files.items()
            if key.startswith(f"{path}/")
        }


class FaultyFileSystem:
    """A file system of fsspec whose changes are steps."""

    def __init__(self, fs, faults):
        self.fs, self.faults = fs, faults

    def pipe_file(self, *arguments, **options):
        return self.faults.step(lambda: self.fs.pipe_file(*arguments, **options))

    def rm_file(self, path):
        return self.faults.step(lambda: self.fs.rm_file(path))

    def __getattr__(self, name):
        return getattr(self.fs, name)


def faulty(kind, where, faults):
    """Return a target of a kind whose changes are steps.

    Parameters
    ----------
    kind : {"local", "memory", "object"}
        What it is.
    where : str, pathlib.Path or ObjectStore
        Where its files are.
    faults : Faults
        Counts, and fails.
    """
    if kind == "local":
        return LocalTarget(where)
    target = MemoryTarget(where) if kind == "memory" else FileSystemTarget("s3://fake")
    if kind == "memory":
        fs, root = target._at("x")[0], target._opened[2]
    else:
        fs, root = where, "bucket"
    target._opened = os.getpid(), FaultyFileSystem(fs, faults), root
    return target


@contextmanager
def broken_disk(faults):
    """Let every change of the local disk be a step."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("replace", "link", "mkdir", "rmdir", "unlink", "fsync"):
            real = getattr(os, name)

            def do(*arguments, _real=real, **options):
                return faults.step(lambda: _real(*arguments, **options))

            patch.setattr(os, name, do)
        write = local.write_whole

        def write_whole(path, data):
            faults.step(
                lambda: write(path, data),
                lambda: path.write_bytes(data[: len(data) // 2]),
            )

        patch.setattr(local, "write_whole", write_whole)
        yield
