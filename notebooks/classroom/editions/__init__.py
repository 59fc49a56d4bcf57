"""Editions: the notebooks re-executed, the student edition, and the check of an installation."""
