"""A store of runs on one or several targets, with names, versions and aliases."""

from windu.metastore.saving import StoredRun
from windu.metastore.store import Metastore

__all__ = ["Metastore", "StoredRun"]
