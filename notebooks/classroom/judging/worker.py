"""An answer may loop for ever, wait for ever, end Python, or change what it finds: it runs in a
process of its own (`workshop.py`), and what it leaves there is judged here.

What counts is the answer's own time on the processor, so that a busy machine blames nobody. What
has nothing to do with the answer (an interrupt, a process that somebody else has ended) is tried
again.
"""

import atexit
import contextlib
import dataclasses
import io
import itertools
import os
import pickle
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from sys import path as import_path

import cloudpickle

from classroom.judging import verdict, workshop
from classroom.judging.verdict import Verdict, too_much_memory, unfit

PATIENCE = 8.0  # seconds of the processor that an answer may take
ASLEEP = 15.0  # seconds that it may wait for something: sleep, a lock, an input
WALL = 60.0  # seconds of the clock; then either it waits or the machine is busy
START = 300.0  # seconds of the clock until a process has to be there
TRIES = 3  # of what is not to be blamed on the answer
TICK = 0.25
# More threads of its linear algebra than one only make the starts slower.
ONE_THREAD = dict.fromkeys((f"{name}_NUM_THREADS" for name in ("OPENBLAS", "OMP", "MKL")), "1") | {
    "VECLIB_MAXIMUM_THREADS": "1"
}
FROM_OUTSIDE = {-getattr(signal, f"SIG{n}", 0) for n in ("KILL", "TERM", "INT", "HUP")}
NO_TIME = {-getattr(signal, "SIGXCPU", 0), workshop.OUT_OF_TIME} - {0}

_lock = threading.RLock()  # one answer at a time
_worker = None


class Again(Exception):  # noqa: N818 - no error of anybody's
    """Something that is not to be blamed on the answer: what to say if it happens in every try."""

    def __init__(self, text, tries=TRIES):
        super().__init__(text)
        self.tries = tries


def in_worker(function, *arguments):
    """(result, what was printed) of `function(*arguments)` in a process of its own, or a verdict if
    there is no result. The result is made of lists, dictionaries, strings, numbers, arrays, and
    classes of the judging room.
    """
    try:
        load = _pickled(function, arguments)
    except Exception as error:
        return _cannot_be_run(f"{type(error).__name__}: {error}")
    with _lock:
        for attempt in itertools.count(1):
            try:
                return _once(load)
            except Again as reason:
                if attempt >= reason.tries:
                    return Verdict(False, None, str(reason), status="stopped")
                if str(reason) == BUSY:
                    print("The machine is busy: your code is run again.")


def warm():
    """Start the process, if there is none, so that the first answer need not wait for it."""
    global _worker
    if workshop.serving:  # an answer that imports the checks: it is in one
        return
    if _worker is not None and _worker.process.poll() is not None:
        _end()  # it has died: its pipes are to be closed
    if _worker is None:
        _worker = Worker()


class Worker:
    """A workshop, as it is seen from outside."""

    def __init__(self):
        ours = [str(Path(workshop.__file__).parents[2]), *map(os.path.abspath, import_path)]
        # Not in the process group of the notebook's kernel: an interrupt of a cell is not for it.
        apart = {"start_new_session": True}
        if sys.platform == "win32":
            apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
        self.process = subprocess.Popen(
            [sys.executable, "-c", f"from {workshop.__name__} import serve; serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            env=os.environ | ONE_THREAD | {"PYTHONPATH": os.pathsep.join(dict.fromkeys(ours))},
            **apart,
        )
        self.heard = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        message = True
        while message is not None:
            try:
                message = workshop.receive(self.process.stdout)
            except (OSError, ValueError):  # closed
                message = None
            self.heard.put(message)

    def ask(self, load):
        """Give it a task. OSError if it is there no more."""
        rooms = ("classroom.judging", "classroom.exercises", "mytorch_core")
        modules = [name for name in list(sys.modules) if name.startswith(rooms)]
        task = (modules, workshop.COPIES, load, PATIENCE, verdict.MEMORY)
        workshop.send(self.process.stdin, task)

    def end(self):
        """End it, and what runs in it, and wait until they have."""
        if hasattr(os, "killpg"):
            try:
                os.killpg(self.process.pid, signal.SIGKILL)  # its session, and nobody else's
            except (ProcessLookupError, PermissionError):
                self.process.kill()
        else:
            self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.errors):
            with contextlib.suppress(OSError):  # what was still to be written
                stream.close()

    def why(self):
        """The last line that it left, if it could not be started."""
        self.errors.seek(0)
        lines = self.errors.read().decode(errors="replace").split("\n")
        return next((line for line in reversed(lines) if line.strip()), "its process has ended")


