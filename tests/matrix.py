"""The tests on every supported Python, with the oldest and the newest packages allowed: make matrix

For each Python found here (on the PATH or under pyenv) two environments are made in a temporary
folder, and the tests run in them; those in a browser are left out, and so are style and parity.
`make matrix PYTHONS="3.10 3.13" TESTS="tests/test_optim.py"` narrows it down.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
OLDEST_AND_NEWEST = ("lowest-direct", "highest")
IN_A_BROWSER = ("test_browser", "test_screen", "test_reference")
UV = Path(sys.executable).with_name("uv")


def interpreter(version):
    """An executable Python of this version, or None."""
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    under_pyenv = sorted(versions.glob(f"{version}.*/bin/python"), reverse=True)
    for candidate in (shutil.which(f"python{version}"), *under_pyenv, sys.executable):
        if candidate:
            asked = "import sys; print('%d.%d' % sys.version_info[:2])"
            ran = subprocess.run([candidate, "-c", asked], capture_output=True, text=True)
            if ran.stdout.strip() == version:
                return str(candidate)
    return None


def tried(python, resolution, tests, folder):
    """(whether all is well, the last line of what was said) of one environment."""
    venv = Path(folder) / f"{Path(python).parts[-3]}-{resolution}"
    run = lambda *command: subprocess.run(
        [str(part) for part in command], cwd=ROOT, capture_output=True, text=True
    )
    for command in (
        (UV, "venv", "--quiet", "--python", python, venv),
        (UV, "pip", "install", "--quiet", "--python", venv / "bin" / "python",
         "--resolution", resolution, "-e", ".[test]"),
    ):  # fmt: skip
        ran = run(*command)
        if ran.returncode:
            return False, "no environment: " + " ".join(ran.stderr.split())[-300:]
    left_out = [f"--ignore=tests/{name}.py" for name in IN_A_BROWSER]
    ran = run(venv / "bin" / "python", "-m", "pytest", "-q", "-p", "no:cacheprovider",
              *left_out, *tests)  # fmt: skip
    (venv.parent / f"{venv.name}.txt").write_text(ran.stdout + ran.stderr, encoding="utf-8")
    lines = (ran.stdout + ran.stderr).strip().splitlines() or [""]
    shutil.rmtree(venv)
    failed = [line for line in lines if line.startswith(("FAILED", "ERROR"))][:5]
    return ran.returncode == 0, "; ".join([lines[-1], *failed])


def main():
    """Print a line for each environment; the exit code says whether all passed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tests", nargs="*", help="what pytest runs, by default everything")
    parser.add_argument("--pythons", nargs="*", default=PYTHONS)
    parser.add_argument("--resolutions", nargs="*", default=OLDEST_AND_NEWEST)
    options = parser.parse_args()
    folder, well = tempfile.mkdtemp(prefix="mytorch-matrix-"), True
    print(f"what each said stands in {folder}")
    for version in options.pythons:
        python = interpreter(version)
        if python is None:
            print(f"Python {version:5} skipped: it is not on this machine")
            continue
        for resolution in options.resolutions:
            start = time.monotonic()
            passed, told = tried(python, resolution, options.tests, folder)
            well = well and passed
            minutes = (time.monotonic() - start) / 60
            word = "passed" if passed else "FAILED"
            print(f"Python {version:5} {resolution:13} {word} in {minutes:.1f} min: {told}")
    return not well


if __name__ == "__main__":
    sys.exit(main())
