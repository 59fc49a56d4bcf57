"""The same run at every point of a grid and with every seed, side by side on the processor's cores.

    def run(lr, seed): ...
    accuracy = sweep(run, {"lr": [0.1, 0.3, 1]}, seeds=range(3))
    accuracy[0.1]    # the results of the three seeds, in their order

With several names in the grid the keys are tuples, in the order of the names.
"""

import itertools
import warnings
from concurrent.futures import as_completed

import cloudpickle
from loky import cpu_count, get_reusable_executor
from threadpoolctl import threadpool_limits

from classroom.training.progress import progress_bar


def sweep(run, grid, executor=None, seeds=(0,), progress=True):
    """{point of the grid: [run(**point, seed=seed) for every seed]}, computed in parallel.

    run       a function, one written in a notebook, too; what it needs, its data included, travels
              with it to every task
    grid      {name: values}: every combination is run
    executor  any concurrent.futures.Executor (a thread pool, a Dask client's); by default loky's
              processes, one for each core
    seeds     what `run` gets as its keyword seed

    Each task has one BLAS thread: with one task to a core, more would only wait for each other. The
    result does not depend on the executor. Raises ValueError for an empty grid or no seeds, and
    RuntimeError, which names point and seed, from the first exception of a run.
    """
    seeds, values = list(seeds), [list(values) for values in grid.values()]
    if not seeds or not grid or not all(values):
        raise ValueError(f"nothing to run: grid {grid!r}, seeds {seeds!r}")
    points = list(itertools.product(*values))
    if executor is None:
        executor = get_reusable_executor(max_workers=cpu_count())
    load = cloudpickle.dumps(run)
    tasks = {}
    for point, seed in itertools.product(points, seeds):
        named = dict(zip(grid, point, strict=True)) | {"seed": seed}
        tasks[executor.submit(_run_alone, load, named)] = named
    try:
        with progress_bar(len(tasks), progress) as bar, warnings.catch_warnings():
            # The data that travel with the tasks let a worker's memory grow; that loky then starts
            # it anew is no concern of the reader.
            warnings.filterwarnings("ignore", "A worker was restarted", UserWarning)
            for task in as_completed(tasks):
                if task.exception() is not None:
                    where = ", ".join(f"{name}={value!r}" for name, value in tasks[task].items())
                    raise RuntimeError(f"the run with {where} failed") from task.exception()
                bar.update()
    finally:
        for task in tasks:
            task.cancel()
    results = iter([task.result() for task in tasks])
    keys = points if len(grid) > 1 else [point[0] for point in points]
    return {key: [next(results) for _ in seeds] for key in keys}


def _run_alone(load, named):
    with threadpool_limits(1, user_api="blas"):
        return cloudpickle.loads(load)(**named)
