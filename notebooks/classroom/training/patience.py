"""A reader's rule may never end: a step that takes too long is stopped, and so is one on interrupt.

    with patience.watching() as watch:
        with watch.step():
            optimizer.step()     # raises TooLong where it is
        if watch.interrupted: ...

Signals reach the main thread of a process alone, and Windows has no alarm for a process's time: in
other threads nothing is watched, and on Windows nothing but the interrupt.
"""

import contextlib
import signal
import threading

LIMIT = 5  # seconds of the processor that a step may take
GRACE = 1  # seconds that a step may go on after an interrupt
TIMED = hasattr(signal, "setitimer")


class TooLong(BaseException):
    """Raised in a step that does not end. No Exception: rules that catch those are stopped, too."""


class Watch:
    """What happens to the steps; interrupted says whether somebody has asked for a pause."""

    def __init__(self):
        self.interrupted = self.inside = False

    @contextlib.contextmanager
    def step(self):
        """Raise TooLong in this block if it takes too long, or goes on after an interrupt."""
        if _in_main_thread():  # Jupyter puts its own in place around each cell
            signal.signal(signal.SIGINT, self.interrupt)
        self._alarm("ITIMER_PROF", LIMIT)
        self.inside = True
        try:
            yield
        finally:
            self.inside = False
            self._alarm("ITIMER_PROF", 0)
            self._alarm("ITIMER_REAL", 0)

    def interrupt(self, *_):
        """What an interrupt does: the step may be finished, but not take long."""
        self.interrupted = True
        if self.inside:
            self._alarm("ITIMER_REAL", GRACE)

    def too_long(self, *_):
        """What the end of a time limit does."""
        if self.inside:
            self.inside = False
            taken = "it went on after an interrupt" if self.interrupted else f"over {LIMIT} seconds"
            raise TooLong(f"{taken}. Is there a loop that never ends?")

    def _alarm(self, clock, seconds):
        if TIMED and _in_main_thread():
            signal.setitimer(getattr(signal, clock), seconds)


def _in_main_thread():
    return threading.current_thread() is threading.main_thread()


@contextlib.contextmanager
def watching():
    """A Watch that gets this process's interrupts and alarms."""
    watch, before = Watch(), {}
    if _in_main_thread():
        before = {signal.SIGINT: signal.signal(signal.SIGINT, watch.interrupt)}
        if TIMED:
            for name in (signal.SIGPROF, signal.SIGALRM):
                before[name] = signal.signal(name, watch.too_long)
    try:
        yield watch
    finally:
        for name, handler in before.items():
            signal.signal(name, handler or signal.SIG_DFL)
