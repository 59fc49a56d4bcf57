"""How soon a slider's picture changes, side by side in one run: `make bench-live`.

In a real JupyterLab in Chromium: a Label bound to the slider (the floor), the course's live
figure, `interactive_output` and `interact` with the same figure. Then the cockpit's frames a
second, and its training beside the bare loop's, both with the test accuracy after every epoch.
Results go to benchmarks/results/live.json, times in milliseconds. It takes some five minutes.
"""

import base64
import hashlib
import io
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import numpy as np
from PIL import Image

from classroom import live, surfaces, views
from mytorch_core import optim
from tests import chromium

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # for the kernel, as in benchmarks/core.py

RESULTS = Path(__file__).parent / "results" / "live.json"
ROUNDS, KEYS, POSITIONS, BURSTS = 4, 8, 60, 100

SETUP = """
import time
import ipywidgets as widgets
import numpy as np
from IPython.display import display
from classroom import cockpit, figures, live, mnist, surfaces, training, views
from mytorch_core import nn, optim

control = live.log_slider(0.001, 10, 0.3)
def slider(**options):
    top = len(control.values) - 1
    return widgets.IntSlider(control.position(0.3), 0, top, readout=False, **options)
def show(position):
    view = views.descent_view(optim.SGD, surfaces.ravine())
    view.update(lr=control.values[position])
    view.figure.set_dpi(100)
    display(view.figure)
"""
VARIANTS = {
    "label": """
bound, label = slider(), widgets.Label("-")
bound.observe(lambda change: setattr(label, "value", str(control.values[change["new"]])), "value")
widgets.VBox([bound, label])
""",
    "live": "live.live(views.descent_view(optim.SGD, surfaces.ravine()), lr=control)",
    "interactive_output": """
moved = slider()
widgets.VBox([moved, widgets.interactive_output(show, {"position": moved})])
""",
    "interact": "widgets.interact(show, position=slider());",
}
BARE = """
def network():
    start = {"rng": np.random.default_rng(0)}
    first, second = nn.Linear(784, 256, **start), nn.Linear(256, 100, **start)
    return nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), nn.Linear(100, 10, **start))
data = mnist.load()
def bare(epochs=50):
    model, rng = network(), np.random.default_rng(0)
    sgd = optim.SGD(model, lr=0.5)
    started = time.perf_counter()
    for _ in range(epochs):
        for x, y in mnist.minibatches(data.x_train, data.y_train, 100, rng):
            loss = nn.cross_entropy(model(x), y)
            sgd.zero_grad(); loss.backward(); sgd.step()
            loss.item()
        training.evaluate(model, data.x_test, data.y_test)
    return sgd.t / (time.perf_counter() - started)
"""
COCKPIT = """
rules = {"SGD": lambda p: optim.SGD(p, lr=0.5)}
cockpit.race(network(), data, rules, rng=np.random.default_rng(0))
"""

# Watches a cell at every animation frame: the times of events, and when what is shown changed.
WATCH = """cell => {
    const w = window.watch = {events: [], changes: [], on: true};
    const seen = () => {
        const label = cell.querySelector('.widget-label:not(.widget-label-basic *)');
        const image = cell.querySelector('.jp-OutputArea img');
        if (!image) return cell.querySelector('.widget-vbox .widget-label:last-child')?.textContent;
        return image.complete ? image.src.slice(0, 200) + image.src.length + image.src.slice(-400)
                              : null;
    };
    let last = seen();
    const look = () => {
        const now = seen();
        if (now !== null && now !== undefined && now !== last) {
            w.changes.push(performance.now());
            last = now;
        }
        if (w.on) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
    const note = event => w.on && w.events.push(event.timeStamp);
    w.kinds = ['keydown', 'pointermove'];
    for (const kind of w.kinds) window.addEventListener(kind, note, true);
    w.stop = () => {
        w.on = false;
        for (const kind of w.kinds) window.removeEventListener(kind, note, true);
    };
}"""
STOP = """() => {
    window.watch.stop();
    const {events, changes} = window.watch;
    return {events, changes};
}"""

