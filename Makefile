# The machine needs Python 3.11 or newer, git, make and a C compiler; all else goes into virtual environments in the checkout.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
PYTEST_ARGS ?=
WORKERS ?= 4
CORES ?= 2
OLDEST_PYTHON ?= 3.10
OLDEST_CORE ?= 2.16.*
NEWEST_PYTHON ?= 3.13
NEWEST_CORE ?=
SAMPLE ?= 100
SEED ?= 1
BASE ?=
AGAIN ?=
FAULTS ?= 1500
KILLS ?= 500
PAIRS ?= 100
DATABASES ?= 60
PAGE ?=
MINUTES ?= inf
VERSION ?=

RUN := .venv/bin/python -m
ENVIRONMENT := bash tests/tools/environment.sh
INTERPRETER := "$(PYTHON)" tests/tools/interpreters.py find
# Each file in one worker, in the order of tests/conftest.py. Playbooks wait now and then; unit tests do not.
PYTEST := pytest --dist loadfile --no-loadscope-reorder
UNITS := $(PYTEST) -n $(CORES) tests/unit
# Bytecode of one run serves the next one: without, each worker compiles every test again.
unexport PYTHONDONTWRITEBYTECODE
IN_TREE := PATH="$(CURDIR)/.venv/bin:$$PATH" ANSIBLE_COLLECTIONS_PATH="$(CURDIR)/.venv/collections"
FOR_PUBLISHING := PATH="$(CURDIR)/.venv-publish/bin:$$PATH" ANSIBLE_COLLECTIONS_PATH="$(CURDIR)/.venv-publish/collections"
RUN_TIME := -r requirements.txt -r lab/requirements.txt
RUN_TIME_FILES := requirements.txt lab/requirements.txt tests/tools/environment.sh

.PHONY: help
help: ## this list
	@awk -F ':[^#]*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo "  PYTHON=... names another Python, PYTEST_ARGS='-k name' goes on to pytest."

.PHONY: demo
demo: .venv/.run-time ## offboard 25 mailboxes of a lab organization, twice: the second run changes nothing
	$(RUN) lab.demo

.PHONY: lab
lab: .venv/.run-time ## a hybrid organization on loopback, in the foreground; prints the wave and what to type next
	$(RUN) lab

.PHONY: bench
bench: .venv/.run-time ## time the role against its limit, a loop and a plain script (about 15 minutes, an idle machine; PAGE=docs/scaling.md)
	$(RUN) bench $(if $(PAGE),--page "$(PAGE)")

.PHONY: bench-quick
bench-quick: .venv/.run-time ## the same with 100 mailboxes, under a minute
	$(RUN) bench --quick

.PHONY: bench-batches
bench-batches: .venv/.run-time ## 10,000 and 20,000 mailboxes in migration batches, readiness of 10,000 (about 15 minutes, an idle machine; PAGE=)
	$(RUN) bench --batches $(if $(PAGE),--page "$(PAGE)")

.PHONY: test
test: .venv/.tests .venv/.kerberos .venv/.awx ## all tests (PYTEST_ARGS)
	$(RUN) $(PYTEST) -n $(WORKERS) $(PYTEST_ARGS)

.PHONY: units
units: .venv/.tests ## the unit tests, under a minute
	$(RUN) $(UNITS) $(PYTEST_ARGS)

.PHONY: long
long: .venv/.tests ## whole, what the other targets try a fixed part of (a few minutes)
	LONG=1 $(RUN) $(PYTEST) -n $(CORES) $$(grep -rlE --include='test_*.py' '^from (tests import .*extent|hypothesis import)' tests/unit tests/integration) $(PYTEST_ARGS)

.PHONY: fuzz
fuzz: .venv/.fuzz ## 200,000 inputs to what reads answers of servers and files that come back (about 10 minutes)
	LONG=1 $(RUN) $(PYTEST) -n $(CORES) tests/fuzz $(PYTEST_ARGS)
	$(RUN) tests.fuzz.guided

.PHONY: extensions
extensions: .venv-extensions/.tests ## the execution environment, the rulebook, the audit's queries and molecule (about 2 minutes)
	bash tests/tools/java.sh
	.venv-extensions/bin/python -m $(PYTEST) -n $(CORES) tests/extensions $(PYTEST_ARGS)

.PHONY: molecule
molecule: .venv-extensions/.tests ## two mailboxes of a laboratory, by molecule: brought home, again without a change, verified (a minute)
	bash tests/tools/molecule.sh .venv-extensions test

.PHONY: units-oldest
units-oldest: .venv-oldest/.tests ## the unit tests on the oldest Python, ansible-core and libraries
	.venv-oldest/bin/python -m $(UNITS) $(PYTEST_ARGS)

.PHONY: units-newest
units-newest: .venv-newest/.tests ## the unit tests on the newest Python and ansible-core
	.venv-newest/bin/python -m $(UNITS) $(PYTEST_ARGS)

