"""Private names of other libraries, and code for their versions."""
