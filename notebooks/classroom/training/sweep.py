"""The same run at every point of a grid and with every seed, side by side on the processor's cores.

    def run(lr, seed): ...
    accuracy = sweep(run, {"lr": [0.1, 0.3, 1]}, seeds=range(3))
    accuracy[0.1]    # the results of the three seeds, in their order

With several names in the grid the keys are tuples, in the order of the names. On a Dask cluster:

    accuracy = sweep(run, grid, dask.distributed.Client(address).get_executor(), seeds=range(3))
"""

import itertools
import warnings
from concurrent.futures import BrokenExecutor, as_completed

import cloudpickle
from loky import cpu_count, get_reusable_executor
from threadpoolctl import threadpool_limits

from classroom.training.cache import Results
from classroom.training.progress import progress_bar

IDLE = 300  # seconds after which a worker without work ends
ATTEMPTS = 3  # how often the processes may die before it is the run's fault


class Failed:
    """What stands in the place of the result of a run that failed: which one, and why."""

    def __init__(self, named, error):
        self.named, self.error = named, error

    def __repr__(self):
        where = ", ".join(f"{name}={value!r}" for name, value in self.named.items())
        return f"the run with {where} failed: {type(self.error).__name__}: {self.error}"

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        raise RuntimeError(f"{self!r}; it has no {name}") from self.error


def sweep(run, grid, executor=None, seeds=(0,), progress=True, each=None, cache=True):
    """{point of the grid: [run(**point, seed=seed) for every seed]}, computed in parallel.

    run       a function, one written in a notebook, too; what it needs travels with it to every
              task (the digits of `mnist.load()` as a note to load them, once in each process)
    grid      {name: values}: every combination is run
    executor  any concurrent.futures.Executor (a thread pool, a Dask client's); by default loky's
              processes, one for each core
    seeds     what `run` gets as its keyword seed
    each      each(named, result) is called when a run has ended, in the order in which they end;
              named has the point and the seed
    cache     whether results are kept on disk (`training/cache.py`): the same code with the same
              arguments is not run again, and an interrupted sweep goes on where it was

    Each task has one BLAS thread: with one task to a core, more would only wait for each other. The
    result does not depend on the executor. A run that fails leaves a `Failed` in its place and a
    warning that names it; the others go on. Raises ValueError for an empty grid or no seeds.
    """
    seeds, values = list(seeds), [list(values) for values in grid.values()]
    if not seeds or not grid or not all(values):
        raise ValueError(f"nothing to run: grid {grid!r}, seeds {seeds!r}")
    points = list(itertools.product(*values))
    tasks = [
        dict(zip(grid, point, strict=True)) | {"seed": seed}
        for point, seed in itertools.product(points, seeds)
    ]
    store = _store(run, tasks) if cache else None
    results = store.known() if store else {}
    with progress_bar(len(tasks), progress) as bar, warnings.catch_warnings():
        # loky tells of its housekeeping: a worker is started anew since its memory has grown, or
        # one's idle time ended as a task arrived. No run is lost by either.
        warnings.filterwarnings("ignore", "A worker (was restarted|stopped while)", UserWarning)
        bar.update(len(results))
        for i in results if each else ():
            each(tasks[i], results[i])
        for i, result in _as_they_end(run, tasks, set(range(len(tasks))) - set(results), executor):
            results[i] = result
            if store and not isinstance(result, Failed):
                store.keep(i, result)
            if each:
                each(tasks[i], result)
            bar.update()
    if store:
        store.make_room()
    _report([result for result in results.values() if isinstance(result, Failed)], len(tasks))
    in_order = (results[i] for i in range(len(tasks)))
    keys = points if len(grid) > 1 else [point[0] for point in points]
    return {key: [next(in_order) for _ in seeds] for key in keys}


def _store(run, tasks):
    """Where the results are kept; None if the run or its arguments cannot be described."""
    try:
        return Results(run, tasks)
    except (TypeError, OSError):
        return None


def _as_they_end(run, tasks, waiting, executor):
    """(i, result) of every tasks[i] that is waiting, in the order in which they end."""
    load = cloudpickle.dumps(run) if waiting else b""
    for attempt in range(1, ATTEMPTS + 1):
        pool = executor or get_reusable_executor(max_workers=cpu_count(), timeout=IDLE)
        futures = {pool.submit(_run_alone, load, tasks[i]): i for i in sorted(waiting)}
        try:
            for future in as_completed(futures):
                i, error = futures[future], future.exception()
                if isinstance(error, BrokenExecutor) and not executor and attempt < ATTEMPTS:
                    continue  # its process was killed, perhaps by another's fault: once more
                if error is not None and not isinstance(error, Exception):
                    raise error  # an interrupt
                waiting.discard(i)
                yield i, Failed(tasks[i], error) if error else future.result()
        except BaseException:  # an interrupt here, or in what the results are used for
            for future in futures:
                future.cancel()
            if not executor:
                pool.shutdown(wait=True, kill_workers=True)
            raise
        if not waiting:
            return


def _report(failed, total):
    """Warn of runs that failed, by name."""
    if failed:
        named = "; ".join(map(repr, failed[:3])) + ("; ..." if len(failed) > 3 else "")
        text = f"{len(failed)} of {total} runs failed, the others are kept: {named}"
        warnings.warn(text, RuntimeWarning, stacklevel=3)


def _run_alone(load, named):
    with threadpool_limits(1, user_api="blas"):
        return cloudpickle.loads(load)(**named)
