"""Sweeps: the same results in the same order on every executor, and errors that say where."""

import concurrent.futures as futures
import inspect
import os
import signal
import subprocess
import sys
import time
import warnings

import cloudpickle
import numpy as np
import psutil
import pytest
from distributed import Client, LocalCluster
from loky import ProcessPoolExecutor, process_executor
from threadpoolctl import threadpool_info

from classroom import mnist
from classroom.training import sweep as module
from classroom.training.sweep import sweep
from mytorch_core import nn, optim


def runs_on(executor):
    def run(lr, beta, seed):  # as in a notebook: no module holds it
        time.sleep(0.01 * (seed % 2))
        return lr, beta, seed, np.random.default_rng(seed).random()

    grid = {"lr": [0.1, 1.0], "beta": [0.5, 0.9]}
    return sweep(run, grid, executor=executor, seeds=range(3), cache=False)


def in_order():
    return {
        (lr, beta): [(lr, beta, seed, np.random.default_rng(seed).random()) for seed in range(3)]
        for lr in (0.1, 1.0)
        for beta in (0.5, 0.9)
    }


def test_a_notebooks_own_function_runs_in_processes_of_its_own():
    assert runs_on(None) == in_order()


@pytest.mark.parametrize("pool", [futures.ThreadPoolExecutor, futures.ProcessPoolExecutor])
def test_any_executor_gives_the_same(pool):
    with pool(2) as executor:
        assert runs_on(executor) == in_order()


def test_one_name_needs_no_tuples():
    with futures.ThreadPoolExecutor(2) as executor:
        assert sweep(lambda lr, seed: lr + seed, {"lr": (1, 2)}, executor) == {1: [1], 2: [2]}


def test_each_task_has_one_blas_thread():
    def threads(lr, seed):
        import numpy  # noqa: F401

        return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

    assert {n for counts in sweep(threads, {"lr": [1, 2]}).values() for n in counts[0]} <= {1}


def test_a_run_that_fails_is_named_and_the_others_stay():
    def run(lr, seed):
        if lr == 3:
            raise KeyError("beta")
        return lr

    with pytest.warns(RuntimeWarning, match=r"1 of 3 runs failed.*lr=3, seed=7.*KeyError: 'beta'"):
        found = sweep(run, {"lr": [1, 2, 3]}, seeds=[7])
    assert (found[1], found[2]) == ([1], [2])
    with pytest.raises(RuntimeError, match="the run with lr=3, seed=7 failed"):
        found[3][0].test_accuracy  # noqa: B018
    assert sweep(run, {"lr": [1]}) == {1: [1]}


def test_an_interrupted_sweep_leaves_no_task_waiting():
    done = []

    def run(lr, seed):
        done.append(lr)
        if lr == 0:
            raise KeyboardInterrupt
        time.sleep(0.02)

    stopped = pytest.raises((KeyboardInterrupt, RuntimeError))
    with futures.ThreadPoolExecutor(1) as executor, stopped:
        sweep(run, {"lr": range(50)}, executor)
    assert len(done) < 10


@pytest.mark.parametrize(("grid", "seeds"), [({}, [0]), ({"lr": []}, [0]), ({"lr": [1]}, [])])
def test_nothing_to_run_is_said(grid, seeds):
    with pytest.raises(ValueError, match="nothing to run"):
        sweep(lambda **_: 0, grid, seeds=seeds)


def test_a_worker_whose_memory_grows_is_no_concern_of_the_reader():
    def run(a, seed):
        import builtins

        assert a == 1
        builtins.kept = [*getattr(builtins, "kept", []), np.ones(30_000_000)]  # 240 MB for good
        time.sleep(1.2)  # memory is looked at once a second
        return seed

    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        with ProcessPoolExecutor(max_workers=1) as fresh:  # each warns once
            assert sweep(run, {"a": [1]}, fresh, seeds=range(5))[1] == list(range(5))
    assert not seen


