# CoreLDove Order Processing. `make help` lists the targets; a first `make test` takes about twenty minutes on two cores, most of it compiling.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup build run test bench cluster cluster-faults overload kills recovery simulate mutations check format generate asan tsan clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' Makefile

setup: ## install the Debian packages that are missing
	@.ci/setup.sh

build: setup ## the server, build/coreldove (Release)
	@.ci/build.sh release coreldove layers

run: build ## build and start the server on 127.0.0.1:8001 with the sandbox world and the sample catalogue
	@exec build/coreldove serve

test: setup ## build and run every test; LABEL=unit (or integration, e2e, sim) for a part
	@.ci/build.sh release
	@ctest --preset release $(if $(LABEL),--label-regex '^$(LABEL)$$')

bench: setup ## build, run the bench suite, print one table, write build/bench/results.json
	@.ci/build.sh release coreldove coreldove-micro
	@bench/run.py build

cluster: setup ## three nodes on one machine under load, with PostgreSQL and Redis of their own; one is killed and comes back: what was lost (a minute)
	@.ci/build.sh release coreldove
	@bench/cluster_try.py

cluster-faults: setup ## three nodes in a network of their own, FAULTS=50 random faults (SEED=…): kills, cuts, delays, losses, stops; what was lost or done twice (fifteen minutes)
	@.ci/build.sh release coreldove
	@tests/faults/cluster.py --faults $(or $(FAULTS),50) $(if $(SEED),--seed $(SEED)) --json build/bench/cluster-faults.json

overload: setup ## three times the load that it can carry, a slow and a dead gateway: what has to hold then, in one table (two minutes)
	@.ci/build.sh release coreldove
	@bench/overload.py

kills: setup ## kill -9 under load, KILLS=200 times (SEED=… for the same dice), then read the books; one line of result
	@.ci/build.sh release test_faults
	@KILLS=$(or $(KILLS),200) SEED=$(SEED) build/tests/test_faults --gtest_filter='Kills.*' --gtest_brief=1

recovery: setup ## how long a start takes after a kill with STORED=100000 orders in the store and OPEN=5000 of them unfinished
	@.ci/build.sh release coreldove
	@bench/recovery.py build $(or $(STORED),100000) $(or $(OPEN),5000)

simulate: setup ## the engine under faults from SEEDS=1000 seeds (FIRST=1, STEPS=10000); a failing seed prints how to replay it
	@.ci/build.sh release coreldove-sim
	@build/coreldove-sim --seed $(or $(FIRST),1) --seeds $(or $(SEEDS),1000) --steps $(or $(STEPS),10000)

mutations: setup ## make 25 mistakes in the engine, one at a time; each has to be found by the simulation (one build, then a minute)
	@tests/simulation/mutations.py

check: ## layers and formatting
	@.ci/setup.sh clang-format
	@python3 .ci/check_layers.py
	@.ci/check_format.sh

format: ## format every C++ file in place
	@.ci/setup.sh clang-format
	@.ci/check_format.sh --fix

generate: setup ## write .env.example and docs/settings.md anew from the table of settings
	@.ci/build.sh release generate

asan: setup ## every test with the address and undefined-behaviour sanitizers, in build/asan
	@.ci/build.sh asan
	@ctest --preset asan $(if $(LABEL),--label-regex '^$(LABEL)$$')

# Debian's CAF is not built for the thread sanitizer and would be blamed for races that it does not have; so only the rooms below it.
tsan: setup ## the thread pools and sockets with the thread sanitizer, in build/tsan
	@.ci/build.sh tsan test_persistence test_integrations
	@build/tsan/tests/test_persistence && build/tsan/tests/test_integrations

clean: ## remove build/ (var/, the data, stays)
	@rm -rf build