.PHONY: mutants
mutants: .venv/.mutants ## whether the unit tests notice small changes of what decides (SAMPLE, SEED, BASE=commit, AGAIN=1)
	$(RUN) tests.mutants --sample $(SAMPLE) --seed $(SEED) $(if $(BASE),--base $(BASE)) $(if $(AGAIN),--again)

.PHONY: fault-matrix
fault-matrix: .venv/.tests ## strike the role at each call, kill it, run two at once (FAULTS, KILLS, PAIRS, DATABASES, SEED)
	bash tests/tools/postgresql.sh
	$(IN_TREE) $(RUN) tests.fault_matrix --faults $(FAULTS) --kills $(KILLS) --pairs $(PAIRS) \
	  --databases $(DATABASES) --seed $(SEED) --minutes $(MINUTES) --page docs/faults.md

.PHONY: sabotages
sabotages: .venv/.tests ## take safeguards out of the code, one at a time: does the fault matrix notice?
	$(IN_TREE) $(RUN) tests.fault_matrix --sabotages

.PHONY: pairs
pairs:
	@for pair in oldest:$(OLDEST_PYTHON) newest:$(NEWEST_PYTHON); do \
	  if $(INTERPRETER) "$${pair#*:}" > /dev/null; then echo "units-$${pair%%:*}"; fi; \
	done

.PHONY: lint
lint: lint-ruff lint-yaml lint-changelog lint-hooks lint-mypy lint-ansible lint-sanity \
  lint-docs lint-galaxy lint-licences lint-workflows site ## all quality gates

.PHONY: lint-ruff
lint-ruff: .venv/.lint
	$(RUN) ruff check

.PHONY: lint-yaml
lint-yaml: .venv/.lint
	$(RUN) yamllint --strict .

.PHONY: lint-changelog
lint-changelog: .venv/.lint
	.venv/bin/antsibull-changelog lint

.PHONY: lint-hooks
lint-hooks: .venv/.lint
	$(RUN) pre_commit validate-config

.PHONY: lint-mypy
lint-mypy: .venv/.lint
	$(RUN) mypy $(addprefix -p ansible_collections.mailops.exchange_hybrid.plugins.,module_utils plugin_utils action) -p lab -p bench

.PHONY: lint-ansible
lint-ansible: .venv/.lint .venv/.awx
	$(IN_TREE) ansible-lint

.PHONY: lint-sanity
lint-sanity: .venv/.lint
	bash tests/tools/sanity.sh .venv

.PHONY: lint-docs
lint-docs: .venv-publish/.gates
	$(FOR_PUBLISHING) antsibull-docs lint-collection-docs --plugin-docs --skip-rstcheck .

.PHONY: lint-galaxy
lint-galaxy: .venv-publish/.gates
	$(FOR_PUBLISHING) bash tests/tools/galaxy_import.sh

.PHONY: lint-licences
lint-licences: .venv-publish/.gates
	.venv-publish/bin/reuse lint --lines

.PHONY: lint-workflows
lint-workflows: .venv-publish/.workflows
	bash tests/tools/actionlint.sh check .venv-publish

.PHONY: hooks
hooks: .venv/.lint ## let git run the quick gates before each commit, and the unit tests before each push
	$(RUN) pre_commit install

.PHONY: docs
docs: .venv/.run-time ## list modules and roles, and read all their documentation as ansible-doc does
	$(IN_TREE) ansible-doc --type module --list mailops.exchange_hybrid
	$(IN_TREE) ansible-doc --type role --list mailops.exchange_hybrid
	$(IN_TREE) ansible-doc --metadata-dump mailops.exchange_hybrid > /dev/null

.PHONY: pages
pages: .venv/.run-time ## write what follows from the code: pages, action groups, lists of modules
	$(RUN) tests.tools.pages

.PHONY: site
site: .venv-publish/.gates ## the documentation site, in dist/site
	$(FOR_PUBLISHING) bash tests/tools/site.sh dist/site

.PHONY: pictures
pictures: .venv/.tests ## record the demo and photograph reports for the site (two minutes, an idle machine; needs Chromium)
	$(RUN) tests.tools.pictures

.PHONY: constraints
constraints: .venv/.run-time ## write the pinned, hashed libraries of execution environments anew (a few minutes)
	$(RUN) tests.tools.ee_constraints

.PHONY: pinned
pinned: .venv-pinned/.constraints ## whether the pinned, hashed libraries can be installed, fit together and are all that is needed
	.venv-pinned/bin/python -m pip check
	.venv-pinned/bin/python -c 'import azure.core, azure.identity, cryptography, psycopg, pypsrp.wsman, requests, sansldap, spnego, urllib3, winrm'

.PHONY: new-module
new-module: .venv/.run-time ## begin a module that works and writes nothing yet (NAME=mailbox_forwarding)
	$(RUN) tests.tools.new_module "$(NAME)"