def _once(load):
    """What one try gives; Again if it says nothing of the answer."""
    keep = False
    try:
        warm()
        outcome = _watched(_worker, load)
        keep = workshop.COPIES and not isinstance(outcome, Verdict)
        return outcome
    finally:
        if not keep:
            _end()
            warm()


def _end():
    global _worker
    if _worker is not None:
        _worker.end()
        _worker = None


def _forget():
    global _worker, _lock
    _worker, _lock = None, threading.RLock()


atexit.register(_end)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)  # a copy of the kernel starts its own


# ------------------------------------------------------------------ one answer

BUSY = "The machine is busy: your code hardly had its turn. Check it again when less is running."


def _watched(worker, load):
    """(result, what was printed), or a verdict."""
    try:
        worker.ask(load)
        pid = worker.heard.get(timeout=START)
    except (OSError, ValueError, queue.Empty):  # it is gone, its door is closed, it is late
        pid = None
    if pid is None:
        raise Again(f"Your code could not be run, which is not its fault: {worker.why()}.")
    report, waits = _report(worker, pid)
    if report is None:  # the process itself has ended
        report = (worker.process.wait(), 0.0, b"!", "")
    code, used, left, printed = report
    if code == 0 and left[:1] == b"!" and left[1:] not in (b"", b"m"):
        return _judged(left[1:], printed)
    return _stopped(code, used, left, waits).with_prints(printed)


def _report(worker, pid):
    """(what is told of an answer that has ended; whether it had to be ended because it waits)."""
    begin = last = time.monotonic()
    asleep = 0.0
    while asleep < ASLEEP:
        try:
            return worker.heard.get(timeout=TICK), False
        except queue.Empty:
            now = time.monotonic()
            sleeping = _sleeps(pid)
            asleep += (now - last) * bool(sleeping)
            last = now
        if now - begin > WALL:
            if sleeping is None:
                raise Again(f"Stopped after {WALL:g} seconds. {WAITS} Or the machine is busy.", 2)
            raise Again(BUSY)
    os.kill(pid, signal.SIGKILL)
    return worker.heard.get(), True


def _sleeps(pid):
    """Whether all threads of a process wait for something other than the processor or a disk; None
    if that is not known here."""
    try:
        states = [
            (task / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
            for task in Path(f"/proc/{pid}/task").iterdir()
        ]
    except OSError:  # no such folder on this system; or it has just ended
        return False if Path("/proc/self/task").exists() else None
    return set(states) == {"S"}


WAITS = "Does it wait for something (sleep, a lock)?"


def _stopped(code, used, left, waits):
    """The verdict on an answer that has no result, from the exit code of its process."""
    if left[:1] == b"?":
        return _cannot_be_run(left[1:].decode())
    if left[1:] == b"m" or code == workshop.OUT_OF_MEMORY:
        return too_much_memory()
    if waits:
        text = f"Stopped after {ASLEEP:g} seconds in which it did nothing. {WAITS}"
    elif code in NO_TIME or used >= PATIENCE:
        text = f"Stopped after {PATIENCE:g} seconds. Is there a loop that never ends?"
    else:
        text = "Your code ended the process that it ran in (exit, or memory?)."
        if code in FROM_OUTSIDE or not left:
            raise Again(text)
    return Verdict(False, None, text, status="stopped")


def _cannot_be_run(why):
    return unfit(f"Your code cannot be run: {why}")


ARRAYS = ("_reconstruct", "_frombuffer", "scalar", "ndarray", "dtype")  # what they are made with


class _Plain(pickle.Unpickler):
    """Reads what an answer's process left, without running anything of the answer's."""

    def find_class(self, module, name):
        """A class by its name, if it is one of those that a result is made of."""
        room = module.split(".")[0]
        found = super().find_class(module, name) if room in ("numpy", "classroom") else None
        if room == "numpy" and name in ARRAYS:
            return found
        if isinstance(found, type) and dataclasses.is_dataclass(found):
            return found
        raise pickle.UnpicklingError(f"{module}.{name} is no part of a result")


def _judged(text, printed):
    try:
        return _Plain(io.BytesIO(text)).load(), printed
    except Exception:
        return tampered()


def tampered():
    """The verdict on an answer that leaves something else than what was to be seen of it."""
    return unfit("Your code changes what it is watched with: nothing can be said of it.")


def _pickled(function, arguments):
    """The task as bytes, with the code of modules that the worker may not be able to import."""
    names = {getattr(part, "__module__", None) for part in arguments}
    ours = {"classroom", "mytorch_core", "__main__", "builtins", "numpy"}
    modules = [sys.modules[n] for n in names if n in sys.modules and n.split(".")[0] not in ours]
    for module in modules:
        cloudpickle.register_pickle_by_value(module)
    try:
        return cloudpickle.dumps((function, arguments))
    finally:
        for module in modules:
            cloudpickle.unregister_pickle_by_value(module)
