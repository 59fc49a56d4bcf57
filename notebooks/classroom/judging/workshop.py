"""The process in which answers run, each in a copy of its own that ends with it.

Whatever an answer does to what it finds (modules, arrays, signals, threads, limits) is gone with
its copy: the workshop itself never runs one. Where a process cannot be copied safely, an answer
gets the workshop as it is, and the next answer another workshop.
"""

import gc
import importlib
import math
import os
import pickle
import select
import struct
import sys
import tempfile
import threading
import time

import cloudpickle
import numpy.ma  # noqa: F401 - NumPy loads it when it is first needed: that is late for a copy

from classroom.judging.failures import Printed, run_quietly

try:
    import resource
except ImportError:  # Windows
    resource = None

# On macOS what NumPy computes with may hang in a copy.
COPIES = hasattr(os, "fork") and sys.platform != "darwin"
OUT_OF_TIME, OUT_OF_MEMORY = 91, 92  # exit codes of a process that stops itself
LENGTH = struct.Struct("<Q")
serving = False  # whether this process is a workshop


def send(stream, thing):
    """Write one message."""
    text = pickle.dumps(thing)
    stream.write(LENGTH.pack(len(text)) + text)
    stream.flush()


def receive(stream):
    """The next message, or None if there will be none."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    text = stream.read(LENGTH.unpack(head)[0])
    return pickle.loads(text) if len(text) == LENGTH.unpack(head)[0] else None


def serve():
    """Run one task after the other, until nobody is left who could give any."""
    global serving
    serving = True
    tasks, reports = (os.fdopen(os.dup(fd), mode) for fd, mode in ((0, "rb"), (1, "wb")))
    nowhere = os.open(os.devnull, os.O_RDWR)
    for fd in range(3):
        os.dup2(nowhere, fd)
    gc.freeze()  # what is here stays: a copy need not look through it
    while task := receive(tasks):
        modules, copies, load, seconds, memory = task
        for name in modules:
            importlib.import_module(name)
        if not copies:
            _run_here(load, seconds, memory, reports)
            return
        send(reports, _run_in_a_copy(load, seconds, memory, tasks, reports))


# ------------------------------------------------------------------ a copy for each answer


def _run_in_a_copy(load, seconds, memory, tasks, reports):
    """(exit code, seconds of the processor, what the task left, what it printed)."""
    alive, life = os.pipe()  # is closed when the copy ends
    with tempfile.TemporaryFile() as left, tempfile.TemporaryFile() as printed:
        pid = os.fork()
        if pid == 0:
            try:
                for fd in (tasks.fileno(), reports.fileno(), alive):
                    os.close(fd)
                limit(seconds, memory)
                run(load, left, Printed(printed))
                os._exit(0)
            finally:
                os._exit(1)
        os.close(life)
        send(reports, pid)
        # Else only the end of the whole session wakes this up: nobody is left to be told.
        if tasks in select.select([alive, tasks], [], [])[0]:
            os.kill(pid, 9)
        _, status, used = os.wait4(pid, 0)
        os.close(alive)
        left.seek(0)
        printed.seek(0)
        text = printed.read().decode(errors="replace")
        code = os.waitstatus_to_exitcode(status)
        return code, used.ru_utime + used.ru_stime, left.read(), text


def _run_here(load, seconds, memory, reports):
    with tempfile.TemporaryFile() as left:
        limit(seconds, memory)
        send(reports, os.getpid())
        printed = Printed()
        run(load, left, printed)
        left.seek(0)
        send(reports, (0, time.process_time(), left.read(), printed.getvalue()))


def run(load, left, printed):
    """Run a task. It leaves b"?" and what keeps it from being run; or b"!" when it begins, and its
    result after that, or b"m" if there is not enough memory."""
    try:
        function, arguments = cloudpickle.loads(load)
    except Exception as error:
        _write(left, b"?" + f"{type(error).__name__}: {error}"[:500].encode())
        return
    _write(left, b"!")
    try:
        result, _ = run_quietly(function, *arguments, printed=printed)
        text = pickle.dumps(result)
    except MemoryError:
        _write(left, b"m")
        return
    _write(left, text)


def _write(left, text):
    left.write(text)
    left.flush()


# ------------------------------------------------------------------ limits


def limit(seconds, memory):
    """End this process after so many seconds of the processor from now on, and give it no more
    than so many bytes of memory beyond those that it has."""
    bounded = False
    if resource:
        lower(resource.RLIMIT_CORE, 0)
        lower(resource.RLIMIT_CPU, math.ceil(time.process_time() + seconds), more=1)
        if os.path.exists("/proc/self/statm"):
            with open("/proc/self/statm", encoding="ascii") as file:
                pages = int(file.read().split()[0])
            lower(resource.RLIMIT_AS, pages * resource.getpagesize() + memory)
            bounded = True
    if not bounded:
        limits = (time.process_time() + seconds, _memory() + memory)
        threading.Thread(target=_watch, args=limits, daemon=True).start()


def lower(kind, value, more=0):
    """Set a limit of the system, unless there is a lower one; `more` later it cannot be escaped."""
    _, hard = resource.getrlimit(kind)
    if hard == resource.RLIM_INFINITY or hard > value + more:
        resource.setrlimit(kind, (value, value + more))


def _watch(until, memory):
    """For systems whose limits are not to be relied on. What holds Python up holds this up, too."""
    while True:
        time.sleep(0.1)
        if time.process_time() > until:
            os._exit(OUT_OF_TIME)
        if _memory() > memory:
            os._exit(OUT_OF_MEMORY)


def _memory():
    """The most bytes that this process has had so far; 0 where this is not known."""
    if resource is None:
        return 0
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size if sys.platform == "darwin" else 1024 * size
