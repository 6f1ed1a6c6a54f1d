"""The one-file form of a run: a zip of stored members in one exact layout.

Any program that reads zip files reads it. It is written and compared here by its few
headers, since no byte of them may depend on the version of Python.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator, Mapping
from importlib import import_module
from io import BytesIO
from struct import Struct
from types import BuiltinFunctionType, FunctionType
from typing import IO, Any, NamedTuple
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import numpy as np
from numpy.lib import format as npy

from windu.exceptions import IntegrityError, PersistenceError

__all__ = [
    "MAX_BYTES",
    "MAX_FILE",
    "check_archive",
    "check_cost",
    "check_roles",
    "json_depth",
    "pack",
    "tree_of",
    "unpack",
    "without_arrays",
]

#: Largest size of an artifact in bytes, packed or not.
MAX_BYTES = 2 * 1024**3
#: Largest number of members of an archive.
MAX_MEMBERS = 100_000
#: Nesting of JSON: each object inside another takes about four levels.
MAX_DEPTH = 400
#: Up to `_FREE` bytes may come of anything; more of a file that is not so much smaller.
_FREE = 32 * 1024**2
_MAX_RATIO = 200
_FREE_JSON = 4 * 1024**2
_MAX_JSON_RATIO = 60
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
        # zipfile, zlib, struct and numpy raise their own exceptions.
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
    """Return the nesting depth of a JSON text."""
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
    """Check that members are contiguous and have equal names in both headers."""
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
    """Raise if an array header does not match its bytes, or has dtype object."""
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


#: Zip files need another layout above this size, in bytes.
MAX_FILE = 2**32 - 2**20

# Version 2.0, no flags, stored, midnight of the first day that zip knows.
_COMMON = (20, 0, 0, 0, 33)
_LOCAL = Struct("<4s5H3L2H")
# Made on Unix; its owner may read and write it.
_MADE_BY, _ATTRIBUTES = 3 << 8 | 20, 0o600 << 16
_CENTRAL = Struct("<4sH5H3L3H2H2L")
_END = Struct("<4s4H2LH")


class _Member(NamedTuple):
    name: bytes
    crc: int
    size: int
    offset: int

    def local(self) -> bytes:
        sizes = (self.crc, self.size, self.size, len(self.name), 0)
        return _LOCAL.pack(b"PK\3\4", *_COMMON, *sizes) + self.name

    def central(self) -> bytes:
        sizes = (self.crc, self.size, self.size, len(self.name), 0, 0)
        place = (0, 0, _ATTRIBUTES, self.offset)
        header = _CENTRAL.pack(b"PK\1\2", _MADE_BY, *_COMMON, *sizes, *place)
        return header + self.name


def pack(members: Mapping[str, bytes]) -> bytes:
    """Return the bytes of a file that holds the members in their order.

    Parameters
    ----------
    members : mapping of str to bytes
        Names in ASCII.

    Returns
    -------
    bytes
        The same for the same members.

    Raises
    ------
    PersistenceError
        If the file would have 4 GiB or more.

    Examples
    --------
    >>> from windu.persistence.format.container import pack, unpack
    >>> bytes(unpack(pack({"a.json": b"{}"}))["a.json"])
    b'{}'
    """
    if sum(map(len, members.values())) > MAX_FILE:
        raise PersistenceError(
            "One file holds less than 4 GiB. Got more. Save to a folder: a path "
            "without a suffix."
        )
    members_packed, parts, offset = [], [], 0
    for name, data in members.items():
        member = _Member(name.encode("ascii"), zlib.crc32(data), len(data), offset)
        parts += [member.local(), data]
        offset += len(parts[-2]) + len(data)
        members_packed.append(member)
    return b"".join([*parts, _directory(members_packed, offset)])


def unpack(data: bytes, source: str = "The file") -> dict[str, memoryview]:
    """Return the members of a file, which must be just what `pack` writes.

    Parameters
    ----------
    data : bytes
        The whole file.
    source : str, default="The file"
        What it is called in messages.

    Returns
    -------
    dict of str to memoryview
        In the order of the file. Their own bytes are for the manifest to know.

    Raises
    ------
    IntegrityError
        If a byte outside the members is another than `pack` writes: something before,
        between or behind them, compression, names that stand twice, comments.
    """
    members_found: list[_Member] = []
    view, offset = memoryview(data), 0
    members: dict[str, memoryview] = {}
    while offset + _LOCAL.size <= len(data):
        *_, crc, size, _, n_name, _ = _LOCAL.unpack_from(data, offset)
        start = offset + _LOCAL.size + n_name
        member = _Member(data[offset + _LOCAL.size : start], crc, size, offset)
        inside = start + size <= len(data) and member.name.isascii()
        if not inside or data[offset:start] != member.local():
            break
        members[member.name.decode()] = view[start : start + size]
        members_found.append(member)
        offset = start + size
    if len(members) != len(members_found) or data[offset:] != _directory(
        members_found, offset
    ):
        raise IntegrityError(
            f"{source} must be one that windu.save wrote, byte for byte. Got something "
            "else, a damaged one, or a part of one. Get a whole copy."
        )
    return members


def _directory(members: list[_Member], offset: int) -> bytes:
    central = b"".join(member.central() for member in members)
    counts = (0, 0, len(members), len(members))
    return central + _END.pack(b"PK\5\6", *counts, len(central), offset, 0)


#: Earlier protocols look at fewer names.
_MIN_PROTOCOL = 2
#: Nodes that skops visits, each as often as it is referred to.
_MAX_VISITS = 10_000_000
#: Whose functions may be values.
_PACKAGES = ("numpy", "scipy", "sklearn")
_FUNCTION = "FunctionNode"
#: What a function may be; numpy has a type of its own for most of its functions.
_FUNCTIONS = (FunctionType, BuiltinFunctionType, np.ufunc, type(np.mean))
#: These loaders build no class by its name.
_WITHOUT_CLASS = ("JsonNode", "CachedNode")
_BASES: dict[str, type | tuple[type, ...]] = {
    "DictNode": dict,
    "DefaultDictNode": dict,
    "ListNode": list,
    "SetNode": (set, frozenset),
    "TupleNode": tuple,
    "NdArrayNode": (np.ndarray, np.generic),
}


def tree_of(archive: bytes) -> dict[str, Any]:
    """Return the tree of nodes that a skops file describes, as plain data."""
    with ZipFile(BytesIO(archive)) as file:
        tree = json.loads(file.read("schema.json"))
    if not isinstance(tree, dict):
        raise ValueError("its tree is no object")
    return tree


def check_cost(tree: dict[str, Any], source: str) -> None:
    """Raise if skops would visit too many nodes, or the protocol is too old.

    Parameters
    ----------
    tree : dict
        As from `tree_of`.
    source : str
        What it is called in messages.

    Raises
    ------
    IntegrityError
        With the reason.
    """
    protocol = tree.get("protocol")
    if type(protocol) is not int or protocol < _MIN_PROTOCOL:
        raise IntegrityError(
            f"{source} must be of skops' protocol {_MIN_PROTOCOL} or later. Got "
            f"{protocol!r}. Save it again with a newer skops."
        )
    if _visits(tree) > _MAX_VISITS:
        raise IntegrityError(
            f"{source} must hold at most {_MAX_VISITS} parts, counted as often as they "
            "are referred to. Got more: it is damaged or was edited."
        )


def _visits(tree: dict[str, Any]) -> int:
    """Return how many nodes skops visits, each as often as it is referred to."""
    visits_of_node: dict[Any, int] = {}
    # Of each open node its number, what is left of its content, and its visits so far.
    stack: list[tuple[Any, Iterator[Any], list[int]]] = [(None, iter([tree]), [0])]
    while True:
        number, values, total = stack[-1]
        for value in values:
            if isinstance(value, list):
                stack.append((None, iter(value), [0]))
                break
            if isinstance(value, dict):
                inner = value.get("__id__")
                if not isinstance(inner, (int, str, float)):
                    inner = None
                if inner in visits_of_node:
                    total[0] += visits_of_node[inner]
                    continue
                if inner is not None:
                    # A node that leads back to itself is visited once.
                    visits_of_node[inner] = 1
                stack.append((inner, iter(value.values()), [1]))
                break
        else:
            stack.pop()
            if number is not None:
                visits_of_node[number] = total[0]
            if not stack:
                return total[0]
            stack[-1][2][0] += total[0]


def check_roles(tree: dict[str, Any], source: str) -> None:
    """Raise if skops would call a name that is not a class.

    Parameters
    ----------
    tree : dict
        As from `tree_of`; every name in it is trusted, so that it may be imported.
    source : str
        What it is called in messages.

    Raises
    ------
    IntegrityError
        With the name.
    """
    stack: list[Any] = [tree]
    seen: set[tuple[str, str, str]] = set()
    while stack:
        obj = stack.pop()
        if isinstance(obj, list):
            stack += obj
        elif isinstance(obj, dict):
            stack += obj.values()
            loader = obj.get("__loader__")
            if not isinstance(loader, str) or loader in _WITHOUT_CLASS:
                # A user's dict may have any keys; its values are nodes, never texts.
                continue
            role = (loader, str(obj.get("__module__")), str(obj.get("__class__")))
            if role in seen:
                continue
            seen.add(role)
            if not _fits(*role):
                raise IntegrityError(
                    f"{source} must use each name as what it is. Got "
                    f"'{role[1]}.{role[2]}' as a {loader}. It was edited; do not use "
                    "it."
                )


def _fits(loader: str, module: str, name: str) -> bool:
    if loader == _FUNCTION and module.partition(".")[0] not in _PACKAGES:
        # A user's function is stored as a reference, which windu binds.
        return False
    try:
        value = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError):
        return False
    if loader == _FUNCTION:
        return isinstance(value, _FUNCTIONS)
    return isinstance(value, type) and issubclass(value, _BASES.get(loader, object))
