"""How the cost of a training step grows, ours beside PyTorch's: `make bench-growth`.

Time per example against the width of a hidden layer, the batch and the depth, with SGD on one
thread, and the time of one node of the graph. Both run in processes of their own, in turn; quoted
are medians. Writes growth.json, a list of rows, and growth.png to benchmarks/results.
"""

import json
import statistics
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot as plt
from workloads import Process

RESULTS = Path(__file__).parent / "results"
ROUNDS, SECONDS = 7, 0.05
CHAIN = 1000


def mlp(width=128, batch=64, depth=1):
    sizes = [784, *depth * [width], 10]
    # With weights of the usual size a signal would fade to denormal numbers in a hundred layers.
    return {"kind": "mlp", "sizes": sizes, "batch": batch, "gain": 6**0.5}


AXES = {
    "width": [32, 128, 512, 1024, 2048, 4096],
    "batch": [1, 4, 16, 64, 256, 1024, 4096],
    "depth": [1, 3, 10, 30, 100],
}


def medians(processes, work, per_step):
    """{candidate: seconds for each of a step's parts}, and the median of the ratios."""
    once = {}
    for name, process in processes.items():
        answer = process.ask(work=work, rule="SGD", checked=2)
        if "missing" in answer:
            raise SystemExit(f"{name}: {answer['missing']}")
        once[name] = process.ask(steps=2)["seconds"] / 2
    steps = max(1, round(SECONDS / max(once.values())))
    rounds = [
        {name: process.ask(steps=steps)["seconds"] / steps for name, process in processes.items()}
        for _ in range(ROUNDS)
    ]
    ratio = statistics.median(each["mytorch"] / each["torch"] for each in rounds)
    return {
        name: statistics.median(each[name] for each in rounds) / per_step for name in processes
    }, ratio


def picture(rows, path):
    figure, axes = plt.subplots(1, len(AXES), figsize=(13, 4.6), sharey=True)
    looks = {"mytorch": ("#000000", "o-"), "torch": ("#777777", "s--")}
    for ax, axis in zip(axes, AXES, strict=True):
        some = [row for row in rows if row["axis"] == axis]
        for name, (color, style) in looks.items():
            values = [row[f"{name}_us"] for row in some]
            x = [row["value"] for row in some]
            ax.loglog(x, values, style, color=color, linewidth=2, label=name)
        ax.set_xlabel(axis, fontsize=14)
        ax.grid(color="#dddddd")
        ax.tick_params(labelsize=12)
    axes[0].legend(fontsize=13)
    axes[0].set_ylabel("µs per example", fontsize=14)
    figure.tight_layout()
    figure.savefig(path, dpi=100)


def main():
    processes = {name: Process(name, 1) for name in ("mytorch", "torch")}
    rows = []
    for axis, values in AXES.items():
        for value in values:
            work = mlp(**{axis: value})
            seconds, ratio = medians(processes, work, work["batch"])
            row = {"axis": axis, "value": value, "ratio_to_torch": round(ratio, 3)}
            row |= {f"{name}_us": round(1e6 * taken, 3) for name, taken in seconds.items()}
            rows.append(row)
            print(json.dumps(row), flush=True)
    seconds, ratio = medians(processes, {"kind": "chain", "length": CHAIN}, CHAIN)
    row = {"axis": "node of the graph", "value": 1, "ratio_to_torch": round(ratio, 3)}
    rows.append(row | {f"{name}_us": round(1e6 * taken, 3) for name, taken in seconds.items()})
    print(json.dumps(rows[-1]))
    for process in processes.values():
        process.close()
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "growth.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    picture(rows, RESULTS / "growth.png")


if __name__ == "__main__":
    main()
