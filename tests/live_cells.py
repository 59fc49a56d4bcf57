"""The live figures of the notebooks, and which cells each of them needs."""

import ast
import symtable
from pathlib import Path

import nbformat
from cell_names import defines, needs

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
MAKERS = {"live", "race"}


def chapters():
    """(stem, code cells, {id of a live figure's cell: where the cells stand that it takes})."""
    for path in NOTEBOOKS:
        cells = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
        cells = [c for c in cells if "exercise" not in c.metadata.get("tags", [])]
        tables = [symtable.symtable(cell.source, cell.id, "exec") for cell in cells]
        figures = {}
        for last, cell in enumerate(cells):
            final = ast.parse(cell.source).body[-1]
            if isinstance(final, ast.Expr) and MAKERS & called(final):
                wanted, places = needs(tables[last]), [last]
                for i in range(last - 1, -1, -1):
                    if wanted & defines(tables[i]):
                        wanted = (wanted - defines(tables[i])) | needs(tables[i])
                        places.insert(0, i)
                figures[cell.id] = places
        yield path.stem, cells, figures


def called(tree):
    """The names of what is called in a piece of code."""
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {getattr(f, "attr", getattr(f, "id", None)) for f in calls}


def excerpt(stem):
    """The chapter as a notebook of its live figures, with the cells they take and no others."""
    cells, figures = next(found for name, *found in chapters() if name == stem)
    wanted = sorted({place for places in figures.values() for place in places})
    cells = [nbformat.v4.new_code_cell(cells[i].source, id=cells[i].id) for i in wanted]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
