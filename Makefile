# `make help` lists the targets. Needs Rust (with cargo, rustfmt and clippy), Python 3.10 or newer, and make. Each target installs
# what else it needs: Python tools in .venv from requirements.txt, cargo tools in target/tools.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
VENV := .venv
STAMP := $(VENV)/.requirements
PY := $(VENV)/bin/python
EVENT ?= ping-deny
LINE ?=
CARGO_DENY_VERSION := 0.20.2
CARGO_DENY := target/tools/bin/cargo-deny
CARGO_FUZZ_VERSION := 0.13.2
CARGO_FUZZ := target/tools/bin/cargo-fuzz
CARGO_MUTANTS_VERSION := 27.1.0
CARGO_MUTANTS := target/tools/bin/cargo-mutants
FUZZ := shared/flow-log/fuzz
FUZZ_TARGETS := envelope payload line format
FUZZ_SECONDS ?= 60

# The tools in .venv take precedence over others of the same name. No telemetry.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export SAM_CLI_TELEMETRY := 0
export PYTHONDONTWRITEBYTECODE := 1

.PHONY: help
help: ## List the targets
	@printf 'vpc-flow-alerts: emails you when your AWS network rejects pings\n\n'
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@printf '\nVariables: KEEP=1 (demo), LINE="a flow log record" (demo-put), EVENT=name (invoke), PYTHON=python3.x\n'

# ---------------------------------------------------------------- set-up

.PHONY: setup
setup: $(STAMP) ## Create .venv with SAM, cargo-lambda, cfn-lint and the AWS emulator

# The stamp is written last, so that an interrupted set-up is repeated from an empty directory. A link is rejected, because --clear
# follows it and would empty the environment of another checkout.
$(STAMP): requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' \
		|| { echo "Python 3.10 or newer is needed, $(PYTHON) is $$($(PYTHON) --version 2>&1); try make PYTHON=python3.12 setup" >&2; exit 1; }
	@[ ! -L $(VENV) ] || { echo '$(VENV) is a link: its environment belongs to another checkout and is left as it is. Remove the link.' >&2; exit 1; }
	@echo 'setting up $(VENV) from requirements.txt'
	@$(PYTHON) -m venv --clear $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
	@touch $@

# ---------------------------------------------------------------- use

.PHONY: build
build: $(STAMP) ## Build the functions for AWS (sam build; arm64)
	sam build

.PHONY: demo demo-put demo-look demo-stop
demo: $(STAMP) ## Show how a rejected ping becomes an email, without an AWS account (KEEP=1 keeps it running)
	@$(PY) -m tools.demo run $(if $(KEEP),--keep)

demo-put: $(STAMP) ## Put one more record into a demo that was kept (LINE="...")
	@$(PY) -m tools.demo put '$(LINE)'

demo-look: $(STAMP) ## Show metrics, alarms and the function's log of a demo that was kept
	@$(PY) -m tools.demo look

demo-stop: $(STAMP) ## Stop a demo that was kept
	@$(PY) -m tools.demo stop

.PHONY: watch invoke
watch: $(STAMP) ## Run the function locally and rebuild it on every change (emails are printed)
	@mkdir -p target
	cargo lambda watch --env-file tools/console.env --invoke-address 127.0.0.1 --invoke-port 9000 2>&1 | tee target/watch.log

invoke: $(STAMP) ## Invoke the function with events/EVENT.json, print email, metrics and response
	@$(PY) -m tools.invoke '$(EVENT)'

# The program for people: docs/command-line.md. It takes a few minutes to compile, once.
CLI := cargo run --quiet --release --locked --package vpc-flow-alerts --
STACK ?= ping-deny
.PHONY: replay
replay: ## Replay the failed batches of a deployed stack (STACK=name, SHOW=1, DROP=1)
	@$(CLI) replay --stack '$(STACK)' $(if $(SHOW),--show) $(if $(DROP),--drop)

# Make passes the variables of its command line in the environment: a reason may have any character.
.PHONY: silence
silence: ## List the silences of a deployed stack, add or end one (STACK=name, SOURCE=10.0.0.1 FOR=8h REASON="...", END=id)
	@$(CLI) silence $(if $(END),end "$$END",$(if $(FOR)$(REASON),add,list)) --stack '$(STACK)' \
		$(if $(SOURCE),--source "$$SOURCE") $(if $(DESTINATION),--destination "$$DESTINATION") $(if $(INTERFACE),--interface "$$INTERFACE") \
		$(if $(ORIGIN),--origin "$$ORIGIN") $(if $(RULE),--rule "$$RULE") $(if $(FOR),--for "$$FOR") $(if $(REASON),--reason "$$REASON") $(if $(BY),--by "$$BY")

