"""Submissions are run, and judged where none has run.

For each exercise the submission's cells run in a process of its own, which gives back the answer as
bytes. Another process, one for each notebook, makes the answer from them and has it judged, as
`check` does: in turn, the judge lets the answer itself run in a third process. So whatever a cell
does to the course, to NumPy or to the checks is gone when the answer is judged.
"""

import ast
import contextlib
import functools
import json
import linecache
import multiprocessing.connection
import os
import pickle
import shutil
import signal
import sys
import tempfile
import threading
import types
from dataclasses import dataclass

import cloudpickle

from classroom import exercises
from classroom.grading import confined, suspicion
from classroom.judging import verdict as verdicts
from classroom.judging import worker, workshop
from classroom.judging.failures import one_line, run_quietly
from mytorch_core import optim

LARGEST = 32 * 2**20  # bytes of an answer
JUDGING = 150.0  # seconds of the clock for one answer to be judged, at most


@dataclass(frozen=True)
class Limits:
    """What a submission may take: seconds of the processor and bytes of memory, for the cells of an
    exercise and again for its answer; and seconds of the clock for the cells."""

    seconds: float = worker.PATIENCE
    memory: int = verdicts.MEMORY
    clock: float = 90.0


@functools.cache
def _context():
    """Processes are copies of one that has imported everything, where that is safe."""
    if not workshop.COPIES:
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["classroom.grading.ready"])
    return context


def mark(submission, limits=None):
    """A verdict as a dictionary for each part of a submission, in their order; what the cells
    changed on their way is added to the part's remarks."""
    limits = limits or Limits()
    parts = submission.parts
    found = [p.status and _said(p.task, p.status, p.message, p.slug) for p in parts]
    answers = []
    with tempfile.TemporaryDirectory(prefix="mytorch-grading-") as folder:
        for i, part in enumerate(parts):
            if not found[i]:
                answer, found[i] = _answer_of(part, submission.chapter.setup, folder, limits)
                answers += [(i, part.task, answer, part.cells)] if answer else []
        for i, said in _judged(answers, folder, limits):
            found[i] = said
    lost = "The answer could not be judged."
    return [f or _said(p.task, "error", lost) for f, p in zip(found, parts, strict=True)]


def _said(task, status, message, slug=None):
    verdict = verdicts.Verdict(False, slug or None, message, task.exercise, status)
    return verdict.as_dict()


# ------------------------------------------------------------------ a process of its own


def _messages(function, *arguments, folder, clock):
    """What a function sends, until it has ended or the clock says so; then (True,) or (False,)
    whether it was in time, with its exit code."""
    place = tempfile.mkdtemp(dir=folder)
    receiver, sender = _context().Pipe(duplex=False)
    process = _context().Process(target=function, args=(sender, place, *arguments), daemon=True)
    process.start()
    sender.close()
    late = threading.Event()

    def end(because_late=True):
        if because_late:
            late.set()
        with contextlib.suppress(ProcessLookupError, PermissionError, AttributeError):
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()

    timer = threading.Timer(clock, end)
    timer.start()
    try:
        while True:
            try:
                # One that has ended may have left a process that keeps the pipe open.
                ready = multiprocessing.connection.wait([receiver, process.sentinel])
                if receiver not in ready and not receiver.poll():
                    break
                yield receiver.recv_bytes(LARGEST)
            except (EOFError, OSError):
                break
    finally:
        timer.cancel()
        receiver.close()
        process.join(1)
        code = process.exitcode
        end(because_late=False)
        process.join()
        shutil.rmtree(place, ignore_errors=True)
    yield late.is_set(), code


def _alone(folder):
    """Begin a process of a submission: nothing of the terminal, and a group of its own."""
    if hasattr(os, "setsid"):
        os.setsid()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for fd in range(3):
        os.dup2(nowhere, fd)
    tempfile.tempdir = folder


# ------------------------------------------------------------------ cells are run


def _answer_of(part, setup, folder, limits):
    """(the answer as bytes, None), or (None, what is said instead)."""
    arguments = (setup, part.cells, part.answer, limits)
    *messages, (late, code) = _messages(_run_cells, *arguments, folder=folder, clock=limits.clock)
    head = _head(messages)
    if head.get("changed"):
        part.remarks["course-changed"] = ", ".join(head["changed"])
    if head.get("ready") and len(messages) == 2:
        return messages[1], None
    if head.get("error"):
        return None, _said(part.task, head["status"], head["error"], head.get("slug"))
    if late:
        text = f"it did not end in {limits.clock:g} seconds. Does it wait for something?"
    elif code in worker.NO_TIME:
        text = f"it takes more than {limits.seconds:g} seconds. Is there a loop that never ends?"
    elif code == workshop.OUT_OF_MEMORY:
        text = TOO_MUCH.format(limits.memory / 2**30)
    else:
        text = "it ended the process that it ran in (exit, or memory?)."
    return None, _said(part.task, "stopped", f"The cell was stopped: {text}")


