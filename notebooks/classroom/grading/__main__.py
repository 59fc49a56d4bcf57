"""Grade a folder of submissions: `python -m classroom.grading FOLDER --csv grades.csv`.

FOLDER holds a folder for each student, or a file. A line for each student and exercise goes to the
table, a summary to the screen, and what is being done to stderr. Submissions are only read, and
run in processes with limits; still, run them where there is nothing to be lost: in an account or a
container of their own.
"""

import argparse
import csv
import os
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from classroom.grading import confined, marking, submissions
from classroom.grading.suspicion import REMARKS
from classroom.judging.worker import ONE_THREAD

COLUMNS = (
    *("student", "file", "chapter", "exercise", "status"),
    *("passed", "slug", "remarks", "message"),
)
STATUSES = ("right", "variant", "wrong", "error", "stopped", "untouched", "missing")


def grade(folder, names=(), limits=None, jobs=None, say=lambda text: None):
    """The rows of the table, dictionaries with COLUMNS, for all submissions of a folder.

    names  of the chapters to be graded, like "02_sgd"; all, if none is given
    jobs   how many notebooks at once; as many as there are cores, if none is given
    say    is called with a line of text for each notebook that is done

    Raises FileNotFoundError if there is no notebook, ValueError for a chapter that is not there.
    """
    course = submissions.chapters()
    unknown = set(names) - {chapter.name for chapter in course}
    if unknown:
        there = ", ".join(chapter.name for chapter in course)
        raise ValueError(f"there is no chapter {', '.join(sorted(unknown))}; there are {there}")
    found = submissions.found_in(Path(folder), course)
    found = [s for s in found if not (names and s.chapter and s.chapter.name not in names)]
    if not found:
        raise FileNotFoundError(f"no notebook to be graded in {folder}")
    rows = {}
    with ThreadPoolExecutor(jobs or os.cpu_count()) as pool:
        waiting = {pool.submit(_rows, s, Path(folder), limits): s for s in found}
        for done, future in enumerate(as_completed(waiting), 1):
            submission = waiting[future]
            rows[submission.path], took = future.result()
            said = ", ".join(_short(row) for row in rows[submission.path])
            say(f"{done}/{len(found)} {submission.path.relative_to(folder)}: {said} ({took:.1f} s)")
    return [row for s in found for row in rows[s.path]]


def _rows(submission, folder, limits):
    """The rows of one notebook, and how long they took."""
    begun = time.monotonic()
    same = {"student": submission.student, "file": str(submission.path.relative_to(folder))}
    if submission.unreadable:
        empty = dict.fromkeys(COLUMNS, "")
        said = {"status": "error", "slug": "unreadable", "message": submission.unreadable}
        return [empty | same | said | {"passed": False}], 0.0
    same["chapter"] = submission.chapter.name
    rows = []
    for part, said in zip(submission.parts, marking.mark(submission, limits), strict=True):
        remarks = submission.remarks | part.remarks
        if part.says and not said["passed"]:
            remarks["output-differs"] = said["status"]
        texts = [f"{slug} ({remarks[slug]})" for slug in REMARKS if slug in remarks]
        row = same | said | {"slug": said["slug"] or "", "remarks": "; ".join(texts)}
        rows.append({column: row[column] for column in COLUMNS})
    return rows, time.monotonic() - begun


def _short(row):
    return f"{row['status']} {row['slug']}".rstrip() + (" !" if row["remarks"] else "")


def summary(rows):
    """The rows in short, as text: counts for each exercise, the usual mistakes, and the remarks."""
    lines = []
    exercises = list(dict.fromkeys((row["chapter"], row["exercise"]) for row in rows))
    width = max(len(" ".join(exercise)) for exercise in exercises) + 2
    lines.append(" " * width + "".join(f"{status:>10}" for status in STATUSES))
    for exercise in sorted(exercises):
        these = [row for row in rows if (row["chapter"], row["exercise"]) == exercise]
        counts = Counter(row["status"] for row in these)
        name = " ".join(exercise).strip() or "not read"
        lines.append(f"{name:{width}}" + "".join(f"{counts[status]:10}" for status in STATUSES))
        slugs = Counter(row["slug"] for row in these if row["slug"] and row["slug"] != "unreadable")
        if slugs:
            usual = ", ".join(f"{slug} {count}" for slug, count in slugs.most_common(5))
            lines.append(f"{'':{width}}    {usual}")
    told = sorted({(row["student"], row["file"], slug) for row in rows for slug in _slugs(row)})
    if told:
        lines += ["", "To be looked at:"]
        lines += [f"  {file}: {slug}, {REMARKS[slug]}" for _, file, slug in told]
    unread = [row for row in rows if row["slug"] == "unreadable"]
    lines += [f"  {row['file']}: {row['message']}" for row in unread]
    return "\n".join(lines)


def _slugs(row):
    return [slug for slug in REMARKS if slug in row["remarks"]]


def write(rows, path):
    """Write the table as a CSV file that spreadsheets read."""
    with open(path, "w", newline="", encoding="utf-8-sig") as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        table.writerows({key: _text(value) for key, value in row.items()} for row in rows)


def _text(value):
    """A value that no spreadsheet takes for a formula."""
    value = str(value)
    return f"'{value}" if value[:1] in ("=", "+", "-", "@") else value


UNCONFINED = (
    "This system has no Landlock: submissions are kept neither from files nor from the network."
)


def _say(text):
    print(text, file=sys.stderr, flush=True)


def main(arguments=None):
    """The command: 0 when everything was graded, else what is amiss."""
    parser = argparse.ArgumentParser(
        prog="python -m classroom.grading", description="Grade a folder of submitted notebooks."
    )
    add, limit = parser.add_argument, marking.Limits()
    add("folder", metavar="FOLDER", type=Path, help="in it a folder for each student, or a file")
    add("--csv", metavar="FILE", type=Path, help="where the table is written to")
    add("--chapter", metavar="NAME", action="append", default=[], help="only this, like 02_sgd")
    add("--jobs", metavar="N", type=int, help="notebooks at once; by default one for each core")
    text = "of the processor that an answer may take (%(default)g)"
    add("--seconds", metavar="S", type=float, default=limit.seconds, help=f"seconds {text}")
    text = "of memory that an answer may take (%(default)g)"
    add("--memory", metavar="GB", type=float, default=limit.memory / 2**30, help=f"GB {text}")
    options = parser.parse_args(arguments)
    os.environ |= ONE_THREAD | {"MPLBACKEND": "agg"}
    if not confined.version():
        _say(UNCONFINED)
    limits = marking.Limits(options.seconds, int(options.memory * 2**30))
    try:
        rows = grade(options.folder, options.chapter, limits, options.jobs, _say)
        if options.csv:
            write(rows, options.csv)
    except (OSError, ValueError) as error:
        return str(error)
    print(summary(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