# A trial in an AWS account. Prints what it deploys and what that costs, and asks for confirmation. docs/trial.md is the runbook.
EMAIL ?=
ZONE ?=
.PHONY: trial trial-down
trial: $(STAMP) ## Deploy a test network and the stack into your AWS account (EMAIL=you@example.com, ZONE=us-east-1b, YES=1 to skip the question)
	@$(PY) -m tools.trial up --email '$(EMAIL)' $(if $(ZONE),--zone '$(ZONE)') $(if $(YES),--yes)

trial-down: $(STAMP) ## Delete what make trial deployed
	@$(PY) -m tools.trial down $(if $(YES),--yes)

# ---------------------------------------------------------------- checks

.PHONY: test test-in-order test-rust test-python test-deployed test-chaos
# The chaos test takes the longest and mostly waits, so the other tests run beside it.
test: $(STAMP) built built-cli ## All tests
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=line BUILT=1 test-chaos test-in-order

test-in-order:
	@$(MAKE) --no-print-directory --jobs=1 test-rust test-python test-deployed

test-rust: ## Test the code, and the real binary on loopback (needs only Rust)
	cargo test --workspace --locked

test-python: $(STAMP) ## Test the templates, the pages, the tools, and the tables of planted bugs
	@$(PY) -W ignore::ResourceWarning -m unittest tests/template/test_*.py tests/sources/test_*.py tests/tools/test_*.py

# With BUILT=1, what is deployed is there already.
BUILD := $(if $(BUILT),,built built-cli)

# Three files in parallel, because they mostly wait for timers; each has its own emulator. The output of a file is printed when it
# ends. The enrichment tests run before them, because they measure milliseconds.
DEPLOYED := $(filter-out %/test_enrichment.py %/test_chaos.py,$(wildcard tests/deployed/test_*.py))
test-deployed: $(STAMP) $(BUILD) ## Test the stack deployed into the emulator (several minutes)
	@$(PY) -W ignore::ResourceWarning -m unittest tests/deployed/test_enrichment.py
	@printf '%s\n' $(DEPLOYED) | xargs --max-procs=3 --replace=FILE $(SHELL) -c \
		'output=$$($(PY) -W ignore::ResourceWarning -m unittest FILE 2>&1) || failed=1; printf "%s\n%s\n\n" FILE "$$output"; exit $${failed:-0}'

test-chaos: $(STAMP) $(BUILD) ## Test the deployed stack under faults (four minutes; make chaos is the long form)
	@$(PY) -W ignore::ResourceWarning -m unittest tests/deployed/test_chaos.py

.PHONY: permissions
permissions: $(STAMP) built ## Test that each permission of the functions is needed (part of test-deployed)
	@$(PY) -m unittest -v tests/deployed/test_permissions.py

# The build that the tests and the demo deploy: for this machine's processor, not optimized, in the shared target directory.
.PHONY: built built-cli
built: $(STAMP)
	@$(PY) -m tests.harness.build

# For the deployed tests, which call it as people do. The demo does without. Of the whole workspace, so that its dependencies have the
# features that they have in all tests and are compiled once.
built-cli:
	cargo build --quiet --locked --workspace --bin vpc-flow-alerts

.PHONY: fmt clippy purity events lint-template lint-tools docs fuzz-build deny advisories
fmt: ## Check the formatting (cargo fmt --all fixes it)
	cargo fmt --all --check

clippy: ## Lint everything; warnings are errors
	cargo clippy --workspace --all-targets --locked -- -D warnings

purity: ## Check that the pure crates have no side effects and that modules form no circle
	@$(PYTHON) -m tests.sources.purity

events: ## Generate events/ from events/src/ (the tests check that they match)
	cargo run --quiet --locked -p sample-events --bin make-events

lint-template: $(STAMP) ## Check the templates with cfn-lint, like sam validate --lint
	cfn-lint --include-checks I --template template.yaml testbed.yaml

# A separate environment, see tests/template/checkov.txt. It needs no network, because its checks are part of the package.
CHECKOV := $(VENV)/checkov/bin/checkov
$(VENV)/checkov/.requirements: tests/template/checkov.txt $(STAMP)
	@echo 'setting up $(VENV)/checkov from tests/template/checkov.txt'
	@$(PYTHON) -m venv --clear $(VENV)/checkov
	@$(VENV)/checkov/bin/python -m pip install --quiet --disable-pip-version-check --requirement tests/template/checkov.txt
	@touch $@

.PHONY: lint-security
lint-security: $(VENV)/checkov/.requirements ## Check the templates with checkov (each skipped check has a reason in the template)
	@$(CHECKOV) --file template.yaml testbed.yaml --framework cloudformation --skip-download --quiet --compact

