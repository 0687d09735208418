# Two commands set everything up on a machine with git, make and Python 3.10 or newer: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
ARGS ?= -n auto
unexport PYTHONDONTWRITEBYTECODE # each of a thousand processes would compile the package anew

.PHONY: demo test test-slow quick browser test-all test-lowest faults rehearsal compat fuzz bench scale docs reference pictures lint actions package
.PHONY: clean

demo: $(VENV)/usable
	$(BIN)/python tests/demo.py

test: $(VENV)/installed
	$(BIN)/python -m pytest -m "not slow" $(ARGS)

# What that leaves out: whole walks through the pages, each client and format beside each other, workers.
test-slow: $(VENV)/installed
	$(BIN)/python -m pytest -m slow $(ARGS)

# Everything but recording, the plugin and the command line, in under a minute: for a person between two edits.
QUICK = cassettes compare judge model openapi report secrets test_recipes.py
quick: $(VENV)/installed
	$(BIN)/python -m pytest -m "not slow" $(ARGS) $(QUICK:%=tests/%)

# The HTML report and the documentation site in the Chromium of this machine (apt-get install chromium), or the one that
# CHROMIUM names.
browser: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --group browser
	$(BIN)/python -m pytest tests/browser

# Every fault against every promise; ARGS=R01 keeps to one. Ends with the table that docs/explanation/promises.md shows.
faults: $(VENV)/installed
	PYTHONPATH=tests $(BIN)/python -m faults $(filter R%,$(ARGS))

# What a rehearsal promises, W1 to W6; ARGS=W3 keeps to one. Ends with a table.
rehearsal: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --group rehearsal
	PYTHONPATH=tests $(BIN)/python -m rehearsals $(filter W%,$(ARGS))

# The plugins and clients that real suites use, each in an environment of its own; ARGS="--often" keeps to those that most
# use, ARGS="pytest-xdist httpx" to some, ARGS=--save writes docs/compatibility.md.
compat: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --group compat
	PYTHONPATH=tests $(BIN)/python -m compat $(filter-out -n auto,$(ARGS))

# Bytes that lead the cassette reader or the comparison of shapes astray; ARGS=--minutes=8 looks longer, for each.
# Atheris is there for some Pythons only.
fuzz: .venv-fuzz/installed
	PYTHONPATH=tests .venv-fuzz/bin/python -W ignore -m fuzz $(filter-out -n auto,$(ARGS))

.venv-fuzz/installed: pyproject.toml
	$(PYTHON) -m venv --clear .venv-fuzz
	.venv-fuzz/bin/python -m pip install --quiet --upgrade pip
	.venv-fuzz/bin/python -m pip install --quiet --editable . --group fuzz
	@touch $@

# What the plugin costs, beside what is promised and what others cost; ARGS="P3 P7" keeps to some, ARGS=--quick to one
# round, ARGS=--instructions counts these, ARGS=--no-slower too, and fails where they have become more, ARGS=--parts
# counts of what a replay consists, ARGS=--save puts the figures and the plots into the docs. Peers have environments of
# their own: two of them clash.
ENVIRONMENTS = bare ours recording cassetter plot
bench: $(ENVIRONMENTS:%=.venv-bench-%/installed)
	.venv-bench-ours/bin/python -m benchmarks $(filter P% --%,$(ARGS))

# Checks and comparisons of 100,000 recorded exchanges; ARGS=--tenth takes a tenth of them.
scale: $(VENV)/installed
	$(BIN)/python -m benchmarks.scale $(filter --%,$(ARGS))

.venv-bench-%/installed: benchmarks/environments/%.txt benchmarks/environments/bare.txt
	$(PYTHON) -m venv --clear .venv-bench-$*
	.venv-bench-$*/bin/python -m pip install --quiet --upgrade pip
	.venv-bench-$*/bin/python -m pip install --quiet --requirement $<
	@touch $@

# The documentation site, strictly: a link that leads nowhere fails. Open site/index.html.
docs: $(VENV)/usable
	$(BIN)/python -m pip install --quiet --group docs
	$(BIN)/zensical build --clean --strict

# What the reference says of settings, commands, findings, reports and Python, written into its pages from the code.
reference: $(VENV)/usable
	PYTHONPATH=tests $(BIN)/python -m reference

# The pictures in docs/images, made from real runs: terminals as SVG, pages by Chromium (see `make browser`).
pictures: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --group pictures
	PYTHONPATH=tests $(BIN)/python -m pictures

lint: $(VENV)/linted
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/zizmor --offline --quiet --pedantic .github action.yml

# Workflows by actionlint, which pip fetches from GitHub: where that cannot be reached, CI runs it.
actions: $(VENV)/usable
	$(BIN)/python -m pip install --quiet --group actions
	$(BIN)/actionlint

# What PyPI gets, built into dist as a release builds it, and looked at; no person's address stands in the metadata.
package: $(VENV)/usable
	rm -rf dist
	$(BIN)/python -m pip install --quiet --group publish
	$(BIN)/python -m build --outdir dist
	$(BIN)/twine check --strict dist/*
	$(BIN)/check-wheel-contents dist/*.whl
	$(BIN)/pyroma --min 10 --skip-tests AuthorEmail dist/*.tar.gz

# The suite on every Python version that the package supports, as far as this machine has them.
test-all:
	@for version in 3.10 3.11 3.12 3.13; do \
	  python=$$(command -v python$$version || ls -d $${PYENV_ROOT:-$$HOME/.pyenv}/versions/$$version.*/bin/python 2>/dev/null | tail -n 1); \
	  [ -n "$$python" ] && "$$python" -c "" 2>/dev/null || python=$$(ls -d $${PYENV_ROOT:-$$HOME/.pyenv}/versions/$$version.*/bin/python 2>/dev/null | tail -n 1); \
	  if [ -z "$$python" ]; then echo "Python $$version: not on this machine"; continue; fi; \
	  echo "== Python $$version"; \
	  $(MAKE) --no-print-directory test test-slow PYTHON="$$python" VENV=".venv-$$version" || exit 1; \
	done

# The suite with the lowest version of every dependency that pyproject.toml allows; before pytest 9, subtests were a plugin.
test-lowest: $(VENV)/installed
	$(BIN)/python tests/lowest.py > $(VENV)/lowest.txt
	$(PYTHON) -m venv --clear .venv-lowest
	.venv-lowest/bin/python -m pip install --quiet --upgrade pip
	.venv-lowest/bin/python -m pip install --quiet --constraint $(VENV)/lowest.txt --editable . --group test pytest-subtests
	.venv-lowest/bin/python -m pytest $(ARGS)

$(VENV)/usable: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "pytest-hubfiles needs Python 3.10 or newer; this is " + sys.version.split()[0] + ". Try make PYTHON=python3.12")'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable . --group clients
	@touch $@

$(VENV)/installed: $(VENV)/usable
	$(BIN)/python -m pip install --quiet --group test
	@touch $@

$(VENV)/linted: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --group lint
	@touch $@

clean:
	rm -rf .venv* .cache .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist site
