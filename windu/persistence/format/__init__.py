"""The files of a run: manifest, container, artifacts, and readers by number."""
