# The targets that people and CI share; `make` alone lists them.
# What is built is built once: a stamp is newer than all it was made from. Its time is that at which the work began, so
# that what is edited meanwhile is newer than it.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := help

VENV ?= .venv
DIST ?= dist
# What pytest is given, as in `make test-python ARGS=tests/unit`.
ARGS ?=
# All tests run in two processes, one of which begins with those on the real broker; APART= runs them in one.
APART ?= --numprocesses 2
# Seconds for each fuzz target.
FUZZ_SECONDS ?= 60
# Seconds for the chaos test.
SECONDS ?= 600
# For the benchmarks: messages of a topic, turns of each contender, seconds at each rate.
ROWS ?= 2000000
ROUNDS ?= 3
LATENCY_SECONDS ?= 20
# Options for those of the core, such as --sample-size 20 --measurement-time 1 --warm-up-time 1 when time is short.
CRITERION ?=
# CI builds what Cargo.lock says; whoever adds a dependency wants the lock to follow.
LOCKED := $(if $(CI),--locked)

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# The versions of all that is installed for tests and lint.
LOCK := constraints.txt
MADE := $(VENV)/.made
TOOLS := $(VENV)/.tools
WHEEL := $(DIST)/.built
BENCH := .venv-bench
MEASURED := target/bench
QUIX := --peer-python quixstreams=$(BENCH)/quix/bin/python
INSTALLED := $(VENV)/.installed
# Environments with other versions than those of the lock, and what pip is asked for there.
VERSIONS := target/versions

# Folders are listed too: their time tells of a file that was removed.
SOURCES := Cargo.toml Cargo.lock pyproject.toml README.md LICENSE $(wildcard rust/streamreg-*/Cargo.toml) \
  $(shell find rust/streamreg-*/src python -name __pycache__ -prune -o \( -type d -o -type f \) -print)
