"""Execute the notebooks and write them in their normal form: `make notebooks`.

In the normal form the same run gives the same bytes: no timings, no widget state, nothing of the
machine, and metadata only where the course uses it.
"""

import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

NOTEBOOKS = Path(__file__).parents[2]
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
METADATA_KEPT = {"tags", "jupyter", "slideshow", "editable"}
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def normalise(notebook):
    """The notebook in its normal form, changed in place and returned."""
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    )
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict(
            {key: value for key, value in cell.metadata.items() if key in METADATA_KEPT}
        )
        cell.pop("attachments", None)
        for output in cell.get("outputs", []):
            if "data" in output:
                output.data.pop(WIDGET_VIEW, None)
                output.metadata = nbformat.from_dict({})
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if not _is_empty(output)]
    return notebook


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
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute()
    return normalise(notebook)


def main(names):
    """Re-execute the notebooks named, or all; a notebook that fails is left as it was."""
    os.environ |= {"TQDM_DISABLE": "1", "PYTHONHASHSEED": "0"}
    paths = [Path(name) for name in names] or sorted(NOTEBOOKS.glob("*.ipynb"))
    failed = []
    for path in paths:
        print(f"{path.name} ...", end=" ", flush=True)
        try:
            nbformat.write(execute(path), path)
            print("done")
        except CellExecutionError as error:
            failed.append(path.name)
            print(f"failed, left as it was:\n{error}")
    return f"failed: {', '.join(failed)}" if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
