"""A training step of the core beside PyTorch's, JAX's and the bare matrix products: `make bench`.

Every candidate runs in a process of its own, and is checked first: from the same weights and the
same batches it has to find the same losses as PyTorch. Then all are timed in turn, because the
machine's speed drifts; quoted are medians of the ratios to PyTorch (eager, batches taken by hand)
and to the floor within one round, and the spread of the first: the distance of its quartiles.

Writes to benchmarks/results: speed.json, a list of rows; speed.md, the table; speed.png, a picture.

    python benchmarks/speed.py [--rounds 9] [--only W0] [--busy]

On a machine that others use, too, --busy takes the processor's time in place of the clock's, on one
thread alone (a thread that waits for another costs the processor's time).
"""

import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import numpy as np
from matplotlib import pyplot as plt
from workloads import CANDIDATES, Process

RESULTS = Path(__file__).parent / "results"
WORKS = {
    "W0": {"kind": "mlp", "sizes": [784, 256, 100, 10], "batch": 100},
    "W1": {"kind": "mlp", "sizes": [784, 128, 10], "batch": 64},
    "W3": {"kind": "cnn", "batch": 64},
}
RULES = {"W0": ("SGD", "AdaGrad", "Adam"), "W1": ("SGD", "Adam"), "W3": ("SGD", "Adam")}
STEPS = {"W0": 60, "W1": 100, "W3": 20}
# Two threads spin for a while after their work; the next candidate shall not pay for that.
REST = {1: 0.0, 2: 0.25}
ALONE = "mytorch, 1 thread"


# ---------------------------------------------------------------- time


def agree(losses, theirs):
    """Whether the losses of the first steps are the same, but for float32's rounding."""
    return np.allclose(losses, theirs, rtol=1e-3)


def ready(processes, work, rule):
    """The processes that do this work as PyTorch does it, and why the others do not."""
    answers = {name: process.ask(work=work, rule=rule) for name, process in processes.items()}
    reasons = {name: a["missing"] for name, a in answers.items() if "missing" in a}
    if "torch" in reasons:
        raise SystemExit(f"PyTorch, the measure of all, is missing: {reasons['torch']}")
    for name, answer in answers.items():
        if name in reasons or name == "floor":
            continue
        if not agree(answer["losses"], answers["torch"]["losses"]):
            both = answer["losses"], answers["torch"]["losses"]
            raise SystemExit(f"{name} does other work than torch, by their losses: {both}")
    return {name: p for name, p in processes.items() if name not in reasons}, reasons


def timed(processes, steps, rounds, rest, clock):
    """{candidate: seconds of each round}; each round begins with another candidate."""
    seconds = {name: [] for name in processes}
    names = list(processes)
    for i in range(-1, rounds):  # the first round is for warming up
        for name in names[i % len(names) :] + names[: i % len(names)]:
            time.sleep(rest)
            took = processes[name].ask(steps=steps)[clock]
            if i >= 0:
                seconds[name].append(took)
    return seconds


def ratios(ours, theirs):
    return [a / b for a, b in zip(ours, theirs, strict=True)]


def spread(values):
    first, _, third = statistics.quantiles(values, n=4)
    return third - first


def measured(workload, threads, rounds, processes, missing, clock):
    """The rows of one workload, and (rule, two threads over one) of the core."""
    rows, gains = [], []
    for rule in RULES[workload]:
        able, reasons = ready(processes, WORKS[workload], rule)
        missing |= reasons
        seconds = timed(able, STEPS[workload], rounds, REST[threads], clock)
        if ALONE in seconds:
            alone = seconds.pop(ALONE)
            gains.append((rule, statistics.median(ratios(seconds["mytorch"], alone))))
        for name, values in seconds.items():
            to_torch = ratios(values, seconds["torch"])
            row = {"workload": workload, "rule": rule, "threads": threads, "candidate": name}
            row["ratio_to_torch"] = round(statistics.median(to_torch), 3)
            row["ratio_to_floor"] = round(statistics.median(ratios(values, seconds["floor"])), 3)
            row["spread"] = round(spread(to_torch), 3)
            rows.append(row)
            milliseconds = 1e3 * statistics.median(values) / STEPS[workload]
            print(f"{milliseconds:8.3f} ms a step", json.dumps(row), flush=True)
    return rows, gains