.PHONY: cost dashboard backtest-page comparison pages-check
cost: $(STAMP) ## Compute docs/cost.md from docs/generate/prices.json
	@$(PY) -m docs.generate.cost

comparison: $(STAMP) built ## Send one incident through this tool and its alternatives, for docs/comparison.md
	@$(PY) -m docs.generate.comparison

dashboard: $(STAMP) ## Draw docs/dashboard.png from the template's dashboard
	@$(PY) -m docs.generate.dashboard

backtest-page: $(STAMP) ## Draw docs/backtest.png from a backtest of an example week (needs a browser)
	@$(PY) -m docs.generate.backtest

pages-check: $(STAMP) ## Check that the docs match the template (part of test-python)
	@$(PY) -m unittest tests/template/test_pages.py tests.template.test_template.Changes tests.template.test_template.Publishing

lint-tools: $(STAMP) ## Check the formatting of the Python in tests, tools and docs, and lint it
	ruff format --no-cache --check .
	ruff check --no-cache --quiet .

# With --examples, cargo selects the same features as for clippy and does not check the dependencies again.
docs: ## Build the API documentation; warnings are errors
	RUSTDOCFLAGS='-D warnings' cargo doc --workspace --lib --bins --examples --no-deps --locked --quiet

fuzz-build: ## Check that the fuzz targets compile, without a fuzzer
	cargo check --manifest-path $(FUZZ)/Cargo.toml --locked --target-dir $(or $(CARGO_TARGET_DIR),target)

deny: $(CARGO_DENY)-$(CARGO_DENY_VERSION) ## Check licenses, banned crates and sources of all dependencies
	$< --all-features --locked check --hide-inclusion-graph licenses bans sources
	@if [ -n "$${ADVISORIES:-}" ]; then $(MAKE) --no-print-directory advisories; else \
		printf '%s\n' '' \
		'  NOT CHECKED: known vulnerabilities of dependencies, because their database is on a server.' \
		'  To check them: make advisories (or ADVISORIES=1 make ci).' ''; fi

advisories: $(CARGO_DENY)-$(CARGO_DENY_VERSION) ## Check dependencies for known vulnerabilities (downloads the RustSec database)
	$< --all-features --locked check advisories

# One file per version, so that each version is installed only once. Its crates are built in a temporary directory, so that they do
# not stay in the target directory. Not optimized, because that would take longer than it saves: a check takes a second or two.
$(CARGO_DENY)-$(CARGO_DENY_VERSION):
	@echo 'installing cargo-deny $(CARGO_DENY_VERSION) (a minute, once)'
	@scratch=$$(mktemp -d) && trap 'rm -rf "$$scratch"' EXIT && \
		CARGO_TARGET_DIR="$$scratch" CARGO_PROFILE_DEV_DEBUG=0 \
		cargo install --debug --quiet --locked --no-track --root target/tools cargo-deny@$(CARGO_DENY_VERSION)
	@mv $(CARGO_DENY) $@

$(CARGO_FUZZ)-$(CARGO_FUZZ_VERSION):
	@echo 'installing cargo-fuzz $(CARGO_FUZZ_VERSION) (one or two minutes, once)'
	@scratch=$$(mktemp -d) && trap 'rm -rf "$$scratch"' EXIT && \
		CARGO_TARGET_DIR="$$scratch" cargo install --quiet --locked --root target/tools cargo-fuzz@$(CARGO_FUZZ_VERSION)
	@mv $(CARGO_FUZZ) $@

$(CARGO_MUTANTS)-$(CARGO_MUTANTS_VERSION):
	@echo 'installing cargo-mutants $(CARGO_MUTANTS_VERSION) (several minutes, once)'
	@scratch=$$(mktemp -d) && trap 'rm -rf "$$scratch"' EXIT && \
		CARGO_TARGET_DIR="$$scratch" cargo install --quiet --locked --no-track --root target/tools cargo-mutants@$(CARGO_MUTANTS_VERSION)
	@mv $(CARGO_MUTANTS) $@

# The tools are installed while clippy compiles, which saves a minute and a half of a first run.
.PHONY: ci tools-set-up
ci: locked fmt purity ## Run all checks that a change must pass
	@$(MAKE) --no-print-directory --jobs=3 --output-sync=target clippy tools-set-up
	@$(MAKE) --no-print-directory lint-tools lint-template lint-security docs fuzz-build deny test

tools-set-up: $(STAMP) $(VENV)/checkov/.requirements $(CARGO_DENY)-$(CARGO_DENY_VERSION)

.PHONY: locked
locked:
	@cargo metadata --locked --format-version 1 > /dev/null || { echo 'Cargo.lock is not up to date: run cargo check and commit it' >&2; exit 1; }

