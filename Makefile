# Two commands: `make demo` runs the main job, `make test` runs every test. Both set up what they need.
.DEFAULT_GOAL := help
SHELL := /bin/bash

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
PYTHON := $(shell for p in python3.11 python3 python3.12 python3.13; do \
  command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
APT := $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get
BOARDS := mps2-an385 mps2-an386 mps2-an500 mps2-an505 mps3-an547 netduinoplus2 \
  nucleo_f446re nucleo_h743zi stm32f4_discovery nrf52840dk rpi_pico
IMAGES := $(BOARDS:%=build/firmware/%.elf)
MODELS := build/models/scale_cnn-4.tflite build/models/mobilenet_v2-0.1.tflite
FIRMWARE_SOURCES := devices/firmware/Makefile $(shell find devices/firmware/engine devices/firmware/link \
  devices/firmware/port devices/firmware/main.c -name '*.[chS]' -o -name '*.in' -o -name '*_boot2.py')
MISSING := $(if $(shell command -v qemu-system-arm),,qemu-system-arm) \
  $(if $(shell command -v arm-none-eabi-gcc),,gcc-arm-none-eabi libnewlib-arm-none-eabi) \
  $(if $(shell command -v gcc),,gcc libc6-dev)
# libFuzzer is a package of its own on newer distributions; which, is known once the lists are there.
MISSING_FUZZER := $(if $(wildcard $(shell clang -print-runtime-dir 2>/dev/null)/libclang_rt.fuzzer*),,\
  clang $$(apt-cache pkgnames | grep -x libclang-rt-dev))
MISSING_DATABASE := $(if $(wildcard /usr/lib/postgresql/*/bin/initdb),,postgresql)
NO_CLUSTER := /etc/postgresql-common/createcluster.d/tinygate.conf
MISSING_BROWSER := $(if $(shell command -v chromium),,chromium) $(if $(shell command -v chromedriver),,chromium-driver)
RUNS ?= 1000000
RUN := $(BIN)/tinygate run
DEMO := examples/digits.toml
DIST ?= dist

.PHONY: reference figures gate-study fuzz fuzzer database browser fault-study constraints firmware tools help setup demo test lint types unit format wheel bench doctor clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F"\t" "{ printf \"%-12s %s\\n\", \$$1, \$$2 }"

setup: $(INSTALLED) ## Install everything into .venv

demo: $(INSTALLED) $(IMAGES) ## Train, export, evaluate, gate and register the digits models
	@$(RUN) $(DEMO)

firmware: $(INSTALLED) $(IMAGES) $(MODELS) ## Build the firmware; print sizes and instructions per inference
	@$(MAKE) -s --no-print-directory -C devices/firmware
	@for model in $(MODELS); do echo; echo $$model; \
	  $(BIN)/python -m devices.bench_boards --model $$model; done

test: lint types unit ## Run every check and every test

lint: $(INSTALLED) ## Check style
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(INSTALLED) ## Check types
	@$(BIN)/mypy

unit: $(INSTALLED) $(IMAGES) | fuzzer database browser ## Run the tests
	@$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder

format: $(INSTALLED) ## Format the code
	@$(BIN)/ruff check --fix -q . ; $(BIN)/ruff format .

wheel: $(INSTALLED) $(IMAGES) ## Build the wheel into dist/, firmware of every board inside
	@$(MAKE) -s -C devices/firmware images > build/firmware.log
	@$(BIN)/uv build --wheel --build-constraints constraints.txt --python $(BIN)/python -q --out-dir $(DIST)
	@ls -l $(DIST)/*.whl

reference: $(INSTALLED) ## Write the pages that are generated from the code
	@mkdir -p build && $(RUN:run=schema) > build/config.schema.json && mv build/config.schema.json docs/reference/
	@$(RUN:run=schema) --markdown > build/config.md && mv build/config.md docs/reference/

figures: demo ## Draw the README's picture from the demo's results
	@$(BIN)/python docs/figures/error_sets.py runs/digits

bench: $(INSTALLED) $(IMAGES) $(MODELS) ## Measure what is claimed about speed and memory
	@$(BIN)/python -m harness.bench
	@echo && $(BIN)/python devices/firmware/bench/bench.py $(MODELS)
	@echo && $(BIN)/python -m devices.bench_link qemu://mps2-an386 --model $(firstword $(MODELS)) \
	  --samples 100 --baud 115200 921600
	@echo && $(BIN)/python -m harness.bench_device $(firstword $(MODELS))
	@echo && $(BIN)/python -m harness.bench_training

gate-study: $(INSTALLED) ## Measure how often the gate errs, by simulation (QUICK=1: in a minute)
	@$(BIN)/python -m harness.cli.gate_study $(if $(QUICK),--quick) $(if $(DOCS),--docs docs)

fault-study: $(INSTALLED) | tools ## Inject faults between host and device; count what is lost or wrong
	@$(BIN)/python -m harness.fault_study

$(MODELS): | $(INSTALLED)
	@echo "exporting the models to measure ..." && $(BIN)/python -m harness.bench_models $(@D)

fuzz: $(INSTALLED) | tools fuzzer ## Fuzz what reads hostile bytes, RUNS=1000000 inputs each
	@$(BIN)/python -m tests.devices.fuzz --runs $(RUNS)

doctor: $(INSTALLED) ## Show what is installed and works
	@$(BIN)/tinygate doctor

constraints: $(INSTALLED) ## Take the newest versions that fit together
	@{ sed -n '/^#/p' constraints.txt; $(BIN)/uv pip compile -q --upgrade --all-extras --no-header --no-annotate \
	  --no-emit-index-url --python-version 3.11 pyproject.toml; } > constraints.new
	@mv constraints.new constraints.txt

clean: ## Remove build products and results, keep .venv
	rm -rf build dist runs .mypy_cache .ruff_cache .pytest_cache .hypothesis

# Firmware images of every board, built with Debian's cross compiler.
$(IMAGES) &: $(FIRMWARE_SOURCES) | tools
	@echo "building the firmware ..."
	@mkdir -p build && $(MAKE) -s -j$$(nproc) -C devices/firmware > build/firmware.log 2>&1 || { cat build/firmware.log; exit 1; }
	@touch $(IMAGES)

# Install Debian packages: $(call install,PACKAGES), nothing where there are none.
install = [ -z '$(strip $(1))' ] || { echo "installing $(strip $(1)) ..."; \
  $(APT) -qq update >/dev/null && $(APT) -qq install -y --no-install-recommends $(1) >/dev/null; }

tools:
	@$(call install,$(MISSING))

fuzzer:
	@$(call install,$(MISSING_FUZZER))

# Debian makes and starts a cluster with the package, unless told not to: the tests have their own.
database:
	@[ -z '$(MISSING_DATABASE)' ] || { $(SUDO) mkdir -p $(dir $(NO_CLUSTER)) && \
	  echo 'create_main_cluster = off' | $(SUDO) tee $(NO_CLUSTER) >/dev/null && \
	  { $(call install,$(MISSING_DATABASE)); code=$$?; $(SUDO) rm $(NO_CLUSTER); exit $$code; }; }

browser:
	@$(call install,$(MISSING_BROWSER))

# The virtual environment: exact versions from constraints.txt, tinygate itself in editable form.
$(INSTALLED): pyproject.toml constraints.txt | python
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV) (about 8 GB with torch and tensorflow; a minute or two) ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt uv
	@$(BIN)/uv pip install -q --compile-bytecode --python $(BIN)/python -c constraints.txt -b constraints.txt -e '.[all,tensorflow,dev]'
	@touch $@

.PHONY: python
python:
	@[ -n "$(PYTHON)" ] || { echo "tinygate needs Python 3.11 or newer; none was found in PATH" >&2; exit 2; }
	@[ -x $(BIN)/python ] || $(PYTHON) -c 'import ensurepip' 2>/dev/null || { $(call install,python3-venv); }