# ---------------------------------------------------------------- memory, and the import

FRUGAL = """
import json, resource, sys
import numpy as np
import psutil
from mytorch_core import nn, optim
x, y = np.load(sys.argv[1]), np.load(sys.argv[2])
x.sum(), y.sum()
def peak():  # MiB; Linux's ru_maxrss may be that of the process which started this one
    if sys.platform == "darwin":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
now = lambda: psutil.Process().memory_info().rss / 2**20
before, rng = peak(), np.random.default_rng(0)
model = nn.Sequential(nn.Linear(784, 128, rng=rng), nn.ReLU(), nn.Linear(128, 10, rng=rng))
optimizer = optim.Adam(model, lr=1e-3)
def epoch():
    order = rng.permutation(len(x))
    for start in range(0, len(x), 64):
        batch = order[start : start + 64]
        loss = nn.cross_entropy(model(x[batch]), y[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
epoch(), epoch()
used, first = peak() - before, now()
for _ in range(10):
    epoch()
print(json.dumps([used, now() - first]))
"""


def memory():
    """(peak of W1 beyond the data, growth over ten more epochs), in MiB."""
    from classroom.training import mnist

    with tempfile.TemporaryDirectory() as folder:
        paths = [str(Path(folder) / name) for name in ("x.npy", "y.npy")]
        for path, array in zip(paths, mnist.load()[:2], strict=True):
            np.save(path, array)
        command = [sys.executable, "-c", FRUGAL, *paths]
        one = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
        return json.loads(subprocess.run(command, capture_output=True, check=True, env=one).stdout)


def import_time(times=15):
    """Milliseconds that importing the core takes beyond NumPy, the median of fresh starts."""
    source = "import time, numpy; t = time.perf_counter(); import mytorch_core; "
    command = [sys.executable, "-c", source + "print(time.perf_counter() - t)"]
    run = lambda: float(subprocess.run(command, capture_output=True, check=True).stdout)
    return 1e3 * statistics.median(run() for _ in range(times))


# ---------------------------------------------------------------- what is written


def heading():
    """The machine, the versions, the day."""
    versions = [f"Python {platform.python_version()}"]
    for name in ("numpy", "torch", "jax"):
        try:
            versions.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            versions.append(f"no {name}")
    day = datetime.date.today().isoformat()
    return f"{processor()}, {os.cpu_count()} cores; {', '.join(versions)}; {day}"


def processor():
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def table(rows, missing, facts):
    """The results as a table in Markdown: a line for each case, a column for each candidate."""
    names = [name for name in CANDIDATES if any(row["candidate"] == name for row in rows)]
    lines = [
        "Time of a training step over PyTorch's (eager), less is better; ± the distance of the",
        "quartiles. In brackets: over the matrix products alone.",
        "",
        "| work | threads | " + " | ".join(names) + " |",
        "|---|---|" + "---|" * len(names),
    ]
    for case in dict.fromkeys((r["workload"], r["rule"], r["threads"]) for r in rows):
        found = {
            r["candidate"]: r for r in rows if (r["workload"], r["rule"], r["threads"]) == case
        }
        cells = [cell(found.get(name)) for name in names]
        lines.append(f"| {case[0]} {case[1]} | {case[2]} | {' | '.join(cells)} |")
    lines += ["", *(f"- {name} is missing: {why}" for name, why in missing.items())]
    lines += [f"- {fact}" for fact in facts]
    return "\n".join([heading(), "", *lines]) + "\n"


def cell(row):
    if row is None:
        return "missing"
    return f"{row['ratio_to_torch']:.2f} ± {row['spread']:.2f} ({row['ratio_to_floor']:.1f})"


