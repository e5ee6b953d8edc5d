# `make` prints this help. Every target sets up what it needs, in .venv, from Python 3.11 or later and a package index.

# What is given on make's command line is taken as it is: make expands it neither here nor in the recipes' environment.
$(foreach name,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $(name)))),\
	$(eval override $(name) := $$(value $(name)))$(eval export $(name))))
# Words for the shell, which runs nothing that they hold.
literal = $(subst `,\`,$(subst $$,\$$,$(value $(1))))
WORDS = $(call literal,ARGS)

# Unless PYTHON= names another: Python 3.11, or else whatever is there and new enough.
ifeq ($(origin PYTHON),undefined)
PYTHON := $(shell for each in python3.11 python3 python3.12 python3.13 python3.14 python; do \
	$$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$each && exit; done; echo python3.11)
endif
override PYTHON := $(call literal,PYTHON)
# Each version has its own folder. The stamp bears a checksum of the interpreter, so that another of the same version
# (a new build, or one in another place) is set up anew and does not use what the first has installed.
INTERPRETER := $(shell $(PYTHON) -c 'import os, platform, sys, zlib; build = os.path.realpath(sys.executable) + sys.version; \
	print(platform.python_version() + sys.abiflags, zlib.crc32(build.encode()))' 2>/dev/null)
VENV := .venv/$(or $(firstword $(INTERPRETER)),none)
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed-$(lastword $(INTERPRETER))
BROWSER := $(STAMP)-with-browser
SPEC_TOOLS := node_modules/.spec-tools-installed
SPEC_TOOLS_PACKAGES := @redocly/cli@2.77.0 @stoplight/spectral-cli@6.16.3 \
	openapi-typescript@7.13.0 @hey-api/openapi-ts@0.99.0 orval@8.38.0 typescript@5.9.3
BENCH := node_modules/.bench/.installed
PRISM_VERSION := 5.16.0
AUTOCANNON_VERSION := 9.0.0
HAND_WRITTEN := emulator scripts tests
ARGS ?=
SECONDS ?= 60
# Not from the environment, where some systems have a NAME of their own.
NAME :=

.DEFAULT_GOAL := help
.PHONY: help setup generate verify lint-spec lint check test-fast test test-long coverage test-pythons browser contract contract-live contract-cleanup report assumptions drift-power fuzz packages bench soak emulator vendor vendor-check clean check-traffic spec-diff

help: ## print this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## install everything into .venv/VERSION; PYTHON=python3.13 picks the interpreter of any target
	@echo "installed in $(VENV)"

$(STAMP): pyproject.toml constraints.txt
	@command -v $(firstword $(PYTHON)) >/dev/null || { \
		echo "make: $(PYTHON) is missing; install Python 3.11 or later, or set PYTHON=" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "make: $(PYTHON) is not Python 3.11 or later; set PYTHON= to one that is" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m scripts.install dev
	@touch $@

# Other linters and generators read the spec, where Node is present; their tests say why they are skipped where it is not.
$(SPEC_TOOLS): Makefile
	@mkdir -p node_modules
	@if command -v npm >/dev/null; then npm install --silent --no-save --no-package-lock --no-audit --no-fund \
		--ignore-scripts $(SPEC_TOOLS_PACKAGES) || \
		echo "make: the readers of the spec could not be installed from npm; going on without" >&2; fi
	@touch $@

generate: $(STAMP) ## make generated/ from openapi/
	$(BIN)/python -m scripts.client.generate

verify: $(STAMP) ## check that generated/ is what openapi/ gives
	$(BIN)/python -m scripts.client.generate --check

lint-spec: $(STAMP) ## check the house rules of the spec
	$(BIN)/python -m scripts.spec.lint

lint: lint-spec ## check the house rules of the spec, style and types
	$(BIN)/ruff check --no-cache
	$(BIN)/ruff format --check
	$(BIN)/mypy $(HAND_WRITTEN) generated/buildkite_packages

# The shell reads the ref out of its environment, so that it may hold any character.
spec-diff: export BASE := $(value BASE)
spec-diff: export AS := $(or $(value FORMAT),text)
spec-diff: $(STAMP) ## say what changed in the spec since BASE=REF, and whom it breaks; FORMAT=markdown or json
	@$(BIN)/python -m scripts.spec.diff --base="$$BASE" --format="$$AS"

# Side by side, as each of them leaves a core idle for a while.
check: $(STAMP) ## what to run before each commit: lint, verify and the fast tests
	@+$(MAKE) --no-print-directory --jobs=2 --keep-going test-fast lint verify

test-fast: $(STAMP)
	$(BIN)/python -m pytest -n auto -m "not slow and not long" $(WORDS)

test: $(STAMP) $(SPEC_TOOLS) ## run the tests on all cores; ARGS='-k name' picks some
	$(BIN)/python -m pytest -n auto -m "not long" $(WORDS)

test-long: $(STAMP) ## run the tests that take minutes: live runs that are stopped, soaks
	$(BIN)/python -m pytest -n auto -m long $(WORDS)

coverage: $(STAMP) ## measure the coverage of the tests, processes that they start included; ARGS= as for test
	@rm -f reports/coverage/data*
	COVERAGE_PROCESS_START=pyproject.toml $(BIN)/python -m coverage run -m pytest -n auto -m "not long" $(WORDS)
	@$(BIN)/python -m coverage combine --quiet
	@$(BIN)/python -m coverage html --quiet
	@$(BIN)/python -m coverage report --skip-covered

# Each interpreter needs its own setup, so none is needed here.
test-pythons: export PYTHONS := $(value PYTHONS)
test-pythons: ## run client tests, spec tests and a short contract run on every Python found; PYTHONS=newest or "3.12 3.13"
	@$(PYTHON) -m scripts.pythons

# What drives the browser is large, and nothing else needs it.
$(BROWSER): $(STAMP)
	@$(BIN)/python -m scripts.install browser
	@touch $@

browser: $(BROWSER) ## test the pages in headless Chromium; CHROMIUM= names one
	$(BIN)/python -m pytest tests/browser $(WORDS)

contract: $(STAMP) ## compare the emulator with the spec; SEED= repeats a run, SHARD=2/8 makes a share, FUZZ_MINUTES=60 goes on
	$(BIN)/python -m scripts.contract

contract-live: $(STAMP) ## compare a live organization with the spec; WRITE=1 lets it write, RATE=40, RESUME=0 starts anew
	@$(BIN)/python -m scripts.contract.live

contract-cleanup: $(STAMP) ## remove what live runs that crashed have left in their organization
	@$(BIN)/python -m scripts.contract.live.cleanup_command

drift-power: $(STAMP) ## see which mutants of the emulator the contract run catches; ONLY=, SAMPLE=, SEEDS=, JOBS=, FUZZ_ONLY=1, ST_RUN=1
	@$(BIN)/python -m scripts.contract.drift_power

report: $(STAMP) ## report again on the last contract run, its shards merged
	@$(BIN)/python -m scripts.contract.report $(WORDS)

assumptions: $(STAMP) ## list what the spec rests on without a document, and how it stands after the last live run
	@$(BIN)/python -m scripts.contract.assumptions

fuzz: export LIMIT := $(value SECONDS)
fuzz: $(STAMP) ## fuzz the package readers for SECONDS=60, going on where the last run ended
	$(BIN)/python -m tests.emulator.formats.fuzz reports/fuzz -max_total_time="$$LIMIT"

packages: $(STAMP) ## read real packages, fetched by pip, npm and apt; ARGS='npm debs' picks some
	$(BIN)/python -m tests.emulator.formats.corpus $(WORDS)

# What the emulator is compared with, and what sends the requests; in a folder that npm leaves alone otherwise.
$(BENCH): Makefile
	@mkdir -p $(@D)
	npm install --silent --no-save --no-package-lock --no-audit --no-fund --prefix $(@D) \
		@stoplight/prism-cli@$(PRISM_VERSION) autocannon@$(AUTOCANNON_VERSION)
	@touch $@

bench: $(STAMP) $(BENCH) ## compare speeds; ARGS='parsing imports' picks some
	$(BIN)/python -m scripts.bench $(WORDS)

# As for `vendor`, the shell reads the values out of its environment.
check-traffic: export FROM := $(value HAR)
check-traffic: export API := $(value BASE_URL)
check-traffic: export TO := $(value OUT)
check-traffic: $(STAMP) ## check recorded answers: HAR=traffic.har [BASE_URL=http://...] [OUT=without-tokens.har]
	@$(BIN)/python -m scripts.traffic.check --base-url="$$API" --out="$$TO" -- "$$FROM"

soak: $(STAMP) ## load the emulator for MINUTES=10, and see that nothing fails, grows or is lost
	$(BIN)/python -m tests.emulator.soak

emulator: $(STAMP) ## run the emulator; ARGS='--port 0' and the like
	$(BIN)/buildkite-emulator $(WORDS)

# The shell reads what DEST and NAME are out of its environment, so that they may hold any character.
vendor vendor-check: export TO := $(value DEST)
vendor vendor-check: export AS := $(value NAME)
vendor: ## copy the client: DEST=path/to/acme/_vendor [NAME=bk_packages] [CLI=1] [FORCE=1]
	@$(PYTHON) -m scripts.client.vendor copy --dest="$$TO" --name="$$AS" \
		$(if $(CLI),$(if $(filter-out 0,$(CLI)),--cli,--no-cli)) $(if $(filter-out 0,$(FORCE)),--force)

vendor-check: ## say where a copy was changed or is behind: DEST=path/to/acme/_vendor [NAME=bk_packages]
	@$(PYTHON) -m scripts.client.vendor check --dest="$$TO" --name="$$AS"

# The ledgers of live runs stay, as without them nobody knows what a run has left.
clean: ## remove what the other targets made, but generated/ and reports/live/
	if [ -d reports ]; then find reports -mindepth 1 -maxdepth 1 ! -name live -exec rm -rf {} +; fi
	rm -rf .venv node_modules build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .schemathesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
