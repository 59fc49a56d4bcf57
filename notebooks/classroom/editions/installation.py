"""Is everything in place that the course needs? `installation.report()` says so, and what to do."""

import html
import re
import sys
from importlib import metadata

from classroom import exercises
from classroom.training import mnist
from mytorch_core import optim

PYTHON = (3, 10)
SET_UP = "set the course up again, as README.md describes, and restart the kernel"


def report():
    """A table of what was looked at: in order, or what is amiss and what to do about it."""
    found = [_python(sys.version_info[:2])]
    try:
        found += [_package(requirement) for requirement in metadata.requires("mytorch") or ()]
    except metadata.PackageNotFoundError:
        found.append(("mytorch", "it is not installed", SET_UP))
    found += [_digits(), _worker()]
    return Report([row for row in found if row])


class Report:
    """Rows of (what, what is amiss or "", what to do about it)."""

    def __init__(self, rows):
        self.rows = rows

    @property
    def in_order(self):
        """Whether nothing is amiss."""
        return not any(amiss for _, amiss, _ in self.rows)

    def __repr__(self):
        lines = [f"{what:14} {_said(amiss, remedy)}" for what, amiss, remedy in self.rows]
        whole = "Everything is in order." if self.in_order else "Something is amiss: see above."
        return "\n".join([*lines, whole])

    def _repr_html_(self):
        rows = "".join(
            f"<tr><td>{html.escape(what)}</td><td>{html.escape(_said(amiss, remedy))}</td></tr>"
            for what, amiss, remedy in self.rows
        )
        return f"<table>{rows}</table>"


def _said(amiss, remedy):
    return f"{amiss}: {remedy}" if amiss else "in order"


def _python(version):
    amiss = "" if version >= PYTHON else f"this is {version[0]}.{version[1]}"
    return "Python", amiss, f"install {PYTHON[0]}.{PYTHON[1]} or newer, then {SET_UP}"


def _package(requirement):
    """The row of one requirement such as "numpy>=1.26"; None for what only the tests need."""
    if ";" in requirement:
        return None
    name, at_least = re.match(r"([\w-]+)\s*(?:>=([\d.]+))?", requirement).groups()
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return name, "it is missing", SET_UP
    old = at_least and _numbers(version) < _numbers(at_least)
    return name, f"version {version} is older than {at_least}" if old else "", SET_UP


def _numbers(version):
    return [int(part) for part in re.findall(r"\d+", version)[:3]]


def _digits():
    try:
        mnist.load()
    except (OSError, ValueError) as error:
        return "the digits", str(error), "restore data/mnist from the repository"
    return "the digits", "", ""


def _worker():
    """Checks run in a process of their own; some systems do not let programs start one."""
    verdict = exercises.find("sgd").verdict_on(optim.SGD)
    amiss = "" if verdict.passed else verdict.message
    return "checks", amiss, "allow Python to start processes, or restart the kernel"