def _head(messages):
    """What a process of a submission says of itself: it may say anything."""
    try:
        head = json.loads(messages[0])
    except (IndexError, ValueError):
        return {}
    if not isinstance(head, dict):
        return {}
    wanted = {"ready": bool, "error": str, "slug": str, "status": str, "changed": list}
    head = {k: v for k, v in head.items() if isinstance(v, wanted.get(k, ()))}
    if head.get("error") and head.get("status") not in ("error", "stopped"):
        return {}
    head["changed"] = [str(name)[:80] for name in head.get("changed", [])[:5]]
    return head


def _run_cells(sender, folder, setup, cells, answer, limits):
    """In a process of its own: run the cells, and send the answer."""
    _alone(folder)
    _without_checks()
    space = {"__name__": "__main__", "display": _nothing, "get_ipython": _Anything}
    run_quietly(exec, compile(setup, "set-up", "exec"), space)
    before = suspicion.meanings()
    confined.confine(folder)
    workshop.limit(limits.seconds, limits.memory)
    head, payload = {"ready": True}, b""
    try:
        for label, source in cells:
            run_quietly(exec, compile(source, f"<{label}>", "exec"), space)
        payload = cloudpickle.dumps((space[answer],)) if answer in space else b""
        if not payload:
            text = f"The cell leaves no {answer}."
            head = {"status": "error", "slug": "answer-missing", "error": text}
    except MemoryError:
        text = "The cell was stopped: " + TOO_MUCH.format(limits.memory / 2**30)
        head = {"status": "stopped", "error": text}
    except BaseException as error:
        text = f"The cell stops with an error, {one_line(error)}"
        head = {"status": "error", "slug": "cell-stops", "error": text}
    head["changed"] = suspicion.changed(before)
    sender.send_bytes(json.dumps(head).encode())
    if payload:
        sender.send_bytes(payload)
    os._exit(0)


TOO_MUCH = "it wants more than {:g} GB of memory."


def _nothing(*_, **__):
    return None


class _Anything:
    """IPython, for lines such as %matplotlib inline: it takes everything and does nothing."""

    def __getattr__(self, name):
        return _nothing


def _without_checks():
    """The checks do nothing: the answer is judged elsewhere."""
    checks = types.ModuleType("classroom.checks")
    checks.check = lambda exercise, answer: verdicts.Verdict(True, None, "", exercise)
    checks.progress, checks.results = _nothing, {}
    sys.modules[checks.__name__] = checks


# ------------------------------------------------------------------ answers are judged


def _judged(answers, folder, limits):
    """(number of the part, verdict) for each answer that could be judged."""
    if answers:
        clock = JUDGING * len(answers)
        *messages, _ = _messages(_judge, answers, limits, folder=folder, clock=clock)
        yield from map(json.loads, messages)


def _judge(sender, folder, answers, limits):
    """In a process in which no cell has run: judge the answers of a notebook."""
    _alone(folder)
    confined.confine(folder)
    worker.PATIENCE, verdicts.MEMORY = limits.seconds, limits.memory
    for i, task, payload, cells in answers:
        for label, source in cells:
            lines = source.splitlines(keepends=True)
            linecache.cache[f"<{label}>"] = (len(source), None, lines, f"<{label}>")
        said = _verdict(task, payload).as_dict() | {"exercise": task.exercise}
        sender.send_bytes(json.dumps((i, said)).encode())


def _verdict(task, payload):
    exercise = exercises.find(task.exercise)
    try:
        (answer,) = pickle.loads(payload)
    except Exception as error:
        return verdicts.unfit(f"The answer cannot be judged: {type(error).__name__}.")
    verdict = exercise.verdict_on(answer)
    given = _built_on(task.stub)
    if verdict.passed and suspicion.leans_on_the_course(answer, exercise.right, given):
        return verdicts.Verdict(False, "shipped", SHIPPED.format(task.exercise))
    return verdict


SHIPPED = "It lets the course's own code do the work: {!r} asks for it in one's own words."


def _built_on(stub):
    """The rules of the course that a stub builds on."""
    classes = [node for node in ast.parse(stub).body if isinstance(node, ast.ClassDef)]
    names = [ast.unparse(base).removeprefix("optim.") for node in classes for base in node.bases]
    return [getattr(optim, name) for name in names]
