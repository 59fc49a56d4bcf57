"""Execute the notebooks and write them in their normal form: `make notebooks`.

    python -m classroom.editions.publish FILE              re-execute one chapter
    python -m classroom.editions.publish --no-run FILE     only write it in its normal form

In the normal form the same run gives the same bytes: no timings, no widget state, nothing of the
machine, and metadata only where the course uses it. A cell that has no place in the slides or an id
that the front end made up gets what most cells of its kind have.
"""

import argparse
import os
import re
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

NOTEBOOKS = Path(__file__).parents[2]
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
METADATA_KEPT = {"tags", "jupyter", "slideshow", "editable", "nbgrader"}
EXERCISE = {"exercise", "solution"}
PREDICTION, ANSWER = "**Predict", "<details><summary>Answer"
PICTURE = "# The picture\n"
IN_SIGHT = re.compile(r"^(live|cockpit\.race|check|progress)\(", re.MULTILINE)
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def normalise(notebook):
    """The notebook in its normal form, changed in place and returned."""
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    )
    notebook.nbformat_minor = 5  # from which on cells have ids
    setup = next((cell for cell in notebook.cells if cell.cell_type == "code"), None)
    asked = False  # whether a prediction still waits for its answer
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            asked = (asked or PREDICTION in cell.source) and not cell.source.startswith(ANSWER)
        metadata = {key: value for key, value in cell.metadata.items() if key in METADATA_KEPT}
        metadata.setdefault("slideshow", {"slide_type": _place(cell, cell is setup)})
        metadata.pop("jupyter", None)
        folded = _folded(cell, cell is setup, asked)
        if folded:
            metadata["jupyter"] = folded
        cell.metadata = nbformat.from_dict(metadata)
        cell.pop("attachments", None)
        for output in cell.get("outputs", []):
            if "data" in output:
                output.data.pop(WIDGET_VIEW, None)
                output.metadata = nbformat.from_dict({})
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if not _is_empty(output)]
    _name(notebook.cells)
    return notebook


def _folded(cell, is_setup, asked):
    """What of a cell JupyterLab shows as one line: set-up, solutions, answers to predictions.

    JupyterLab unfolds an output when its cell is run. A live figure answers nothing at its
    defaults, and stays in sight.
    """
    is_solution = cell.cell_type == "code" and "solution" in cell.metadata.get("tags", [])
    folded = {}
    if is_setup or is_solution or cell.source.startswith(PICTURE):
        folded["source_hidden"] = True  # of a picture: its alternative text states the finding
    if asked and cell.cell_type == "code" and not IN_SIGHT.search(cell.source):
        folded["outputs_hidden"] = True
    return folded


def _place(cell, is_setup):
    """Where most cells of this kind stand in the slides."""
    if cell.cell_type != "code":
        if cell.source.startswith(ANSWER):
            return "subslide"
        return "slide" if cell.source.startswith("#") else "fragment"
    of_an_exercise = EXERCISE & set(cell.metadata.get("tags", []))
    aside = is_setup or of_an_exercise or cell.source.startswith("progress(")
    return "skip" if aside else "subslide"


MADE_UP = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{8}|")


def _name(cells):
    """Words for the ids that a front end made up: those of the exercise, or of the section."""
    section = exercise = "start"
    known = {cell.get("id") for cell in cells}
    for cell in cells:
        heading = cell.cell_type == "markdown" and re.match(r"#+ (.+)", cell.source)
        asked = re.search(r'^check\("(\w+)"', cell.source, flags=re.MULTILINE)
        tags = cell.metadata.get("tags", [])
        if heading:
            words = re.findall("[a-z]+", heading[1].lower())
            section = "-".join(words[:4]) or section
        if asked and "exercise" in tags:
            exercise = asked[1].replace("_", "-")
        if MADE_UP.fullmatch(cell.get("id", "")):
            stem = section
            if EXERCISE & set(tags):
                stem = f"{exercise}-{'stub' if 'exercise' in tags else 'solution'}"
            names = [stem, *(f"{stem}-{i}" for i in range(2, len(cells) + 2))]
            cell.id = next(name for name in names if name not in known)
            known.add(cell.id)


def without_views(model, **_):
    """Jupyter's hook before it saves a file: drop the views of widgets that have a still picture.

    A view needs its kernel; without one JupyterLab shows an error in its place, even where the
    same output holds a picture.
    """
    if model["type"] == "notebook":
        for cell in model["content"]["cells"]:
            for output in cell.get("outputs", []):
                if "text/html" in output.get("data", {}):
                    output["data"].pop(WIDGET_VIEW, None)


def _is_empty(output):
    """Whether this is what a finished progress bar leaves."""
    return output.output_type == "display_data" and not any(output.data.values())


def execute(path):
    """Run the notebook from top to bottom; raises CellExecutionError where a cell fails."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,
        extra_arguments=["--log-level=40"],  # errors only: what else a kernel says is no output
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute()
    return normalise(notebook)


def main(arguments=None):
    """Re-execute the notebooks named, or all; a notebook that fails is left as it was."""
    parser = argparse.ArgumentParser(description="Write notebooks in their normal form.")
    parser.add_argument("files", nargs="*", metavar="FILE", type=Path, help="all, if none is named")
    parser.add_argument("--no-run", action="store_true", help="keep the outputs as they are")
    options = parser.parse_args(arguments)
    os.environ |= {"TQDM_DISABLE": "1", "PYTHONHASHSEED": "0"}
    with tempfile.TemporaryDirectory() as nothing_kept:  # what is stored was computed just now
        os.environ["MYTORCH_CACHE"] = nothing_kept
        failed = _publish(options.files or sorted(NOTEBOOKS.glob("*.ipynb")), options.no_run)
    return f"failed: {', '.join(failed)}" if failed else 0


def _publish(paths, no_run):
    """The names of those of the notebooks that could not be written."""
    failed = []
    for path in paths:
        print(f"{path.name} ...", end=" ", flush=True)
        try:
            made = normalise(nbformat.read(path, as_version=4)) if no_run else execute(path)
            nbformat.write(made, path)
            print("done")
        except CellExecutionError as error:
            failed.append(path.name)
            print(f"failed, left as it was:\n{error}")
        except (OSError, ValueError) as error:  # no such file, or no notebook
            failed.append(path.name)
            print(f"cannot be read: {error}")
    return failed


if __name__ == "__main__":
    sys.exit(main())
