"""The web site: every chapter as it is stored, to be read without an installation (`make site`).

    python web/pages.py [FOLDER] [--lite FOLDER] [--repository OWNER/NAME]

The notebooks are not executed. What JupyterLab folds is folded here, too. The site asks no other
host for anything, so it also works from a folder or behind a wall. `--lite` takes a built
JupyterLite into the site and links every chapter to it; `--repository` adds links to Binder and
Colab.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
import slides

ROOT = Path(__file__).parents[1]
WEB, NOTEBOOKS = ROOT / "web", ROOT / "notebooks"
IN_THE_BROWSER = """\
<p><a href="lite/lab/index.html?path=00_start_here.ipynb">Run the course in the browser</a>, with
nothing to install: it loads Python into the page, which takes a while at first.</p>
"""
IN_COLAB = """\
**In Colab** a chapter needs the course before it starts. Put this into a cell above the first, run
it, and restart the session if Colab asks for it:

    %pip install -q git+https://github.com/{}
"""
WIDE = "---\nhtml_theme.sidebar_secondary.remove: true\n---\n\n"
QUESTION = re.compile(r"^\| \[.+\]\(notebooks/(.+)\.ipynb\) \| (.+) \|$", re.MULTILINE)


def folded(notebook):
    """The notebook with what JupyterLab folds tagged so that Sphinx folds it; changed in place."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            hidden = cell.metadata.get("jupyter", {})
            tags = cell.metadata.setdefault("tags", [])
            if "solution" in tags:
                tags.append("hide-cell")
            elif hidden.get("source_hidden"):
                tags.append("hide-input")
            if hidden.get("outputs_hidden"):
                tags.append("hide-output")
            first = cell.source.partition("\n")[0]
            what = first[2:].lower() if first in ("# Solution", "# Set-up") else "{type}"
            cell.metadata["mystnb"] = {
                "code_prompt_show": f"Show the {what}",
                "code_prompt_hide": f"Hide the {what}",
            }
    return notebook


def links(name, lite, repository):
    """A line of HTML: where a chapter can be run, and where it can be had."""
    places = []
    if lite:
        places.append((f"lite/lab/index.html?path={name}.ipynb", "Run in the browser"))
    if repository:
        binder, colab = "https://mybinder.org/v2/gh", "https://colab.research.google.com/github"
        at = f"notebooks/{name}.ipynb"
        places.append((f"{binder}/{repository}/main?urlpath=lab/tree/{at}", "Run on Binder"))
        places.append((f"{colab}/{repository}/blob/main/{at}", "Open in Colab"))
    places += [(f"notebooks/{name}.ipynb", "Download"), (f"slides/{name}.html", "Slides")]
    return " ".join(f'<a href="{address}">{text}</a>' for address, text in places)


def lay_out(sources, lite, repository):
    """Write what Sphinx renders: the front page, the chapters, the pages beside them."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    asked = {name: question for name, question in QUESTION.findall(readme)}
    rows = ["| chapter | question | |", "|---|---|---|"]
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        name = path.stem
        notebook = folded(nbformat.read(path, as_version=4))
        heading, _, rest = notebook.cells[0].source.partition("\n")
        places = links(name, lite, repository)
        rows.append(f"| [{heading[2:]}]({name}.ipynb) | {asked.get(name, '')} | {places} |")
        line = f'<p class="chapter-links">{places}</p>'
        notebook.cells[0].source = f"{heading}\n\n{line}\n{rest}"
        nbformat.write(notebook, sources / f"{name}.ipynb")
    front = (WEB / "index.md").read_text(encoding="utf-8")
    front = front.replace("{run}", IN_THE_BROWSER if lite else "")
    front = front.replace("{colab}", IN_COLAB.format(repository) if repository else "")
    front = front.replace("{chapters}", "\n".join(rows))
    (sources / "index.md").write_text(front, encoding="utf-8")
    shutil.copy(ROOT / ".github" / "ravine.png", sources)
    reference = (NOTEBOOKS / "reference.md").read_text(encoding="utf-8")
    (sources / "reference.md").write_text(WIDE + reference, encoding="utf-8")
    shutil.copytree(NOTEBOOKS / "teaching", sources / "teaching")
    with open(sources / "teaching" / "README.md", "a", encoding="utf-8") as file:
        file.write("\n```{toctree}\n:hidden:\n:glob:\n\n0*\ngrading*\n```\n")


def build(target, lite=None, repository=""):
    """Write the site into the folder, in place of an older one."""
    shutil.rmtree(target, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        sources, static = Path(folder) / "sources", Path(folder) / "static"
        sources.mkdir()
        static.mkdir()
        lay_out(sources, lite, repository)
        shutil.copy(WEB / "site.css", static)
        shutil.copy(slides.bundled("sphinx-mathjax-offline", "tex-svg.js"), static / "mathjax.js")
        command = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going", "--quiet"]
        command += ["-c", str(WEB), "-d", f"{folder}/doctrees", str(sources), str(target)]
        environment = {"SITE_STATIC": str(static), "SITE_REPOSITORY": repository}
        subprocess.run(command, check=True, env=os.environ | environment)
    slides.build(target / "slides")
    (target / "notebooks").mkdir()
    for path in NOTEBOOKS.glob("*.ipynb"):
        shutil.copy(path, target / "notebooks")
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "classroom.editions.student", folder]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        (archive,) = Path(folder).glob("*.zip")  # named after its version
        shutil.copy(archive, target / "student.zip")
    if lite:
        shutil.copytree(lite, target / "lite")
    (target / ".nojekyll").touch()  # or GitHub leaves out the folders that begin with _


def main(arguments=None):
    """Build the site where the command line says."""
    parser = argparse.ArgumentParser(description="Write the web site of the course.")
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "dist" / "site")
    parser.add_argument("--lite", type=Path, help="a built JupyterLite, to be part of the site")
    parser.add_argument("--repository", default="", help="OWNER/NAME, for Binder and Colab")
    options = parser.parse_args(arguments)
    build(options.folder, options.lite, options.repository)
    print(options.folder / "index.html")


if __name__ == "__main__":
    main()
