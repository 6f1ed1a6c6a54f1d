"""Where runs live: targets, names, versions, aliases, mirrors."""

from windu.metastore.saving import StoredRun
from windu.metastore.store import Metastore

__all__ = ["Metastore", "StoredRun"]
