"""Hostile and unlucky submissions, a table a class: what each hands in, and what it deserves."""
