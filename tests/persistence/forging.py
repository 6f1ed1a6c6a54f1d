"""What an attacker can do: any byte of a stored run, with a manifest that fits."""

import zipfile
from io import BytesIO

from windu.persistence.format.container import pack
from windu.persistence.format.manifest import MANIFEST, Manifest
from windu.persistence.format.runs import open_path


def artifacts_of(path):
    """Return the artifacts of a run without its manifest."""
    run = open_path(path)
    return {name: run.read(name) for name in run.manifest.artifacts}


def forged(path, changes, out=None, **stated):
    """Write a run with changed artifacts and a manifest made anew."""
    made = artifacts_of(path)
    for name, change in changes.items():
        made[name] = change(made[name]) if callable(change) else change
    made = dict(sorted(made.items()))
    versions = stated.get("versions", open_path(path).manifest.versions)
    made[MANIFEST] = Manifest.of(made, versions).to_bytes()
    out = out or path
    out.write_bytes(pack(made))
    return out


def members_of(archive):
    """Return the members of a skops file."""
    with zipfile.ZipFile(BytesIO(archive)) as file:
        return {name: file.read(name) for name in file.namelist()}


def archive_of(members):
    """Return a skops file with these members."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return buffer.getvalue()


def with_member(name, change):
    """Return a function that changes one member of a skops file."""

    def edit(archive):
        members = members_of(archive)
        members[name] = change(members[name])
        return archive_of(members)

    return edit