DIGEST = """async image => {
    const bytes = await (await fetch(image.src)).arrayBuffer();
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    return [...digest].map(byte => byte.toString(16).padStart(2, "0")).join("");
}"""


def notebook():
    cells = {"setup": SETUP} | VARIANTS | {"bare": BARE, "cockpit": COCKPIT}
    cells = [nbformat.v4.new_code_cell(source.strip(), id=name) for name, source in cells.items()]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})


def latencies(watched):
    """From each event to the first change after it, in milliseconds."""
    waits = []
    for event in watched["events"]:
        after = [change for change in watched["changes"] if change > event]
        if after:
            waits.append(after[0] - event)
    return waits


class Bench:
    def __init__(self, page):
        self.page = page
        self.cells = dict(
            zip(
                ["setup", *VARIANTS, "bare", "cockpit"],
                page.locator(".jp-CodeCell").all(),
                strict=True,
            )
        )

    def handle(self, name):
        handle = self.cells[name].locator(".noUi-handle").first
        handle.scroll_into_view_if_needed()
        return handle

    def keys(self, name):
        handle = self.handle(name)
        handle.focus()
        self.page.evaluate(WATCH, self.cells[name].element_handle())
        for i in range(KEYS):
            self.page.keyboard.press("ArrowRight" if i % 2 else "ArrowLeft")
            self.page.wait_for_timeout(450)
        return self.page.evaluate(STOP)

    def drag(self, name, positions=POSITIONS, pause=16):
        box = self.handle(name).bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.evaluate(WATCH, self.cells[name].element_handle())
        for i in range(positions):
            step = i if i < positions / 2 else positions - i
            self.page.mouse.move(x - 3 * step, y)
            self.page.wait_for_timeout(pause)
        self.page.wait_for_timeout(700)
        watched = self.page.evaluate(STOP)
        self.page.mouse.up()
        return watched

    def last_value_shown(self):
        """How often, of BURSTS quick drags, the last position's picture is what is shown."""
        same = live.live(
            views.descent_view(optim.SGD, surfaces.ravine()), lr=live.log_slider(0.001, 10, 0.3)
        )
        cell, shown = self.cells["live"], 0
        handle = self.handle("live")
        for burst in range(BURSTS):
            box = handle.bounding_box()
            x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
            self.page.mouse.move(x, y)
            self.page.mouse.down()
            way = 12 * (3 + burst % 7) * (1 if burst % 2 else -1)
            self.page.mouse.move(x + way, y, steps=12)
            self.page.mouse.up()
            self.page.wait_for_timeout(500)
            position = round(float(handle.get_attribute("aria-valuenow")))
            same.set(lr=same.knobs["lr"].control.values[position])
            image = cell.locator("img.widget-image").element_handle()
            digest = hashlib.sha256(same.painter.jpeg(live.SHARP)).hexdigest()
            shown += self.page.evaluate(DIGEST, image) == digest
        return shown

    def blank_frames(self):
        """(without a figure, all): the frames that the browser showed in a drag."""
        self.handle("live")
        box = self.cells["live"].locator("img.widget-image").bounding_box()
        frames, session = [], self.page.context.new_cdp_session(self.page)

        def keep(frame):
            frames.append(frame["data"])
            session.send("Page.screencastFrameAck", {"sessionId": frame["sessionId"]})

        session.on("Page.screencastFrame", keep)
        session.send("Page.startScreencast", {"format": "png"})
        self.drag("live")
        session.send("Page.stopScreencast")
        blank = 0
        for frame in frames:
            shown = Image.open(io.BytesIO(base64.b64decode(frame))).convert("L")
            scale = shown.width / self.page.viewport_size["width"]
            x, y = box["x"] * scale, box["y"] * scale
            part = shown.crop((x, y, x + box["width"] * scale, shown.height))
            blank += np.asarray(part).std() < 5
        return int(blank), len(frames)

    def python(self, source):
        """The value of an expression in the notebook's kernel."""
        return float(
            self.page.evaluate(
                """async source => {
                const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
                const future = kernel.requestExecute({code: `print(${source})`});
                let text = '';
                future.onIOPub = message => {
                    if (message.header.msg_type === 'stream') text += message.content.text;
                };
                await future.done;
                return text;
            }""",
                source,
            )
        )

    def cockpit(self, seconds=8):
        """(frames a second, steps a second) of the cockpit while it trains."""
        cell = self.cells["cockpit"]
        cell.scroll_into_view_if_needed()
        press = lambda name: cell.get_by_role("button", name=name).click()
        press("Reset")
        press("Start")
        self.page.wait_for_timeout(1000)
        done = lambda: int(
            cell.locator("[role=status]").inner_text().split()[1].strip(".").replace(",", "")
        )
        # No look at every animation frame here: it would take time from the training it measures.
        shown = cell.locator("img.widget-image").element_handle()
        shown.evaluate("image => { window.shown = 0; image.onload = () => { window.shown++; }; }")
        first, started = done(), time.perf_counter()
        self.page.wait_for_timeout(1000 * seconds)
        steps, elapsed = done() - first, time.perf_counter() - started
        frames = self.page.evaluate("() => window.shown")
        press("Pause")
        self.page.wait_for_timeout(500)
        return frames / elapsed, steps / elapsed