# Colours that belong to no rule of the course.
LOOK = {
    "mytorch": ("#000000", "o", 11),
    "torch": ("#777777", "|", 16),
    "torch DataLoader": ("#777777", "x", 8),
    "torch fused": ("#777777", "^", 8),
    "torch.compile": ("#777777", "s", 7),
    "jax.jit": ("#E69F00", "D", 8),
    "floor": ("#56B4E9", "|", 16),
}


def picture(rows, path):
    """Every case a line, every candidate a mark on it."""
    threads = sorted({row["threads"] for row in rows})
    right = 1.05 * max(1.5, *(row["ratio_to_torch"] for row in rows))
    figure, axes = plt.subplots(
        1, len(threads), figsize=(5 * len(threads) + 2, 4.6), sharey=True, squeeze=False
    )
    for ax, number in zip(axes[0], threads, strict=True):
        some = [row for row in rows if row["threads"] == number]
        cases = list(dict.fromkeys(f"{row['workload']} {row['rule']}" for row in some))
        for name, (color, marker, size) in LOOK.items():
            points = [
                (row["ratio_to_torch"], cases.index(f"{row['workload']} {row['rule']}"))
                for row in some
                if row["candidate"] == name
            ]
            if points:
                filled = {} if marker in "ox|" else {"markerfacecolor": "none"}
                style = {"color": color, "marker": marker, "markersize": size, "linestyle": "none"}
                ax.plot(
                    *zip(*points, strict=True), label=name, markeredgewidth=2, **style, **filled
                )
        ax.set_yticks(range(len(cases)), cases, fontsize=13)
        ax.set_ylim(len(cases) - 0.5, -0.5)
        ax.set_xlim(0, right)
        ax.set_xticks(np.arange(0, right, 0.5))
        ax.grid(axis="both", color="#dddddd")
        ax.set_axisbelow(True)
        ax.set_title(f"{number} thread{'s' * (number > 1)}", fontsize=14)
        ax.set_xlabel("time of a step over PyTorch's (eager)", fontsize=13)
        ax.tick_params(labelsize=12)
    figure.legend(*axes[0][0].get_legend_handles_labels(), loc="outside right", fontsize=12)
    figure.tight_layout(rect=(0, 0, 1 - 2 / figure.get_figwidth(), 1))
    figure.savefig(path, dpi=100)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=9, help="repetitions, at least 7")
    parser.add_argument("--only", choices=WORKS, action="append", help="one workload, not all")
    parser.add_argument("--busy", action="store_true", help="the processor's time, one thread")
    options = parser.parse_args()
    if options.rounds < 7:
        parser.error(f"a median of {options.rounds} rounds says little: at least 7")
    rows, missing, facts = [], {}, []
    clock = "processor" if options.busy else "seconds"
    if options.busy:
        facts.append("of the processor, not of the clock, because the machine was busy")
    for threads in (1,) if options.busy else (1, 2):
        processes = {name: Process(name, threads) for name in CANDIDATES}
        if threads == 2:
            processes[ALONE] = Process("mytorch", 1)
        for workload in options.only or WORKS:
            found, gains = measured(workload, threads, options.rounds, processes, missing, clock)
            rows += found
            for rule, ratio in gains:
                facts.append(f"{workload} {rule} on two threads takes {ratio:.2f} of one's time")
        for process in processes.values():
            process.close()
    peak, growth = memory()
    facts.append(f"W1 needs {peak:.1f} MiB beyond the data at its peak, the goal is 20")
    facts.append(f"ten more epochs of W1 leave {growth:+.2f} MiB behind")
    facts.append(f"importing the core takes {import_time():.1f} ms beyond NumPy's, the goal is 20")
    RESULTS.mkdir(exist_ok=True)
    written = json.dumps(rows, indent=1)
    (RESULTS / "speed.json").write_text(written + "\n", encoding="utf-8")
    text = table(rows, missing, facts)
    (RESULTS / "speed.md").write_text(text, encoding="utf-8")
    picture(rows, RESULTS / "speed.png")
    print("\n" + text)


if __name__ == "__main__":
    main()
