# The verbs of the project; `make help` lists them. Each sets up what it needs by itself.

ARGS ?=
PREFIX ?= /usr/local
PRODUCTS := cryptoflow cryptoflow-scheduler cryptoflow-exchange

.PHONY: help run test build bench format check install clean setup setup-tests

help: ## Lists the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## Builds and starts everything on this machine (options: ARGS="--port 9000")
	@exec .build/release/cryptoflow standalone $(ARGS)

test: setup-tests ## Runs every test
	@scripts/test.sh

build: setup ## Builds the release programs into .build/release
	@echo "building (the first time takes several minutes)"
	@for product in $(PRODUCTS); do swift build -c release --product $$product || exit 1; done

bench: setup ## Measures, and prints a table and one line of JSON
	@swift build -c release --product cryptoflow-bench
	@.build/release/cryptoflow-bench $(ARGS)

format: ## Formats the sources
	@swift format format --in-place --recursive --parallel Sources Tests Package.swift

check: ## Checks the format and what the compiler does not
	@scripts/check.sh

install: build ## Installs programs and their files below PREFIX
	install -d $(PREFIX)/bin $(PREFIX)/share/cryptoflow/Resources
	for product in $(PRODUCTS); do install -m 755 .build/release/$$product $(PREFIX)/bin/; done
	cp -R dags migrations $(PREFIX)/share/cryptoflow/
	cp -R Resources/recorded $(PREFIX)/share/cryptoflow/Resources/

clean: ## Removes what was built
	rm -rf .build

setup:
	@scripts/setup.sh

setup-tests:
	@scripts/setup.sh --tests
