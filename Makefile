# The words a newcomer needs. Each builds what it needs first; nothing is installed outside .venv and .state
# (`make test` adds Chromium from the system's packages when it may).

PYTHON ?= python3
PORT ?= 8000
SPEED ?= 1
ORDERS ?= 300
SHOPS ?= 4
FAULTS ?= none
SEED ?= 1
ROWS ?= 1,5,7,9,15,18,19,23,27,34,40
BENCH ?= import,rules,list,search,counts,bulk,idle
ARGS ?=

RUN := .venv/bin/python
MANAGE := $(RUN) manage.py
FILLED := $(RUN) -m hub.embedded run

.DEFAULT_GOAL := help
.PHONY: help venv lock demo journey test browser lint format bench chaos features serve shots stop translations messages
.NOTPARALLEL:

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

venv: .venv/made ## build the virtual environment

.venv/made: requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed; name one with PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

LOCK := .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header
lock: venv ## write the requirements files anew from the .in files, with hashes and without addresses
	@.venv/bin/pip install --quiet --disable-pip-version-check uv
	$(LOCK) requirements-dev.in -o requirements-dev.txt
	$(LOCK) -c requirements-dev.txt requirements.in -o requirements.txt

demo: messages ## two shops with a past, orders coming in; PORT=8000 SPEED=1
	@$(MANAGE) demo --port $(PORT) --speed $(SPEED)

journey: messages ## the main job to its end, judged; ORDERS=300 SHOPS=4 FAULTS=none|some|many SEED=1
	@$(MANAGE) journey --orders $(ORDERS) --shops $(SHOPS) --faults $(FAULTS) --seed $(SEED)

test: messages browser ## all tests; ARGS= goes to pytest
	@$(RUN) -m pytest -n auto --maxprocesses 4 --dist worksteal $(ARGS)

lint: venv ## style, types, import layers, migrations, OpenAPI, translations
	@mkdir -p .state
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	$(FILLED) .venv/bin/mypy .
	.venv/bin/lint-imports
	$(MANAGE) makemigrations --check --dry-run
	$(MANAGE) spectacular --validate --fail-on-warn --file .state/openapi.yaml
	$(MANAGE) api_docs --check
	$(RUN) .ci/conventions.py
	$(RUN) .ci/translations.py

format: venv ## let ruff put everything into shape
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

bench: venv ## measure against limits of the same run; BENCH=import,rules,... SIZE=small|full
	@$(RUN) -m benches --rows $(BENCH) --size $(or $(SIZE),small)

chaos: messages ## faults, one line a row; ROWS=1,5,23 SIZE=c|n SEED=1
	@$(MANAGE) chaos --rows $(ROWS) --size $(or $(SIZE),c) --seed $(SEED)

features: messages ## which rows of the feature list have a passing test
	@$(MANAGE) features

serve: messages ## web, worker and beat against DATABASE_URL and REDIS_URL; PORT=8000
	@$(MANAGE) migrate --verbosity 0
	@$(MANAGE) collectstatic --noinput --verbosity 0
	@$(MANAGE) serve --port $(PORT)

shots: messages browser ## pictures of every screen into docs/pictures: two widths, light and dark, Japanese and English, full and empty, loading and failing
	@rm -rf docs/pictures
	@SHOTS=docs/pictures $(RUN) -m pytest -q -p no:randomly tests/browser/test_pictures.py

stop: venv ## stop the embedded PostgreSQL and Valkey
	@$(RUN) -m hub.embedded stop

translations: venv ## write texts that lack English into locale/en, for a person to fill
	@$(RUN) .ci/translations.py --update

# The compiled words are kept beside their source, so that a checkout speaks English without a build; lint compares the two.
messages: venv
	@for po in $(wildcard $(addsuffix locale/*/LC_MESSAGES/*.po,./ */ */*/)); do \
		mo="$${po%.po}.mo"; [ "$$mo" -nt "$$po" ] || .venv/bin/pybabel --quiet compile -i "$$po" -o "$$mo"; done

browser:
	@sh .ci/browser
