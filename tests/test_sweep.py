"""Sweeps: the same results in the same order on every executor, and errors that say where."""

import concurrent.futures as futures
import time
import warnings

import numpy as np
import pytest
from loky import ProcessPoolExecutor
from threadpoolctl import threadpool_info

from classroom.training.sweep import sweep


def runs_on(executor):
    def run(lr, beta, seed):  # as in a notebook: no module holds it
        time.sleep(0.01 * (seed % 2))
        return lr, beta, seed, np.random.default_rng(seed).random()

    grid = {"lr": [0.1, 1.0], "beta": [0.5, 0.9]}
    return sweep(run, grid, executor=executor, seeds=range(3))


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


def test_a_run_that_fails_says_which():
    def run(lr, seed):
        if lr == 3:
            raise KeyError("beta")
        return lr

    with pytest.raises(RuntimeError, match=r"the run with lr=3, seed=7 failed") as error:
        sweep(run, {"lr": [1, 2, 3]}, seeds=[7])
    assert isinstance(error.value.__cause__, KeyError)
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