# ------------------------------------------------------------------ a cluster, and workers that die


@pytest.fixture(scope="module")
def cluster():
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with LocalCluster(**options, silence_logs=50) as cluster, Client(cluster) as client:
        yield client


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_dask_cluster_gives_the_same(cluster):
    assert runs_on(cluster.get_executor()) == in_order()


@pytest.mark.parametrize("where", ["dask", "loky"])
def test_a_worker_that_is_killed_costs_nothing(where, tmp_path, request):
    """Every run leaves a line when it begins and when it ends; one of them kills its process."""
    executor = request.getfixturevalue("cluster").get_executor() if where == "dask" else None
    log, fatal, ended = tmp_path / "log", tmp_path / "fatal", []

    def run(lr, seed):
        time.sleep(0.05)
        if lr == 4 and seed == 1 and not fatal.exists():
            fatal.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        with log.open("a") as file:
            file.write(f"{lr} {seed}\n")
        return lr, seed

    options = {"seeds": range(2), "each": lambda named, result: ended.append(result)}
    found = sweep(run, {"lr": range(10)}, executor, cache=False, **options)
    assert fatal.exists()
    assert found == {lr: [(lr, 0), (lr, 1)] for lr in range(10)}
    assert sorted(ended) == [(lr, seed) for lr in range(10) for seed in range(2)]
    assert set(log.read_text().split("\n")[:-1]) == {
        f"{a} {b}" for a in range(10) for b in range(2)
    }


def test_a_run_that_always_kills_its_process_fails_and_is_named():
    def run(lr, seed):
        if lr == 1:
            os._exit(1)
        return lr

    with pytest.warns(RuntimeWarning, match="the run with lr=1, seed=0 failed: Termin"):
        found = sweep(run, {"lr": [0, 1]}, cache=False)
    assert isinstance(found[1][0], module.Failed)


def test_the_digits_do_not_travel():
    data = mnist.load()

    def train(lr, seed):
        return len(data.x_train), id(data.x_train), os.getpid()

    sent = []

    class Watched(ProcessPoolExecutor):
        def submit(self, function, *arguments):
            sent.append(sum(len(cloudpickle.dumps(a)) for a in arguments))
            return super().submit(function, *arguments)

    with Watched(max_workers=1) as executor:
        found = sweep(train, {"lr": range(6)}, executor, cache=False)
    assert max(sent) < 20_000, "bytes of a task; with the digits it would be 62,880,000"
    assert {result for (result,) in found.values()} == {next(iter(found.values()))[0]}, "kept"


INTERRUPTED = """
import os, sys, time
from classroom.training.sweep import sweep

def run(lr, seed):
    with open(sys.argv[1], "a") as file:
        file.write(f"{os.getpid()}\\n")
    time.sleep(60)

sweep(run, {"lr": range(8)}, cache=False)
"""


def test_an_interrupt_leaves_no_process_behind(tmp_path):
    program, pids = tmp_path / "program.py", tmp_path / "pids"
    program.write_text(INTERRUPTED)
    process = subprocess.Popen([sys.executable, program, pids], stderr=subprocess.DEVNULL)
    for _ in range(600):
        if pids.exists() and pids.read_text().count("\n") >= 1:
            break
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) != 0
    for pid in map(int, pids.read_text().split()):
        assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


# ------------------------------------------------------------------ what was computed before


@pytest.fixture
def counted(tmp_path, monkeypatch):
    """A cache of its own, and how many runs were made since the last call."""
    monkeypatch.setenv("MYTORCH_CACHE", str(tmp_path / "results"))
    log = tmp_path / "log"
    log.touch()

    def count():
        made = log.read_text().count("x")
        log.write_text("")
        return made

    return log, count


