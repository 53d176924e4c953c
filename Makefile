# Every verb makes the virtual environment when it is missing or stale; nothing else needs to be installed.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.locked
JOBS   ?= auto
CHECKED := $(CURDIR)/$(VENV)/.checked
SECONDS ?= 600

.PHONY: help demo test checked fuzz lint lab lab-cluster lab-cluster-built format docs lock clean
help: ## what each verb does
	@grep -hE '^[a-z%-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(STAMP): requirements/dev.txt pyproject.toml guard/pyproject.toml requirements/venv
	@PYTHON=$(PYTHON) requirements/venv $(VENV)

demo: $(STAMP) ## find a real leak in a real memory cgroup, from symptom to proof
	@$(BIN)/oakum demo $(ARGS)

test: $(STAMP) ## unit, property, contract and recorded tests; offline and parallel
	@$(BIN)/pytest -n $(JOBS) -m "not lab and not cluster" tests $(ARGS)

# What feeds kernels. Without the JIT, reading a living process's heap would take minutes: its kernels have tests apart.
KERNEL_TESTS := tests/property tests/unit/heap tests/unit/judge
PLAIN_TESTS  := tests/property tests/unit/heap --ignore tests/property/test_heap_torn.py --ignore tests/unit/heap/test_heap_growth.py --ignore tests/unit/heap/test_heap_division.py

checked: $(STAMP) ## every kernel with its bounds checked, then as plain Python
	@rm -rf $(CHECKED)
	@NUMBA_BOUNDSCHECK=1 NUMBA_CACHE_DIR=$(CHECKED)/bounds sh -c '$(BIN)/python tests/checked/proof.py bounds && $(BIN)/pytest -q -n $(JOBS) $(KERNEL_TESTS)'
	@NUMBA_DISABLE_JIT=1 NUMBA_CACHE_DIR=$(CHECKED)/plain sh -c '$(BIN)/python tests/checked/proof.py plain && $(BIN)/pytest -q -n $(JOBS) $(PLAIN_TESTS)'

fuzz: $(VENV)/.fuzz ## the readers of dumps, for SECONDS=600 in all; what is found is kept in .fuzz/findings
	@nice $(BIN)/python -m fuzz --seconds $(SECONDS) $(ARGS)

# Where there is no wheel for this Python, python -m fuzz says so and nothing fails.
$(VENV)/.fuzz: requirements/fuzz.txt $(STAMP)
	@$(BIN)/pip --quiet --disable-pip-version-check install --only-binary :all: --require-hashes -r requirements/fuzz.txt || true
	@touch $@

lint: $(STAMP) ## style, types and floors
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

lab: $(STAMP) ## tests on real leaking processes, cgroups and OOM kills
	@$(BIN)/pytest -m lab tests/lab $(ARGS)

lab-cluster-built: $(VENV)/.cluster
	@$(BIN)/python -m lab.cluster build

lab-cluster: $(VENV)/.cluster ## tests on a real Kubernetes of our own, or on that of KUBECONFIG
	@$(BIN)/python -m lab.cluster run -- $(BIN)/pytest -m cluster tests/cluster $(ARGS)

$(VENV)/.cluster: requirements/cluster.txt $(STAMP)
	@$(BIN)/pip --quiet --disable-pip-version-check install --require-hashes -r requirements/cluster.txt && touch $@

bench-%: $(VENV)/.bench ## a measurement beside its peers: bench-judge (DATA=PATH), bench-heap, bench-redact, bench-speed, bench-sampler, bench-probes, bench-cluster, bench-prometheus, bench-native, bench-go, bench-heaptrack, bench-redis, bench-logs, bench-zoo
	@$(BIN)/python -m bench.$* $(if $(DATA),--data $(DATA)) $(ARGS)

$(VENV)/.bench: requirements/bench.txt $(STAMP)
	@$(BIN)/pip --quiet --disable-pip-version-check install --require-hashes -r requirements/bench.txt && touch $@

format: $(STAMP) ## let ruff lay out the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lock: ## pin every dependency again (needs uv)
	@requirements/lock

clean: ## remove the virtual environment and every cache
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
