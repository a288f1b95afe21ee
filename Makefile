# make demo and make test are all a newcomer needs; both set up what is missing first.
PYTHON ?= python3
BIN := .venv/bin
# One more than two cores: engines and managers are waited for, and a fifth of the time a core has nothing to do.
PYTEST_WORKERS ?= 3
# Where it is set, every command compiles its own source anew: 0.1 to 0.2 s each, and a test run has two thousand of them.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test quick lint shell bench proofs bindings bindings-check dist lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

setup: ## what the others need: .venv with hash-locked packages, an engine, the bindings
	@$(PYTHON) tools/bootstrap.py

demo: setup ## the whole story on a lab: plan, apply, drift, repair, import, destroy (KEEP=1 leaves the lab running)
	@$(BIN)/python tools/demo.py

test: setup lint ## everything that must hold: format, lint, types, floors, all tests
	@$(BIN)/pytest -q -n $(PYTEST_WORKERS) --dist worksteal

quick: setup ## the tests that start no process and no engine: a minute or two
	@$(BIN)/pytest -q -n $(PYTEST_WORKERS) --dist worksteal -m "not slow"

lint: setup ## format, lint, types, floors, house rules
	@$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet . && $(BIN)/mypy --no-error-summary && $(BIN)/mypy --no-error-summary tests tools main.py && $(BIN)/lint-imports >/dev/null && $(BIN)/python tools/house_rules.py >/dev/null || { $(BIN)/ruff format --check . ; $(BIN)/ruff check . ; $(BIN)/mypy ; $(BIN)/mypy tests tools main.py ; $(BIN)/lint-imports ; $(BIN)/python tools/house_rules.py ; exit 1 ; }

shell: setup ## a shell with cdktf, the engine, egress and nsx-lab (CMD='cdktf list' runs that instead; EGRESS_LAB for a lab)
	@$(BIN)/egress shell $(if $(CMD),-- sh -c "$$CMD")

bench: setup ## speed and memory beside peers, growth to 10,000, then 20,000 flows through walk and kernel (WRITE=1 renews docs/speed.md)
	@$(BIN)/python -m tests.bench $(if $(WRITE),--write)
	@$(BIN)/python -m tests.dataplane.bench 20000

proofs: setup ## the long proofs: walk and kernel on every single failure of 200 worlds; checks and walk agree on 50,000 domains; planted faults, score and survivors
	@$(BIN)/python -m tests.dataplane.failures 200
	@AGREEMENT_DOMAINS=50000 $(BIN)/pytest -q --timeout 0 tests/topologies/test_agreement.py
	@$(BIN)/python tools/mutate.py

bindings: setup ## rebuild the provider bindings (needs an npm registry; SCHEMA=FILE for a schema of your own)
	@$(BIN)/python bindings/build.py $(if $(SCHEMA),--schema "$(SCHEMA)")

bindings-check: setup ## rebuild them and compare with those that are committed, file by file (needs an npm registry)
	@$(BIN)/python bindings/build.py --check

dist: setup ## wheel, sdist and hashes in dist/, built twice and compared (TAG=v1.2.3: of that release)
	@$(BIN)/python tools/dist.py $(if $(TAG),--tag "$(TAG)")

lock: setup ## resolve requirements anew, with hashes and without addresses
	@$(BIN)/uv pip compile pyproject.toml --extra lab --extra forge --extra s3 requirements/dev.in --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --quiet --upgrade -o requirements/lock.txt
	@$(BIN)/uv pip compile requirements/engine.in --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --quiet --upgrade -o requirements/engine.txt

clean: ## remove everything that was made, states of real stacks excepted
	@rm -rf .venv .lab cdktf.out .mypy_cache .ruff_cache .pytest_cache .hypothesis dist bindings/build
