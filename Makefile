# Everything happens in .venv, which the first command creates from Python (3.10 or newer) and pip.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
AS_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)

.PHONY: help lab test check parity matrix soak bench bench-growth bench-live bench-checks notebooks
.PHONY: student site slides test-web lint format clean

help:
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 14

lab: $(VENV)/installed ## open the course in JupyterLab
	cd notebooks && ../$(BIN)/jupyter lab $(AS_ROOT)

test: $(VENV)/installed-test lint ## run every test, and re-execute every notebook
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage report --fail-under=100

# What is neither run in a browser nor trained for long, nor judged a thousand times.
QUICK := tensor nn optim optimizers derivatives house project notebooks views memory surfaces cockpit
check: $(VENV)/installed-test lint ## the quick tests, for after each edit
	$(BIN)/python -m pytest -q $(QUICK:%=tests/test_%.py) tests/parity

parity: $(VENV)/installed-parity ## install PyTorch and compare with it, live
	REQUIRE_TORCH=1 $(BIN)/python -m pytest tests/parity

matrix: $(VENV)/installed-test ## run the tests on every Python, with oldest and newest packages
	$(BIN)/python tests/matrix.py $(if $(PYTHONS),--pythons $(PYTHONS)) -- $(TESTS)

soak: $(VENV)/installed-test ## half an hour of the cockpit: memory, pictures, steps
	$(BIN)/python tests/faults/soak.py --minutes $(or $(MINUTES),30)

bench: $(VENV)/installed-bench ## compare the core's speed with PyTorch's and JAX's
	$(BIN)/python benchmarks/speed.py

bench-growth: $(VENV)/installed-parity ## time it against width, batch and depth
	$(BIN)/python benchmarks/growth.py

bench-live: $(VENV)/installed-test ## time the sliders in JupyterLab in Chromium
	$(BIN)/python benchmarks/live.py

bench-checks: $(VENV)/installed-test ## time the checks of the exercises
	$(BIN)/python benchmarks/checks.py

notebooks: $(VENV)/installed-test ## re-execute the notebooks and write their outputs
	$(BIN)/python -m classroom.editions.publish

student: $(VENV)/installed-test ## write the edition without solutions to dist/
	$(BIN)/python -m classroom.editions.student

site: $(VENV)/installed-site ## write the web site to dist/site
	$(BIN)/python web/pages.py $(SITE)

slides: $(VENV)/installed-site ## write a deck of slides for each chapter to dist/slides
	$(BIN)/python web/slides.py

test-web: $(VENV)/installed-site ## build the site and the slides and look at them in Chromium
	REQUIRE_WEB=1 $(BIN)/python -m pytest tests/test_web.py

lint: $(VENV)/installed-test ## check style and format
	$(BIN)/ruff check
	$(BIN)/ruff format --check

format: $(VENV)/installed-test ## mend style and format
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean: ## remove what the commands made
	rm -rf $(VENV) .pytest_cache .ruff_cache .coverage*

# uv installs in seconds what takes pip half a minute. It does not read pip's settings, so where an
# installation needs them (a mirror, a proxy's certificate) pip takes over.
define install
	$(BIN)/uv pip install --quiet --python $(BIN)/python -c constraints.txt -e '$(1)' \
	|| $(BIN)/python -m pip install --quiet -c constraints.txt -e '$(1)'
	touch $@
endef

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' \
	|| { echo "mytorch needs Python 3.10 or newer: make PYTHON=/path/to/python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet uv

$(VENV)/installed: pyproject.toml constraints.txt | $(BIN)/uv
	$(call install,.)

$(VENV)/installed-test: pyproject.toml constraints.txt | $(BIN)/uv
	$(call install,.[test])

$(VENV)/installed-site: $(VENV)/installed-test
	$(call install,.[site])

# Which build of PyTorch is right depends on the machine, and pip's settings know it.
$(VENV)/installed-parity: $(VENV)/installed-test
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[parity]'
	touch $@

# JAX is not there for every machine; the benchmark then says that it is missing.
$(VENV)/installed-bench: $(VENV)/installed-parity
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[parity,bench]' || true
	touch $@
