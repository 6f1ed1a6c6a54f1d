"""A skops file is looked at before skops reads it: its layout, sizes and arrays.

skops looks at the names of types alone; a small file may ask it for gigabytes.
"""

from __future__ import annotations

import re
from io import BytesIO
from struct import Struct
from typing import IO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import numpy as np
from numpy.lib import format as npy

from windu.exceptions import IntegrityError

__all__ = ["MAX_BYTES", "check_archive", "json_depth", "without_arrays"]

#: No artifact has more bytes, packed or not.
MAX_BYTES = 2 * 1024**3
#: Members of one archive.
MAX_MEMBERS = 100_000
#: Nesting of JSON: each object inside another takes about four levels.
MAX_DEPTH = 400
#: Up to `_FREE` bytes may come of anything; more of a file that is not so much smaller.
_FREE = 32 * 1024**2
_MAX_RATIO = 200
_FREE_JSON = 4 * 1024**2
_MAX_JSON_RATIO = 60

_LOCAL = Struct("<4s5H3L2H")
_END = Struct("<4s4H2LH")
_TREE = "schema.json"
_NAME = re.compile(r"(schema\.json|[0-9]+\.(npy|npz)|[0-9a-f-]{36}\.bin)\Z")
_ARRAY = re.compile(r"[A-Za-z0-9_.]+\.npy\Z")
_TEXTS = re.compile(rb'"(?:[^"\\]|\\.)*"')
_STEPS = np.zeros(256, dtype=np.int8)
_STEPS[[ord("{"), ord("[")]] = 1
_STEPS[[ord("}"), ord("]")]] = -1


def check_archive(data: bytes, source: str) -> None:
    """Raise if a skops file is not laid out as one, or asks for too much.

    Parameters
    ----------
    data : bytes
        The whole file.
    source : str
        What it is called in messages.

    Raises
    ------
    IntegrityError
        With what is wrong.
    """
    try:
        _check(data)
    except Exception as error:
        # zipfile, zlib, struct and numpy have each their own for bytes that are odd.
        raise IntegrityError(
            f"{source} must be an archive that skops wrote. Got another: {error}. It "
            "is "
            "damaged or was edited; get a whole copy."
        ) from error


def without_arrays(data: bytes) -> bytes:
    """Return a skops file with the same tree and empty arrays, for its types alone."""
    buffer = BytesIO()
    with ZipFile(BytesIO(data)) as file, ZipFile(buffer, "w") as stripped:
        for name in file.namelist():
            stripped.writestr(name, file.read(name) if name == _TREE else b"")
    return buffer.getvalue()


def json_depth(data: bytes) -> int:
    """Return how deep arrays and objects of a JSON text are nested."""
    steps = _STEPS[np.frombuffer(_TEXTS.sub(b"", data), dtype=np.uint8)]
    return int(np.cumsum(steps, dtype=np.int64).max(initial=0))


def _check(data: bytes) -> None:
    signature, disk, start_disk, entries_here, count, size, directory, comment = (
        _END.unpack(data[-_END.size :])
    )
    ends = directory + size == len(data) - _END.size and not comment
    if (
        signature != b"PK\5\6"
        or disk
        or start_disk
        or entries_here != count
        or not ends
    ):
        raise ValueError("its end record does not stand at its end")
    with ZipFile(BytesIO(data)) as file:
        infos = file.infolist()
        if len(infos) != count:
            raise ValueError(f"it has {len(infos)} members, and says {count}")
        _check_layout(data, infos, directory)
        _check_members(file, infos, len(data), _NAME)


def _check_members(
    file: ZipFile, infos: list[ZipInfo], n_bytes: int, names: re.Pattern[str]
) -> None:
    member_names = [info.filename for info in infos]
    if len(set(member_names)) != len(member_names) or len(member_names) > MAX_MEMBERS:
        raise ValueError(
            f"it has {len(member_names)} members, {len(set(member_names))} by name"
        )
    odd = [name for name in member_names if not names.match(name)]
    if odd:
        raise ValueError(f"a member is called {odd[0]!r}")
    _check_sizes(n_bytes, infos)
    for info in infos:
        _check_member(file, info)


def _check_layout(data: bytes, infos: list[ZipInfo], directory: int) -> None:
    """Members follow each other from the first byte on, each named twice alike."""
    end = 0
    for info in infos:
        is_supported = info.compress_type in (ZIP_STORED, ZIP_DEFLATED)
        if not is_supported or info.flag_bits or info.comment or info.extra:
            raise ValueError(f"{info.filename!r} is packed in another way")
        header = data[info.header_offset : info.header_offset + _LOCAL.size]
        signature, _, flags, method, *_, packed, size, n_name, n_extra = _LOCAL.unpack(
            header
        )
        name = info.filename.encode()
        start = info.header_offset + _LOCAL.size
        alike = (
            (signature, flags, method) == (b"PK\3\4", 0, info.compress_type)
            and (packed, size, n_extra) == (info.compress_size, info.file_size, 0)
            and n_name == len(name)
            and data[start : start + n_name] == name
        )
        if info.header_offset != end or not alike:
            raise ValueError(f"{info.filename!r} does not stand where it must")
        end = start + n_name + info.compress_size
    if end != directory:
        raise ValueError("something stands between its members")


def _check_sizes(n_bytes: int, infos: list[ZipInfo]) -> None:
    total = sum(info.file_size for info in infos)
    if total > min(MAX_BYTES, max(_FREE, _MAX_RATIO * n_bytes)):
        raise ValueError(f"{n_bytes} bytes would become {total}")
    texts = [info for info in infos if info.filename == _TREE]
    for info in texts:
        if info.file_size > max(_FREE_JSON, _MAX_JSON_RATIO * info.compress_size):
            raise ValueError(f"its JSON of {n_bytes} bytes would be {info.file_size}")


def _check_member(file: ZipFile, info: ZipInfo) -> None:
    if info.filename.endswith(".json"):
        depth = json_depth(file.read(info))
        if depth > MAX_DEPTH:
            raise ValueError(f"its JSON is nested {depth} deep")
    elif info.filename.endswith(".npz"):
        # A sparse matrix: numpy's own archive of arrays, which holds no further one.
        data = file.read(info)
        with ZipFile(BytesIO(data)) as inner:
            _check_members(inner, inner.infolist(), len(data), _ARRAY)
    elif info.filename.endswith(".npy"):
        with file.open(info) as member:
            _check_array(member, info)


def _check_array(member: IO[bytes], info: ZipInfo) -> None:
    """Raise if a header does not agree with its bytes, or asks for objects."""
    version = npy.read_magic(member)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = read(member)
    n_bytes = dtype.itemsize
    for length in shape:
        n_bytes *= length
    start = member.tell()
    if (
        dtype.hasobject
        or min(shape, default=0) < 0
        or start + n_bytes != info.file_size
    ):
        raise ValueError(f"the array {info.filename!r} has other bytes than it says")
