"""Whatever an answer does and whatever happens to the machine: right is right, and the next answer
finds everything as it was."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest

from classroom import exercises
from classroom.checks import check, progress
from classroom.exercises import adagrad, softmax
from classroom.judging import verdict, worker, workshop
from classroom.judging.comparing import expected
from mytorch_core import optim

posix = pytest.mark.skipif(os.name != "posix", reason="signals and limits of POSIX")
ALONE = {"np": np, "optim": optim, "__name__": "__main__"}


def sgd(body, before=""):
    """SGD as a reader has typed it into a cell; `body` stands before its line."""
    source = (
        f"import builtins, gc, locale, os, signal, sys, threading, time, warnings\n{before}\n"
        "class Mine(optim.Optimizer):\n"
        "    def __init__(self, parameters, lr=0.1):\n"
        "        super().__init__(parameters, lr=lr)\n"
        "    def update(self, w, g):\n"
        f"{textwrap.indent(textwrap.dedent(body), ' ' * 8)}\n"
        "        w -= self.lr * g\n"
    )
    space = dict(ALONE)
    exec(compile(source, "cell", "exec"), space)
    return space["Mine"]


def others_are_right():
    return check("sgd", optim.SGD).passed and check("softmax", softmax.EXERCISE.right).passed


# ---------------------------------------------------------------- what an answer changes

PATCHES = (
    "from classroom.judging import probes\nprobes.MIXED[0][0] = 7.0",
    "from classroom.judging import probes\nprobes.watch = probes.watch_calls = None",
    "from classroom.judging import probes\nprobes.Seen.__init__ = lambda *_: None",
    "from classroom.exercises import softmax\nsoftmax.softmax = None",
    "np.sqrt = np.exp = None",
    "np.array = lambda *_: 3",
    "builtins.len = None",
    "optim.Optimizer.step = lambda self: None",
    "sys.modules.clear()",
    "sys.setrecursionlimit(80)",
    "sys.stdout = sys.stderr = None",
    "signal.setitimer(signal.ITIMER_REAL, 0.001)\ntime.sleep(0.1)",
    "signal.signal(signal.SIGALRM, lambda *_: 1 / 0)\nsignal.alarm(1)",
    "signal.signal(signal.SIGXCPU, signal.SIG_IGN)",
    "threading.Timer(0.02, lambda: setattr(np, 'exp', np.sin)).start()",
    "threading.Thread(target=time.sleep, args=(1000,)).start()",
    "np.seterr(all='raise')",
    "np.random.seed = None",
    "os.chdir('/')",
    "os.environ.clear()",
    "os.closerange(0, 1000)",
    "warnings.simplefilter('error')",
    "gc.disable()",
    "gc.collect = None",
    "locale.setlocale(locale.LC_ALL, 'C')",
    "sys.exit()",
    "sys.settrace(lambda *_: 1 / 0)",
    "os.kill(os.getppid(), signal.SIGKILL)",
)


@posix
@pytest.mark.parametrize("body", PATCHES, ids=lambda body: body.split("\n")[-1][:40])
def test_what_an_answer_changes_is_gone_with_it(body):
    found = check("sgd", sgd(body))
    assert found.status in ("right", "wrong", "error", "stopped")
    assert others_are_right()


def test_what_is_no_result_is_no_verdict():
    fakes = "from classroom.judging import failures\nfailures.traceback = None\n"
    for result in ("{}", "{'signs': 3}", "subprocess.Popen", "[np.ones]", "lambda: 3"):
        body = (
            f"import pickle, subprocess\n{fakes}"
            f"given = {result}\n"
            "whole = pickle.dumps(given) if result_is_plain(given) else b'no pickle'\n"
            "workshop = sys.modules['classroom.judging.workshop']\n"
            "workshop.pickle = type('', (), {'dumps': staticmethod(lambda _: whole)})\n"
        )
        before = "result_is_plain = lambda given: getattr(given, '__name__', '') != '<lambda>'"
        found = check("sgd", sgd(body, before))
        assert (found.passed, found.status) == (False, "error"), found.message
        assert "changes what it is watched with" in found.message
    assert others_are_right()


def test_probes_and_expected_values_are_read_only():
    rule = adagrad.EXERCISE
    for probe in rule.experiments:
        arrays = [g for row in probe.gradients for g in row if g is not None]
        assert not any(np.asarray(g).flags.writeable for g in arrays), probe.name
    step = expected(rule, (), "signs").steps[0][0]
    with pytest.raises(ValueError, match="read-only"):
        step[...] = 0


def test_results_and_exceptions_of_the_readers_own_making_are_plain():
    evil = "class Evil(Exception):\n    def __str__(self):\n        raise Evil\n"
    assert "cannot be shown: Evil" in check("sgd", sgd("raise Evil", evil)).message
    words = "class Words(str):\n    __slots__ = ()\n    def __str__(self):\n        return self\n"
    assert "ValueError: no" in check("sgd", sgd("raise ValueError(Words('no'))", words)).message
    long = check("sgd", sgd("raise ValueError('x' * 10**6)")).message
    assert len(long) < 3000
    assert not check("decay", lambda lr, lr_decay, t: np.ones(10**6)).passed
    assert not check("decay", lambda lr, lr_decay, t: [[1, 2], [3]]).passed

    class Unshown:
        def __repr__(self):
            raise ValueError

        __float__ = __repr__

    for name in exercises.names():
        assert check(name, Unshown()).status == "error"
    assert "not a Unshown." in check("decay", Unshown()).message


def test_what_cannot_be_sent_is_said():
    lock = threading.Lock()

    def decay(lr, lr_decay, t):
        return lr * lock

    found = check("decay", decay)
    assert found.status == "error"
    assert found.message.startswith("Your code cannot be run: TypeError: ")


# ---------------------------------------------------------------- limits


@posix
@pytest.mark.parametrize(
    "body",
    [
        "while True: print('on and on')",
        "signal.signal(signal.SIGXCPU, signal.SIG_IGN)\n10 ** 10 ** 9",
    ],
)
def test_an_endless_answer_is_stopped_and_what_it_printed_is_kept(monkeypatch, body):
    monkeypatch.setattr(worker, "PATIENCE", 1.0)
    found = check("sgd", sgd(f"print('here we go')\n{body}"))
    assert (found.status, found.passed) == ("stopped", False)
    assert found.message.startswith("Stopped after 1 seconds. Is there a loop that never ends?")
    assert "Your code printed:\nhere we go" in found.message
    assert len(found.message) < 3000
    assert others_are_right()


@pytest.mark.skipif(not os.path.exists("/proc/self/task"), reason="needs the states of threads")
@pytest.mark.parametrize(
    "body", ["time.sleep(1000)", "threading.Lock().acquire(); threading.Event().wait()"]
)
def test_an_answer_that_waits_is_stopped_and_told_from_a_busy_machine(monkeypatch, body):
    monkeypatch.setattr(worker, "ASLEEP", 1.0)
    found = check("sgd", sgd(f"print('good night')\n{body}"))
    assert found.status == "stopped"
    assert "Does it wait for something (sleep, a lock)?" in found.message
    assert "good night" in found.message
    assert others_are_right()


def test_an_answer_that_asks_for_an_input_gets_none():
    found = check("sgd", sgd("input('lr?')"))
    assert found.status == "error"
    assert "EOFError" in found.message


def test_on_a_busy_machine_the_answer_is_run_again_and_never_blamed(monkeypatch, capsys):
    monkeypatch.setattr(worker, "WALL", 0.4)
    monkeypatch.setattr(worker, "_sleeps", lambda _: False)
    found = check("sgd", sgd("time.sleep(1000)"))
    assert found.status == "stopped"
    assert found.message.startswith("The machine is busy: ")
    assert capsys.readouterr().out.count("The machine is busy: your code is run again.") == 2
    monkeypatch.setattr(worker, "_sleeps", lambda _: None)  # a system that does not say
    found = check("sgd", sgd("time.sleep(1000)"))
    assert "Does it wait for something (sleep, a lock)? Or the machine is busy." in found.message
    monkeypatch.undo()
    assert others_are_right()


@pytest.mark.skipif(sys.platform == "win32", reason="memory is not limited there")
@pytest.mark.parametrize(
    "body",
    [
        "x = np.ones(10**9)",
        "x = []\nwhile True: x.append(np.ones(10**6))",
        "x = []\nwhile True: x.append(bytes(1000))",
        "self.lr = 10 ** 9\nx = 'x' * 10 ** 10",
    ],
)
def test_memory_has_a_limit(monkeypatch, body):
    monkeypatch.setattr(verdict, "MEMORY", 2**28)
    found = check("sgd", sgd(body))
    assert found.status == "stopped"
    assert "your code wants more than 0.25 GB of memory" in found.message
    assert others_are_right()


# ---------------------------------------------------------------- what happens to the machine


@posix
def test_a_worker_that_was_ended_by_somebody_costs_nobody_a_verdict():
    assert others_are_right()
    for sign in (signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV):
        os.kill(worker._worker.process.pid, sign)
        assert others_are_right()
    worker._worker.process.stdin.close()
    assert others_are_right()


@posix
def test_an_answer_that_is_ended_from_outside_is_run_again(tmp_path):
    once = tmp_path / "was here"
    body = f"""
        if not os.path.exists({str(once)!r}):
            open({str(once)!r}, "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
    """
    assert check("sgd", sgd(body)).passed
    assert once.exists()
    always = check("sgd", sgd("os.kill(os.getpid(), signal.SIGKILL)"))
    assert always.status == "stopped"
    assert "ended the process" in always.message


SESSION = """
import os, signal, threading, time
from classroom.checks import check
from classroom.judging import worker
from mytorch_core import optim
"""


def session(script):
    """What a Python of its own, in a process group of its own, prints."""
    ran = subprocess.run(
        [sys.executable, "-c", SESSION + textwrap.dedent(script)],
        capture_output=True,
        text=True,
        start_new_session=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""
    return ran.stdout.split()


@posix
def test_an_interrupt_of_the_process_group_is_no_fault_of_the_reader():
    printed = session(
        """
        for _ in range(3):
            try:
                os.killpg(0, signal.SIGINT)  # as a notebook's kernel gets it
                time.sleep(10)
            except KeyboardInterrupt:
                print(check("sgd", optim.SGD).status)
        """
    )
    assert printed == ["right"] * 3


@posix
def test_an_interrupt_during_a_check_ends_it_and_what_it_runs():
    printed = session(
        """
        print(check("sgd", optim.SGD).status)
        process = worker._worker.process
        threading.Timer(0.5, os.killpg, (0, signal.SIGINT)).start()
        class Endless(optim.SGD):
            def update(self, w, g):
                while True: pass

        try:
            check("sgd", Endless)
        except KeyboardInterrupt:
            print("interrupted", process.poll())
        print(check("sgd", optim.SGD).status)
        """
    )
    assert printed == ["right", "interrupted", "-9", "right"]


@posix
def test_nothing_is_left_when_the_session_is_ended_by_force():
    script = (
        "import os, threading, time\n"
        "from classroom.judging import worker\n"
        "from classroom.checks import check\n"
        "from mytorch_core import optim\n"
        "class Sleeps(optim.SGD):\n"
        "    def update(self, w, g):\n"
        "        time.sleep(1000)\n"
        "check('sgd', optim.SGD)\n"
        "threading.Thread(target=check, args=('sgd', Sleeps), daemon=True).start()\n"
        "time.sleep(0.5)\n"
        "print(worker._worker.process.pid, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    left = int(ran.stdout)
    until = time.monotonic() + 60
    while os.path.exists(f"/proc/{left}") and time.monotonic() < until:
        time.sleep(0.05)
    with pytest.raises(ProcessLookupError):
        os.killpg(left, 0)


@posix
def test_a_copy_of_the_session_has_a_worker_of_its_own():
    printed = session(
        """
        print(check("sgd", optim.SGD).status, flush=True)
        if os.fork() == 0:
            print(check("sgd", optim.SGD).status, flush=True)
            worker._end()
            os._exit(0)
        os.wait()
        print(check("sgd", optim.SGD).status)
        """
    )
    assert printed == ["right"] * 3


def test_where_a_process_cannot_be_copied_each_answer_gets_another_one(monkeypatch):
    monkeypatch.setattr(workshop, "COPIES", False)
    assert others_are_right()
    before = worker._worker
    assert check("sgd", sgd("np.sqrt = None")).passed
    assert worker._worker is not before
    monkeypatch.setattr(worker, "PATIENCE", 1.0)
    assert "never ends" in check("sgd", sgd("while True: pass")).message
    monkeypatch.setattr(worker, "ASLEEP", 1.0)
    assert "Does it wait" in check("sgd", sgd("time.sleep(1000)")).message
    assert "ended the process" in check("sgd", sgd("os._exit(3)")).message
    assert "printed:\nhello" in check("sgd", sgd("print('hello')")).message
    assert others_are_right()


def test_limits_where_the_system_has_none():
    """On Windows and macOS a thread watches the time and the memory."""
    script = (
        "import os, sys\n"
        "from classroom.judging import workshop\n"
        "if sys.argv[1] == 'time':\n"
        "    workshop.resource = None\n"
        "workshop.os.path.exists = lambda path: False\n"
        "workshop.limit(float(sys.argv[2]), 2**27)\n"
        "if sys.argv[1] == 'time':\n"
        "    while True: pass\n"
        "x = []\n"
        "import time, numpy as np\n"
        "while True: x.append(np.ones(10**5)); time.sleep(1e-3)\n"
    )
    cases = (("time", "0.3", workshop.OUT_OF_TIME), ("memory", "100", workshop.OUT_OF_MEMORY))
    for kind, seconds, code in cases:
        ran = subprocess.run([sys.executable, "-c", script, kind, seconds], check=False)
        assert ran.returncode == code


LOWEST = """
def one_of_twenty(told, tell):
    os.close(go)
    check("sgd", optim.SGD)
    for pid in (os.getpid(), worker._worker.process.pid):
        os.setpriority(os.PRIO_PROCESS, pid, 19)
    os.write(tell, b"ready.")
    os.read(told, 1)
    os.write(tell, f"{check('sgd', optim.SGD).status}.".encode())
    worker._end()
    os._exit(0)

def twenty_words(hear):
    heard = b""
    while heard.count(b".") < 20:
        heard += os.read(hear, 100)
    print(heard.decode(), flush=True)

(told, go), (hear, tell) = os.pipe(), os.pipe()
for _ in range(20):
    if os.fork() == 0:
        one_of_twenty(told, tell)
twenty_words(hear)
input()
os.write(go, b"." * 20)
twenty_words(hear)
"""


# Four times what an answer may compute, and no longer than this test: others need the machine.
BUSY = """
import os, time
test, end = os.getppid(), time.monotonic() + 32
while os.getppid() == test and time.monotonic() < end: pass
"""


@posix
def test_twenty_checks_at_lowest_priority_beside_sixteen_busy_loops():
    """Twenty sessions that have checked something before, and now do so at the same time."""
    twenty = subprocess.Popen(
        [sys.executable, "-c", SESSION + LOWEST],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    loops = []
    try:
        assert twenty.stdout.readline() == "ready." * 20 + "\n"
        busy = [sys.executable, "-c", BUSY]
        loops += [subprocess.Popen(busy, start_new_session=True) for _ in range(16)]
        twenty.stdin.write("\n")
        twenty.stdin.flush()
        assert twenty.stdout.readline() == "right." * 20 + "\n"
    finally:
        for process in [*loops, twenty]:
            process.kill()
            process.wait()
        twenty.stdin.close()
        twenty.stdout.close()


# ---------------------------------------------------------------- what a program reads


def verdicts():
    """(exercise, answer, status, slug) of one verdict of each kind."""
    yield "sgd", optim.SGD, "right", None
    yield "sgd", sgd("w += 2 * self.lr * g"), "wrong", "ascends"
    yield "sgd", sgd("w -= self.lr * g"), "wrong", None
    yield "sgd", sgd("w -= 1 / 0"), "error", "divided-by-zero"
    yield "sgd", sgd("g *= 1.0"), "error", "gradient-changed"
    yield "sgd", sgd("raise RuntimeError"), "error", None
    yield "sgd", optim.SGD.update, "error", None
    yield "adam", optim.SGD, "error", None
    yield "decay", 3, "error", None
    yield "decay", lambda lr, lr_decay, t: lr, "wrong", "decay-forgotten"
    yield "decay", lambda lr, lr_decay: lr, "error", "arguments-of-update"
    yield "largest_rate", 1, "right", None
    yield "largest_rate", 0.5, "wrong", "one-over-c"
    yield "largest_rate", "x", "error", None
    yield "sgd", sgd("os._exit(0)"), "stopped", None
    for nothing in (
        None,
        ...,
    ):
        yield "adam", nothing, "untouched", None


@pytest.mark.parametrize(("exercise", "answer", "status", "slug"), list(verdicts()))
def test_a_verdict_has_a_status_and_is_a_dictionary(exercise, answer, status, slug):
    found = check(exercise, answer)
    told = found.as_dict()
    assert json.loads(json.dumps(told)) == told
    assert list(told) == ["exercise", "status", "passed", "slug", "message"]
    assert (told["exercise"], told["status"], told["slug"]) == (exercise, status, slug)
    assert told["passed"] == (status in ("right", "variant"))
    assert told["message"] == found.message


def test_a_variant_is_passed_and_named():
    class Mine(optim.Optimizer):
        state = ("m",)

        def __init__(self, parameters, lr=0.1, beta=0.9):
            super().__init__(parameters, lr=lr, beta=beta)

        def update(self, w, g, m):
            m *= self.beta
            m += g
            w -= self.lr * m

    found = check("momentum", Mine).as_dict()
    assert (found["status"], found["passed"], found["slug"]) == ("variant", True, "heavy-ball")


def test_the_table_of_progress_tells_what_was_stopped():
    check("sgd", sgd("os._exit(0)"))
    assert repr(progress("sgd")).split() == ["sgd", "stopped"]


def test_the_checks_start_no_process_in_the_process_of_an_answer():
    body = """
        import classroom.checks
        from classroom.judging import worker
        print("none" if worker._worker is None else "one")
    """
    assert "printed:\nnone" in check("sgd", sgd(body)).message
