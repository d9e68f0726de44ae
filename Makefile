# `make train` and `make test` set up all that they need in .venv; nothing else is touched.
PYTHON ?= $(firstword $(foreach version,3.11 3.12 3.13,$(shell command -v python$(version))) python3)
BIN := .venv/bin
# Every step of a flow is a process: each would compile what it imports where Python keeps no bytecode.
INSTALL := UV_PROJECT_ENVIRONMENT=.venv VIRTUAL_ENV="$(CURDIR)/.venv" $(BIN)/uv pip install --quiet --compile-bytecode
# Tests that share what a fixture has trained stay together: tests/conftest.py says which.
WORKERS ?= -n 2 --dist loadfile

.PHONY: help quick train serve watch dashboards test test-all bench detection readme picture lint types format lock clean

help: ## say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

train: .venv/.run ## train the flights
	$(BIN)/python flows/train.py run

# Each command is printed as it is given: `tagline new`, a training, a promotion, a server, a request.
quick: .venv/.run ## from a small table to a champion that answers, in under a minute
	$(BIN)/python deploy/quick.py

# A small case, trained in under a minute, its champion behind an API.
serve: .venv/.run ## train a small case in under a minute and serve its champion
	$(BIN)/python flows/train.py --config case config/rain.toml run
	$(BIN)/python flows/snapshot.py run --case rain
	$(BIN)/tagline promote --case rain --why "the first"
	$(BIN)/tagline serve --case rain

# The same case with its server, simulated traffic, the monitor and Prometheus, where that is installed.
watch: .venv/.run ## the same case with traffic, the monitor and Prometheus
	$(BIN)/python deploy/watch.py

# Grafana's dashboards, from code.
dashboards: .venv/.dev ## write Grafana's dashboards
	$(BIN)/python -m deploy.grafana.build

test: .venv/.dev lint types ## what has to hold before a commit
	$(BIN)/python -m pytest $(WORKERS) -m "not slow"

test-all: .venv/.dev .venv/.mlflow .venv/.argo lint types ## races, kill -9, S3, browsers and soaks too
	$(BIN)/python -m pytest $(WORKERS)

bench: .venv/.dev ## measure against peers; benchmarks/results has the figures
	$(BIN)/python -m benchmarks.run

# Known faults in the flights' year: how long each goes unnoticed.
detection: .venv/.dev ## known faults in the flights: how long each goes unnoticed
	$(BIN)/python -m benchmarks.detection

readme: ## write the README's figures from benchmarks/results
	$(BIN)/python -m benchmarks.readme

picture: .venv/.dev ## draw the rooms in docs/architecture.md, from their imports
	$(BIN)/python -m tests.house

lint: .venv/.dev ## style, and code that nothing uses
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/vulture

types: .venv/.dev ## check the types
	$(BIN)/mypy

format: .venv/.dev ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

STACK := metaflow, pandas, xgboost, scikit-learn, shap, boto3; xgboost-cpu carries xgboost: the same module without 470 MB of CUDA
LOCK := $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock (the stack: $(STACK))" pyproject.toml

lock: .venv/.uv ## lock newer versions in requirements/
	$(LOCK) -o requirements/stack.txt
	$(LOCK) -o requirements/dev.txt --extra dev -c requirements/stack.txt
	$(LOCK) -o requirements/sql.txt --extra sql -c requirements/stack.txt
	$(LOCK) -o requirements/mlflow.txt --extra mlflow  # MLflow asks for an older pyarrow
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock" requirements/peers.in -o requirements/peers.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock" requirements/drift.in -o requirements/drift.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock" requirements/automl.in -o requirements/automl.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock" requirements/argo.in -c requirements/stack.txt -o requirements/argo.txt

.venv/.uv: requirements/uv.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	touch $@

.venv/.run: .venv/.uv requirements/stack.txt pyproject.toml
	$(INSTALL) --require-hashes -r requirements/stack.txt
	$(INSTALL) --no-deps --editable .
	touch $@

.venv/.dev: .venv/.run requirements/dev.txt
	$(INSTALL) --require-hashes -r requirements/dev.txt
	touch $@

.venv/.mlflow: .venv/.run requirements/mlflow.txt
	$(BIN)/python -m venv --without-pip .venv/mlflow
	VIRTUAL_ENV="$(CURDIR)/.venv/mlflow" $(BIN)/uv pip install --quiet --require-hashes -r requirements/mlflow.txt
	VIRTUAL_ENV="$(CURDIR)/.venv/mlflow" $(BIN)/uv pip install --quiet --no-deps --editable .
	touch $@

# Beside the stack, not in it: only who deploys on Argo Workflows needs a client of Kubernetes.
.venv/.argo: .venv/.run requirements/argo.txt
	$(INSTALL) --require-hashes --no-deps --target .venv/argo -r requirements/argo.txt
	touch $@

clean: ## remove the environment and caches
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache
