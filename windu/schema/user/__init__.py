"""A pandera schema of a user: read, checked quickly, and written as JSON."""
