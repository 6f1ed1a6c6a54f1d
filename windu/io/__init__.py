"""Reading and writing tables: one reader and one writer for each form."""