.PHONY: arm64-check
ARM64_LIBRARY := /usr/aarch64-linux-gnu
ARM64_RUN := $(if $(filter aarch64 arm64,$(shell uname -m)),,qemu-aarch64-static -L $(ARM64_LIBRARY) )
arm64-check: $(STAMP) ## Cross-build for arm64, and test that binary with all events under QEMU
	@[ -z '$(ARM64_RUN)' ] || { command -v qemu-aarch64-static > /dev/null && [ -e $(ARM64_LIBRARY)/lib/ld-linux-aarch64.so.1 ]; } \
		|| { echo 'The arm64 binary cannot be run here. As root: apt-get install qemu-user-static libc6-arm64-cross' >&2; exit 1; }
	@! command -v rustup > /dev/null || rustup target add aarch64-unknown-linux-gnu
	cargo lambda build --release --arm64 --package flow-alerts --bin flow-alerts --lambda-dir target/lambda-arm64
	FUNCTION='$(ARM64_RUN)$(CURDIR)/target/lambda-arm64/flow-alerts/bootstrap' cargo test --locked --workspace --test e2e events::

.PHONY: bench fuzz
# Compiled for the same processors as by cargo-lambda.
bench: export RUSTFLAGS := -C target-cpu=$(if $(filter aarch64 arm64,$(shell uname -m)),neoverse-n1,haswell)
bench: ## Benchmark the flow log reader, the detector and explanations (about three minutes)
	cargo bench --locked --target-dir target/bench -p flow-log --bench batch
	cargo bench --locked --target-dir target/bench -p alerting --bench detect --bench explain

.PHONY: backtest-speed
backtest-speed: ## Read 10 million records with backtest and with zcat | grep, and compare time and memory (RECORDS=10000000)
	cargo build --release --locked -p vpc-flow-alerts
	@$(PYTHON) -m docs.generate.backtest_speed

# Without a sanitizer, which would need another toolchain. New inputs are stored in a temporary folder.
fuzz: $(CARGO_FUZZ)-$(CARGO_FUZZ_VERSION) ## Fuzz the flow log reader, a minute for each target (FUZZ_SECONDS=60)
	@for target in $(FUZZ_TARGETS); do set -e; \
		scratch=$$(mktemp -d) && seeds=$(CURDIR)/$(FUZZ)/corpus/$$target; \
		[ $$target != envelope ] || seeds="$$seeds $(CURDIR)/events"; \
		(cd shared/flow-log && $(CURDIR)/$< fuzz run -s none $$target $$scratch $$seeds -- -max_total_time=$(FUZZ_SECONDS)); \
		rm -rf "$$scratch"; \
	done

.PHONY: planted planted-check mutants
planted: ## Plant each bug of tests/sources/planted_bugs.py and check that its test fails (BUGS="words of names")
	@$(PYTHON) -m tests.sources.planted $(BUGS)

planted-check: ## Check that each planted bug still fits the sources (part of test-python)
	@$(PYTHON) -m tests.sources.planted --check

mutants: $(CARGO_MUTANTS)-$(CARGO_MUTANTS_VERSION) ## Run cargo-mutants and compare its survivors with docs/mutants.md (hours; MUTANTS=adapters)
	@$(PYTHON) -m tests.sources.mutants --cargo-mutants $< $(MUTANTS)

.PHONY: soak chaos storms
soak: chaos storms planted mutants ## Run the long tests: simulation (SEEDS=100000), chaos, storms, planted bugs, mutants
	SEEDS=$${SEEDS:-100000} cargo test --release --locked --target-dir target/soak -p alerting --test simulation

chaos: $(STAMP) built built-cli ## Test 2,000 batches with throttling, timeouts and killed functions (BATCHES=2000; about 10 minutes)
	@BATCHES=$${BATCHES:-2000} $(PY) -m unittest tests/deployed/test_chaos.py

storms: $(STAMP) built ## Test a million records, 500 interfaces and 500 sources at once, and count all calls (about 3 minutes)
	@FULL=1 $(PY) -m unittest tests/deployed/test_storms.py

.PHONY: numbers
RELEASED := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)/release
numbers: ## Measure start-up time and memory of the release binary
	cargo build --release --locked -p flow-alerts --bin flow-alerts --example bare-runtime
	FUNCTION=$(RELEASED)/flow-alerts BARE_RUNTIME=$(RELEASED)/examples/bare-runtime \
		cargo test --locked --workspace --test e2e numbers -- --ignored --nocapture

# ---------------------------------------------------------------- clean up

.PHONY: clean
clean: ## Remove all build results and the Python environment
	@if [ -e .demo/state.json ] && [ -x $(PY) ]; then $(PY) -m tools.demo stop; fi
	rm -rf target .aws-sam .demo $(VENV)
