# make demo     the light install in .venv, and the main job on the sample area: roofs/roofs.gpkg
# make test     the full install in .venv-dev, and the tests, but for the slow ones
# make test-slow  the slow ones
# make plugin   the ZIP that QGIS installs: dist/roofgeo_qgis-VERSION.zip
# make lint     ruff, mypy and bandit
# make figures  measure the shipped models, and write the tables of the README and of their cards
# make samples  render samples/ anew

.DEFAULT_GOAL := help
.PHONY: help demo test test-slow test-312 test-qgis test-qgis-slow plugin lint figures samples
SHELL := /bin/bash
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check

# The first interpreter that is new enough and can make environments; `make PYTHON=... test` takes another.
NEW_ENOUGH := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for python in python3 python3.11 python3.12 python3.13; do \
	$$python -c '$(NEW_ENOUGH)' 2>/dev/null && echo $$python && break; done)

# A Python 3.12 beside it: there torchgeo is newer, and what touches it is tested again.
PYTHON312 ?= $(shell for python in python3.12 $${PYENV_ROOT:-$$HOME/.pyenv}/versions/3.12*/bin/python3.12; do \
	$$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != (3, 12))' 2>/dev/null \
	&& echo $$python && break; done)

# The Python QGIS was built for; the plugin is tested there.
QGIS_PYTHON ?= $(shell for python in /usr/bin/python3 python3; do \
	$$python -c 'import qgis.core, venv, ensurepip' 2>/dev/null && echo $$python && break; done)

help:
	@sed -n 's/^# make/make/p' Makefile

demo: .venv/installed
	.venv/bin/roofgeo predict --aoi samples/area.geojson --output roofs --overwrite

# The main suite comes last, so that its summary is the last line.
test: .venv-dev/installed test-312 test-qgis
	.venv-dev/bin/python -m pytest -m 'not slow'

test-slow: .venv-dev/installed test-qgis-slow
	.venv-dev/bin/python -m pytest -m slow

ifeq ($(PYTHON312),)
test-312:
	@echo "no Python 3.12 found: the newest torchgeo is not tested"
else
test-312: .venv-dev312/installed
	.venv-dev312/bin/python -m pytest -m 'not slow' tests/data
endif

ifeq ($(QGIS_PYTHON),)
test-qgis test-qgis-slow:
	@echo "no QGIS found: the plugin's tests in QGIS are skipped (Debian: apt install qgis python3-qgis xvfb)"
else
# Qt reads its platform before pytest begins; programs that need a screen get one of their own.
test-qgis: .venv-qgis/installed .venv-dev/installed
	QT_QPA_PLATFORM=offscreen .venv-qgis/bin/python -m pytest -m 'qgis and not slow' tests/qgis_plugin

test-qgis-slow: .venv-qgis/installed .venv-dev/installed
	QT_QPA_PLATFORM=offscreen .venv-qgis/bin/python -m pytest -m 'qgis and slow' tests/qgis_plugin
endif

plugin:
	@$(PYTHON) qgis_plugin/package.py

lint: .venv-dev/installed
	.venv-dev/bin/ruff check .
	.venv-dev/bin/ruff format --check .
	.venv-dev/bin/mypy
	.venv-dev/bin/bandit --quiet --recursive qgis_plugin/roofgeo_qgis

figures: .venv-dev/installed
	.venv-dev/bin/python -m tests.benchmarks.figures --write

samples: .venv-dev/installed
	.venv-dev/bin/python samples/make_samples.py

# An environment is made anew only where pyproject.toml changed since.
.venv/installed .venv-dev/installed: pyproject.toml
	@test -n "$(PYTHON)" || { echo "no Python of 3.11 or newer with venv found; name one: make PYTHON=/path/to/python"; false; }
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python $(PIP_INSTALL) -e '.$(if $(findstring dev,$@),[dev])'
	@touch $@

.venv-dev312/installed: pyproject.toml
	$(PYTHON312) -m venv $(@D)
	$(@D)/bin/python $(PIP_INSTALL) -e '.[dev]'
	@touch $@

# pytest-qgis: a QGIS within pytest
.venv-qgis/installed: Makefile
	$(QGIS_PYTHON) -m venv --system-site-packages $(@D)
	$(@D)/bin/python $(PIP_INSTALL) 'pytest>=8' 'pytest-qgis==5.0.2'
	@touch $@
