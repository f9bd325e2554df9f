# The verbs of the project; `make help` prints them. CI calls exactly these.
PREFIX ?= /usr/local
DESTDIR ?=
ARGS ?=
# What the installation consists of; each becomes .build/release/<name>.
PRODUCTS := cryptoflow cryptoflow-scheduler cryptoflow-stream cryptoflow-exchange cryptoflow-model

.PHONY: help setup run build test bench bench-airflow simulate simulate-mutants chaos format check clean install
.DEFAULT_GOAL := help

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install the missing Debian packages for building and running
	@scripts/setup.sh

run: build ## build, then run everything in this terminal; options: make run ARGS="--port 9000"
	@exec .build/release/cryptoflow standalone $(ARGS)

build: setup ## build the release programs into .build/release
	@scripts/build.sh $(PRODUCTS)

test: ## build and run all tests
	@scripts/setup.sh --tests
	@scripts/test.sh $(ARGS)

bench: setup ## build and run the benchmark; options: make bench ARGS="…"
	@scripts/build.sh $(PRODUCTS) cryptoflow-bench
	@exec .build/release/cryptoflow-bench $(ARGS)

bench-airflow: ## measure Apache Airflow here likewise: installs it from PyPI into a temporary folder, about 10 minutes
	@scripts/setup.sh
	@exec scripts/bench-airflow.sh $(ARGS)

SEEDS ?= 10000
simulate: setup ## drive the scheduler's core through random disturbances; options: make simulate SEEDS=10000 ARGS="--replay 7"
	@scripts/build.sh cryptoflow-simulate
	@exec .build/release/cryptoflow-simulate --seeds $(SEEDS) $(ARGS)

simulate-mutants: setup ## break the core on purpose, one way at a time, and show that the simulator notices
	@scripts/simulate-mutants.sh

chaos: setup ## kill schedulers, workers and PostgreSQL under load, then audit; options: make chaos ARGS="--seconds 600"
	@scripts/build.sh cryptoflow cryptoflow-scheduler cryptoflow-chaos
	@exec .build/release/cryptoflow-chaos $(ARGS)

format: ## rewrite the sources in the project's format
	swift format --in-place --parallel --recursive Sources Tests Package.swift

check: ## check format, documentation and the project's rules
	@scripts/check.sh

install: build ## install into PREFIX (/usr/local): bin/, lib/cryptoflow/ and share/cryptoflow/
	@scripts/install.sh "$(DESTDIR)$(PREFIX)" $(PRODUCTS)

clean: ## remove what was built (not the database in .cryptoflow)
	rm -rf .build