.PHONY: release-notes
release-notes: .venv/.lint ## give the collection its next version, and make the fragments its notes (VERSION=1.0.0)
	$(RUN) tests.tools.release "$(VERSION)"
	$(IN_TREE) antsibull-changelog release --reload-plugins

.PHONY: build
build: .venv/.run-time ## the archive for ansible-galaxy, in dist/
	.venv/bin/ansible-galaxy collection build --force --output-path dist

.PHONY: release-files
release-files: build .venv-publish/.gates ## what a release consists of, in dist/: archive, bill of materials, checksums
	.venv-publish/bin/cyclonedx-py requirements --output-reproducible --mc-type library \
	  --output-file dist/sbom.cdx.json meta/ee-constraints.txt
	cd dist && sha256sum "mailops-exchange_hybrid-$$(sed -n 's/^version: //p' ../galaxy.yml).tar.gz" sbom.cdx.json > SHA256SUMS

.PHONY: clean
clean: ## remove virtual environments, caches and archives
	rm -rf .venv .venv-extensions .venv-oldest .venv-newest .venv-pinned .venv-publish .ansible .mypy_cache .pytest_cache .ruff_cache .hypothesis collections dist tests/output
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Each stamp stands for a set of packages, so that the demo does not wait for linters.
.venv/.run-time: $(RUN_TIME_FILES)
	$(ENVIRONMENT) "$(PYTHON)" .venv ansible-core $(RUN_TIME)
	@touch $@

.venv/.tests: .venv/.run-time tests/requirements.txt
	$(ENVIRONMENT) "$(PYTHON)" .venv $(RUN_TIME) -r tests/requirements.txt
	@touch $@

# The script makes the stamp: on a machine that cannot have Kerberos it says so, and tries again the next time.
.venv/.kerberos: .venv/.tests requirements-kerberos.txt tests/tools/kerberos.sh
	bash tests/tools/kerberos.sh libraries .venv $@

# For playbooks/awx_setup.yml and its tests.
.venv/.awx: .venv/.tests tests/requirements-awx.txt tests/tools/awx_collection.py
	$(RUN) tests.tools.awx_collection .venv/collections
	@touch $@

.venv/.lint: .venv/.tests tests/requirements-lint.txt
	$(ENVIRONMENT) "$(PYTHON)" .venv $(RUN_TIME) -r tests/requirements.txt -r tests/requirements-lint.txt
	@touch $@

.venv/.fuzz: .venv/.tests tests/requirements-fuzz.txt
	$(ENVIRONMENT) "$(PYTHON)" .venv $(RUN_TIME) -r tests/requirements.txt -r tests/requirements-fuzz.txt
	@touch $@

# What is published, and what has to be checked of it before: an environment of its own, since its tools bring many libraries.
.venv-publish/.gates: tests/requirements-publish.txt tests/tools/environment.sh
	$(ENVIRONMENT) "$(PYTHON)" .venv-publish -r tests/requirements-publish.txt
	@touch $@

.venv-publish/.workflows: .venv-publish/.gates tests/tools/actionlint.sh
	bash tests/tools/actionlint.sh install .venv-publish
	@touch $@

.venv/.mutants: .venv/.tests tests/requirements-mutants.txt
	$(ENVIRONMENT) "$(PYTHON)" .venv $(RUN_TIME) -r tests/requirements.txt -r tests/requirements-mutants.txt
	@touch $@

.venv-pinned/.constraints: meta/ee-constraints.txt tests/tools/environment.sh
	$(ENVIRONMENT) "$(PYTHON)" .venv-pinned --require-hashes --only-binary :all: -r meta/ee-constraints.txt
	@touch $@

.venv-extensions/.tests: $(RUN_TIME_FILES) tests/requirements.txt tests/requirements-extensions.txt
	$(ENVIRONMENT) "$(PYTHON)" .venv-extensions ansible-core $(RUN_TIME) -r tests/requirements.txt -r tests/requirements-extensions.txt
	@touch $@

.venv-oldest/.tests: $(RUN_TIME_FILES) tests/requirements.txt tests/constraints-oldest.txt
	python=$$($(INTERPRETER) $(OLDEST_PYTHON)) && $(ENVIRONMENT) "$$python" .venv-oldest \
	  -c tests/constraints-oldest.txt "ansible-core==$(OLDEST_CORE)" $(RUN_TIME) -r tests/requirements.txt
	@touch $@

.venv-newest/.tests: $(RUN_TIME_FILES) tests/requirements.txt
	python=$$($(INTERPRETER) $(NEWEST_PYTHON)) && $(ENVIRONMENT) "$$python" .venv-newest \
	  "ansible-core$(NEWEST_CORE)" $(RUN_TIME) -r tests/requirements.txt
	@touch $@