def p95(values):
    return sorted(values)[int(0.95 * (len(values) - 1))]


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        nbformat.write(notebook(), folder / "bench.ipynb")
        with chromium.server(folder) as address, chromium.browser() as browser:
            errors = []
            page = chromium.open_notebook(browser, address, "bench.ipynb", errors)
            chromium.run_all(page)
            page.wait_for_timeout(2000)
            bench = Bench(page)
            waits = {kind: {name: [] for name in VARIANTS} for kind in ("keys", "drag")}
            frames = {name: [] for name in VARIANTS}
            for i in range(ROUNDS):
                print(f"sliders, round {i + 1} of {ROUNDS}", flush=True)
                for name in VARIANTS:
                    for kind in ("keys", "drag"):
                        watched = getattr(bench, kind)(name)
                        waits[kind][name] += latencies(watched)
                    frames[name].append(len(watched["changes"]))
            print(f"{BURSTS} quick drags", flush=True)
            casts = [bench.blank_frames() for _ in range(ROUNDS)]
            shown = bench.last_value_shown()
            print(f"last value shown {shown} times", flush=True)
            bare, cockpit = [], []
            for i in range(3):
                print(f"cockpit, round {i + 1} of 3", flush=True)
                bare.append(bench.python("bare()"))
                cockpit.append(bench.cockpit())
    for kind, names in waits.items():
        for name, values in names.items():
            middle = f"p50 {statistics.median(values):6.1f}  p95 {p95(values):6.1f} ms"
            drawn = f", {statistics.median(frames[name]):.0f} frames a drag" * (kind == "drag")
            print(f"{kind:5} {name:19} {middle}  ({len(values)} events{drawn})")
    result = {
        "label_p50": statistics.median(waits["keys"]["label"]),
        "live_p50": statistics.median(waits["keys"]["live"]),
        "live_p95": p95(waits["keys"]["live"]),
        "interact_p50": statistics.median(waits["keys"]["interact"]),
        "interactive_output_p50": statistics.median(waits["keys"]["interactive_output"]),
        "blank_frames": sum(blank for blank, _ in casts),
        "frames_looked_at": sum(seen for _, seen in casts),
        "last_value_shown": shown,
        "cockpit_fps": statistics.median(fps for fps, _ in cockpit),
        "cockpit_throughput": statistics.median(
            steps / loop for (_, steps), loop in zip(cockpit, bare, strict=True)
        ),
    }
    for kind in ("label", "live"):
        result[f"{kind}_drag_p50"] = statistics.median(waits["drag"][kind])
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))
    print("errors in the console:", errors)


if __name__ == "__main__":
    sys.exit(main())
