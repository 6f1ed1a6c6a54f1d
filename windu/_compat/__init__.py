"""What other libraries give only privately or in several forms, in one place."""