def test_a_second_sweep_runs_nothing_and_a_longer_grid_only_what_is_new(counted):
    log, count = counted

    def run(lr, seed):
        with log.open("a") as file:
            file.write("x")
        return {"lr": lr, "noise": np.random.default_rng(seed).random(3)}

    first = sweep(run, {"lr": [1, 2]}, seeds=range(2))
    assert count() == 4
    again, ended = {}, []
    again = sweep(run, {"lr": [1, 2]}, seeds=range(2), each=lambda n, r: ended.append(n["lr"]))
    assert (count(), ended) == (0, [1, 1, 2, 2])
    assert repr(again) == repr(first)
    sweep(run, {"lr": [1, 2, 3]}, seeds=range(2))
    assert count() == 2


def test_a_change_anywhere_in_the_code_is_a_new_run(counted):
    log, count = counted
    source = """
def helper(x):
    return x + {number}

class Rule(optim.SGD):
    scale = {scale}
    def update(self, w, g):
        w -= {step} * g

table = {{"rule": Rule, "twice": lambda x: {factor} * x}}

def run(lr, seed):
    {comment}
    with open({log!r}, "a") as file:
        file.write("x")
    model = nn.Linear(2, 1, rng=np.random.default_rng(seed))
    table["rule"](model, lr=lr)
    return helper(lr)
"""
    usual = dict(number=1, scale=2, step=0.5, factor=2, comment="pass")

    def made(**changes):
        space = {"np": np, "nn": nn, "optim": optim, "__name__": "__main__"}
        exec(source.format(log=str(log), **usual | changes), space)
        sweep(space["run"], {"lr": [0.1]})
        return count()

    assert made() == 1
    assert made() == 0
    assert made(comment="# a word\n    pass") == 0
    for change in ({"number": 2}, {"scale": 3}, {"step": 0.4}, {"factor": 3}):
        assert made(**change) == 1, change
        assert made(**change) == 0, change


def test_an_interrupted_sweep_goes_on_where_it_was(counted):
    log, count = counted

    def run(lr, seed):
        with log.open("a") as file:
            file.write("x")
        return lr

    def stop(named, result):
        if named["lr"] >= 2:
            raise KeyboardInterrupt

    with futures.ThreadPoolExecutor(1) as pool, pytest.raises(KeyboardInterrupt):
        sweep(run, {"lr": range(20)}, pool, each=stop)
    made = count()
    assert 3 <= made < 20
    with futures.ThreadPoolExecutor(1) as pool:
        assert sweep(run, {"lr": range(20)}, pool) == {lr: [lr] for lr in range(20)}
    assert count() <= 17


def test_a_failed_run_is_made_again(counted):
    log, _ = counted

    def run(lr, seed):
        if not log.read_text():
            log.write_text("tried")
            raise ValueError("not yet")
        return lr

    with futures.ThreadPoolExecutor(1) as pool:
        with pytest.warns(RuntimeWarning, match="not yet"):
            sweep(run, {"lr": [1]}, pool)
        assert sweep(run, {"lr": [1]}, pool) == {1: [1]}


def test_a_damaged_file_of_the_cache_costs_a_run_and_no_warning(counted, tmp_path):
    log, count = counted

    def run(lr, seed):
        with log.open("a") as file:
            file.write("x")
        return lr

    sweep(run, {"lr": [1]})
    for file in (tmp_path / "results").rglob("output.pkl"):
        file.write_bytes(b"damaged")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert sweep(run, {"lr": [1]}) == {1: [1]}
    assert count() == 2


def test_lokys_housekeeping_is_not_told():
    class Housekeeper(futures.ThreadPoolExecutor):
        def submit(self, *task):
            for text in ("A worker stopped while", "A worker was restarted"):
                assert text in inspect.getsource(process_executor)  # loky still says it so
                warnings.warn(f"{text} ...", UserWarning, stacklevel=1)  # an error in these tests
            return super().submit(*task)

    with Housekeeper(1) as executor:
        assert sweep(lambda lr, seed: lr, {"lr": [1, 2]}, executor, cache=False) == {1: [1], 2: [2]}
