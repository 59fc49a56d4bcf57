"""Grading: what was handed in is read, looked through, run with limits, and written as a table."""
