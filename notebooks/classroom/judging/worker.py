"""The process that an answer runs in: it may loop for ever, end Python, or change what it finds."""

import sys
from concurrent.futures import TimeoutError as Timeout
from concurrent.futures.process import BrokenProcessPool

import cloudpickle
import numpy.ma  # noqa: F401 - NumPy loads it when it is first needed: no answer is to blame for that
from loky import ProcessPoolExecutor
from loky.process_executor import TerminatedWorkerError

from classroom.judging.failures import run_quietly
from classroom.judging.verdict import Verdict

PATIENCE = 8.0  # seconds that an answer may take
# What an answer works with: a worker in which one of these was changed is not used again.
SHARED = ("mytorch_core", "classroom.judging", "classroom.exercises", "builtins", "numpy")

_worker = None


def in_worker(function, *arguments):
    """What `run_quietly` gives in the worker process, or a verdict if it gives nothing."""
    global _worker
    untouched, started = False, _worker is not None
    _worker = _worker or ProcessPoolExecutor(max_workers=1, timeout=600)
    try:
        if not started:  # the time that a process takes to start is not the answer's
            _worker.submit(_fingerprint).result()
        load = _pickled(function, arguments)
        result, printed, untouched = _worker.submit(_run_pickled, load).result(timeout=PATIENCE)
        return result, printed
    except Timeout:
        text = f"Stopped after {PATIENCE:g} seconds. Is there a loop that never ends?"
        return Verdict(False, None, text)
    except (BrokenProcessPool, TerminatedWorkerError):
        text = "Your code ended the process that it ran in (exit, or memory?)."
        return Verdict(False, None, text)
    except Exception as error:
        return Verdict(False, None, f"Your code cannot be run: {type(error).__name__}: {error}")
    finally:
        if not untouched:  # the next answer gets a process of its own
            # Waits until it is dead: a loop that never ends would keep Python from ending.
            _worker.shutdown(wait=True, kill_workers=True)
            _worker = None


def _run_pickled(load):
    function, arguments = cloudpickle.loads(load)
    before = _fingerprint()
    result, printed = run_quietly(function, *arguments)
    return result, printed, before == _fingerprint()


def _fingerprint():
    """What the modules that an answer works with hold, by identity."""
    shared = [module for name, module in sorted(sys.modules.items()) if name.startswith(SHARED)]
    shared += [
        thing for module in shared for thing in vars(module).values() if isinstance(thing, type)
    ]
    return {(id(t), name): id(value) for t in shared for name, value in list(vars(t).items())}


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