PYTHON_FOLDERS := python $(wildcard tests examples benches)
FUZZ_TARGETS := $(basename $(notdir $(wildcard rust/fuzz/fuzz_targets/*.rs)))

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | while IFS=$$'\t' read -r name text; do \
	  printf '  make %-13s %s\n' "$$name" "$$text"; done
	@echo 'PYTHON=/path/to/python3 chooses the Python (3.11 or later) that the environment is made with.'

# --- the environment ---------------------------------------------------------

.PHONY: venv
venv: $(TOOLS) ## make .venv with the pinned tools

OLD_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))

$(MADE):
	@python='$(PYTHON)'; \
	if [ -z "$$python" ]; then \
	  for name in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	    if "$$name" -c '$(OLD_ENOUGH)' 2>/dev/null; then python="$$name"; break; fi; \
	  done; \
	fi; \
	if [ -z "$$python" ]; then \
	  echo 'streamreg needs Python 3.11 or later and none was found on the PATH;' \
	    'name one with PYTHON=/path/to/python3' >&2; exit 1; \
	fi; \
	if ! "$$python" -c '$(OLD_ENOUGH)'; then \
	  echo "streamreg needs Python 3.11 or later; PYTHON=$$python is not" >&2; exit 1; \
	fi; \
	echo "making $(VENV) with $$("$$python" --version)"; \
	"$$python" -m venv --clear $(VENV)
	@$(PIP) install --constraint $(LOCK) pip # the Python's own may not know dependency groups
	@touch $@

$(TOOLS): $(MADE) pyproject.toml $(LOCK)
	@touch $@.begun
	$(PIP) install --constraint $(LOCK) --group dev
	@mv $@.begun $@

# With the oldest Python there may be, so that each later one finds these versions too.
.PHONY: lock
lock: $(WHEEL) ## renew constraints.txt: the newest versions of everything that tests and lint use
	$(BIN)/python -m venv --clear $(VERSIONS)/lock
	$(VERSIONS)/lock/bin/python -m pip --disable-pip-version-check --quiet install --upgrade pip
	$(VERSIONS)/lock/bin/python -m pip --quiet install --group dev --group docs --group release $(DIST)/*.whl
	$(VERSIONS)/lock/bin/python -m tests.versions lock > $(VERSIONS)/$(LOCK)
	mv $(VERSIONS)/$(LOCK) $(LOCK)

# --- the wheel ---------------------------------------------------------------

.PHONY: build
build: $(WHEEL) ## build the release wheel into dist/

$(WHEEL): $(SOURCES) | $(TOOLS)
	@command -v cargo >/dev/null || { echo 'streamreg needs Rust: cargo is not on the PATH' >&2; exit 1; }
	rm -rf $(DIST)
	mkdir $(DIST)
	@touch $@.begun
	$(BIN)/maturin build --release $(LOCKED) --quiet --out $(DIST)
	@mv $@.begun $@

.PHONY: install
install: $(INSTALLED) ## install the wheel into .venv

# In two steps: the wheel anew though its version is the same, then what it depends on.
$(INSTALLED): $(WHEEL) $(TOOLS)
	@touch $@.begun
	$(PIP) install --force-reinstall --no-deps $(DIST)/*.whl
	$(PIP) install --constraint $(LOCK) $(DIST)/*.whl
	@mv $@.begun $@

.PHONY: demo
demo: $(INSTALLED) ## run the main job on an embedded broker, and show the result as it changes
	$(BIN)/streamreg demo $(ARGS)

# --- the documentation ---------------------------------------------------------

# What each command's --help says, for the page of the command line; as wide wherever it is made.
HELP := target/help
COMMANDS := run top doctor verify inspect replay-rejects generate demo bench completion
DOCS := target/docs-env

.PHONY: docs
docs: $(INSTALLED) $(DOCS)/.made ## build the documentation into target/site, strictly: a dead link fails it
	mkdir -p $(HELP)
	COLUMNS=100 $(BIN)/streamreg --help > $(HELP)/streamreg.txt
	for command in $(COMMANDS); do COLUMNS=100 $(BIN)/streamreg $$command --help > $(HELP)/$$command.txt; done
	$(DOCS)/bin/zensical build --clean --strict

# An environment of its own: what it brings is needed nowhere else, and pages are made of the source without importing it.
$(DOCS)/.made: pyproject.toml $(LOCK) | $(TOOLS)
	$(BIN)/python -m venv --clear $(DOCS)
	@touch $@.begun
	$(BIN)/python -m pip --disable-pip-version-check --quiet --python $(DOCS) install --constraint $(LOCK) --group docs
	@mv $@.begun $@

# --- what is released -----------------------------------------------------------

WHEELS := target/wheels
SDIST := target/sdist
RELEASE := target/release-env
# Those of macOS need Apple's SDK, and so a Mac: there `make wheels WHEEL_TARGETS=aarch64-apple-darwin`.
WHEEL_TARGETS ?= x86_64-unknown-linux-gnu aarch64-unknown-linux-gnu x86_64-unknown-linux-musl aarch64-unknown-linux-musl

.PHONY: wheels
wheels: $(addprefix wheel-,$(WHEEL_TARGETS)) ## build the wheels of all systems into target/wheels, and check them

# One after another: each takes all of a core. zig brings the C library of each system, of a version as old as is asked for;
# what the wheel then needs is checked by maturin, which refuses a name that it does not keep.
.PHONY: $(addprefix wheel-,$(WHEEL_TARGETS))
$(addprefix wheel-,$(WHEEL_TARGETS)): wheel-%: $(RELEASE)/.made
	PATH="$(abspath $(RELEASE))/bin:$$PATH" maturin build --release --locked --quiet --target $* --out $(WHEELS) \
	  $(if $(findstring linux,$*),--zig --compatibility $(if $(findstring musl,$*),musllinux_1_2,manylinux_2_28))
	for wheel in $(WHEELS)/*linux*.whl; do if [ -e "$$wheel" ]; then $(RELEASE)/bin/auditwheel show "$$wheel"; fi; done
	$(RELEASE)/bin/twine check --strict $(WHEELS)/*.whl
	! find $(WHEELS) -name '*.whl' -size +6000000c | grep .

# Of the parsers themselves, so that it says what --help does; it is in the repository, since they are in the wheel that has it.
MAN := python/wheel-data/data/share/man/man1/streamreg.1

.PHONY: man
man: $(INSTALLED) $(RELEASE)/.made ## write the manual page anew, which the wheel has with it
	mkdir -p $(dir $(MAN))
	PYTHONPATH="$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("platlib"))')" \
	  $(RELEASE)/bin/argparse-manpage --module streamreg._cli --function _parser --prog streamreg --project-name streamreg \
	  --description 'an exact linear regression over a Kafka topic, kept up to date' --manual-title streamreg \
	  --version "$$($(BIN)/python -c 'import streamreg; print(streamreg.__version__)')" \
	  --format single-commands-section --output $(MAN)

.PHONY: sdist
sdist: $(RELEASE)/.made ## build the source distribution into target/sdist, and a wheel from it, without the network
	rm -rf $(SDIST)
	$(RELEASE)/bin/maturin sdist --out $(SDIST)
	$(RELEASE)/bin/twine check --strict $(SDIST)/*.tar.gz
	mkdir $(SDIST)/unpacked
	tar --extract --strip-components 1 --directory $(SDIST)/unpacked --file $(SDIST)/*.tar.gz
	cargo fetch --locked --manifest-path $(SDIST)/unpacked/Cargo.toml
	cd $(SDIST)/unpacked && CARGO_NET_OFFLINE=true $(abspath $(RELEASE))/bin/maturin build --release --locked --offline --quiet --out wheels

$(RELEASE)/.made: pyproject.toml $(LOCK) | $(MADE)
	$(BIN)/python -m venv --clear $(RELEASE)
	@touch $@.begun
	$(BIN)/python -m pip --disable-pip-version-check --quiet --python $(RELEASE) install --constraint $(LOCK) --group release
	@mv $@.begun $@

# --- checks ------------------------------------------------------------------

.PHONY: test
test: test-rust test-python ## all tests; those of Python on the installed wheel

# In the dev profile: a release build of the tests, with the wheel's link-time optimisation, takes
# minutes to save seconds; Cargo.toml optimises the crates that the tests are slow in.
.PHONY: test-rust
test-rust: ## the core's tests
	cargo test --workspace $(LOCKED)

.PHONY: test-python
test-python: $(INSTALLED) ## Python's tests; ARGS='-m "not kafka"' leaves the real broker out
	$(BIN)/python -m pytest $(APART) $(ARGS)

.PHONY: test-versions
test-versions: test-lowest test-newest ## tests without the real broker, on the lowest versions that there may be and the newest

# The tools are those of the lock in both. What is ignored is how releases of scikit-learn before the lock's give their checks.
.PHONY: test-lowest test-newest
test-lowest test-newest: test-%: $(WHEEL)
	$(BIN)/python -m venv --clear $(VERSIONS)/$*
	$(BIN)/python -m pip --disable-pip-version-check --quiet --python $(VERSIONS)/$* install --constraint $(LOCK) pip
	$(BIN)/python -m tests.versions $* > $(VERSIONS)/$*.txt
	$(VERSIONS)/$*/bin/python -m pip --quiet install --constraint $(VERSIONS)/$*.txt \
	  --group test --group beside "$$(echo $(DIST)/*.whl)[tables,sklearn,plot,serve]"
	$(VERSIONS)/$*/bin/python -m pip list
	$(VERSIONS)/$*/bin/python -m pytest tests/unit tests/flow tests/estimators \
	  -W 'ignore:Passing a non-Collection iterable to parametrize' -W 'ignore:Estimator ' $(ARGS)

.PHONY: chaos
chaos: $(INSTALLED) ## kill everything for SECONDS, and read a backlog of 20 million; CHAOS_SEED=… repeats one
	CHAOS_SECONDS=$(SECONDS) $(BIN)/python -m pytest -s \
	  tests/kafka/test_chaos.py tests/kafka/test_backlog.py $(ARGS)

.PHONY: soak
soak: $(INSTALLED) ## serve a run for SECONDS to a browser with its page and to a scraper, and look at its memory
	$(BIN)/python -m benches.served --soak $(SECONDS)

.PHONY: far
far: $(INSTALLED) ## read from a broker that is 5 s away, doctor and verify too; ten minutes
	FAR_ROUND_TRIPS=5 $(BIN)/python -m pytest -s tests/kafka/test_far.py $(ARGS)

.PHONY: readers
readers: $(INSTALLED) ## run all tests on a real broker by both readers; forty minutes
	KAFKA_READERS="native client" $(BIN)/python -m pytest tests/kafka $(ARGS)

.PHONY: windows
windows: $(INSTALLED) ## let ten million windows of each behaviour close, in bounded memory and state; ten minutes
	MANY_WINDOWS=10000000 $(BIN)/python -m pytest -s tests/flow/test_many_windows.py $(ARGS)

# The fuzz targets are a workspace of their own, which needs a nightly toolchain only to run: so a change of the core that
# they do not follow is seen at once. What is only checked is not linked: the library of the fuzzer need not be built.
CHECK_FUZZ = CUSTOM_LIBFUZZER_PATH=/dev/null cargo clippy --manifest-path rust/fuzz/Cargo.toml --target-dir target \
  $(LOCKED) -- -D warnings

.PHONY: lint
lint: $(INSTALLED) ## formatting, clippy, ruff, types, the layers, the extension's stub
	cargo fmt --all --check
	$(if $(FUZZ_TARGETS),cargo fmt --manifest-path rust/fuzz/Cargo.toml --check)
	cargo clippy --workspace --all-targets $(LOCKED) -- -D warnings
	$(if $(FUZZ_TARGETS),$(CHECK_FUZZ))
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy $(PYTHON_FOLDERS)
	PYTHONPATH=python $(BIN)/lint-imports --no-cache pyproject.toml
	PYTHONPATH=python $(BIN)/lint-imports --no-cache .importlinter
	$(BIN)/python -m mypy.stubtest streamreg._core

.PHONY: fmt
fmt: $(TOOLS) ## format everything
	cargo fmt --all
	$(if $(FUZZ_TARGETS),cargo fmt --manifest-path rust/fuzz/Cargo.toml)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

.PHONY: bench
bench: $(BENCH)/.made ## measure everything beside its rivals, into benches/RESULTS.md; an hour on a quiet machine
	cargo bench -p streamreg-core --benches $(LOCKED) -- $(CRITERION)
	mkdir -p $(MEASURED)
	$(BENCH)/bin/python -m benches.throughput --peers $(QUIX) --rows $(ROWS) --rounds $(ROUNDS) --json $(MEASURED)/throughput.json
	$(BENCH)/bin/python -m benches.latency --peers $(QUIX) --seconds $(LATENCY_SECONDS) --json $(MEASURED)/latency.json
	$(BENCH)/bin/python -m benches.numerics --rounds $(ROUNDS) --json $(MEASURED)/numerics.json
	$(BENCH)/rolling/bin/python -m benches.rolling --rounds $(ROUNDS) --json $(MEASURED)/rolling.json
	$(BENCH)/bin/python -m benches.windows --peers windows $(QUIX) --rows $(ROWS) --rounds $(ROUNDS) --json $(MEASURED)/windows.json
	$(BENCH)/bin/python -m benches.topics --rows $(ROWS) --rounds $(ROUNDS) --json $(MEASURED)/topics.json
	$(BENCH)/spark/bin/python -m benches.spark --json $(MEASURED)/spark.json
	$(BENCH)/bin/python -m benches.sinks --rounds $(ROUNDS) --json $(MEASURED)/sinks.json
	$(BENCH)/bin/python -m benches.files --rows $(ROWS) --rounds $(ROUNDS) --json $(MEASURED)/files.json
	$(BENCH)/bin/python -m benches.report $(MEASURED)

# Environments of their own: the peers bring a hundred packages, and one of them an older Kafka client than ours.
$(BENCH)/.made: $(WHEEL)
	$(BIN)/python -m venv --clear $(BENCH)
	@touch $@.begun
	$(BIN)/python -m venv --clear $(BENCH)/quix
	$(BENCH)/bin/python -m pip --disable-pip-version-check --quiet install "$$(echo $(DIST)/*.whl)[peers]"
	$(BIN)/python -m pip --disable-pip-version-check --quiet --python $(BENCH)/quix install --group quix
	$(BIN)/python -m venv --clear $(BENCH)/spark
	$(BIN)/python -m pip --disable-pip-version-check --quiet --python $(BENCH)/spark install \
	  --constraint $(LOCK) "$$(echo $(DIST)/*.whl)[spark]"
	$(BIN)/python -m venv --clear $(BENCH)/rolling
	$(BIN)/python -m pip --disable-pip-version-check --quiet --python $(BENCH)/rolling install \
	  --group rolling "$$(echo $(DIST)/*.whl)[tables]"
	@mv $@.begun $@

.PHONY: fuzz
fuzz: ## each fuzz target for FUZZ_SECONDS (needs cargo-fuzz and a nightly toolchain)
	@cargo fuzz --version >/dev/null 2>&1 || { \
	  echo 'fuzzing needs cargo-fuzz: cargo install cargo-fuzz' >&2; exit 1; }
	cd rust && for target in $(FUZZ_TARGETS); do \
	  cargo +nightly fuzz run --fuzz-dir fuzz "$$target" -- -max_total_time=$(FUZZ_SECONDS); done

.PHONY: clean
clean: ## remove what was built, the environment included
	rm -rf $(VENV) $(BENCH) $(DIST) .hypothesis .mypy_cache .pytest_cache .ruff_cache
	cargo clean --quiet
	find python tests examples $(wildcard benches) -name __pycache__ -type d -prune -exec rm -rf {} +
