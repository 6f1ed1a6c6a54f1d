"""Tables in and out: every form of a table has one reader and one writer."""
