PYTHON := .venv/bin/python
COMPILE := .venv/bin/uv pip compile --quiet --upgrade --universal --generate-hashes --no-header --no-emit-index-url pyproject.toml

help:  ## list the commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 12

run: export DEMO = 1
run: setup faces  ## the demo province on http://127.0.0.1:8000
	$(PYTHON) manage.py serve

test: check browser java programs faces  ## everything a commit must pass
	$(PYTHON) -m pytest -n auto --dist loadscope

check: setup  ## the code itself: lint, types, boundaries, migrations; changes nothing
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	.venv/bin/lint-imports
	$(PYTHON) manage.py makemigrations --check --dry-run

media: export DEMO = 1
media: setup programs  ## the media server that cameras send to, beside `make run`
	$(PYTHON) manage.py serve_media

rules: setup  ## rules alone: no Django, no database
	$(PYTHON) -m pytest -c /dev/null --rootdir=. -p no:django -p no:socket rollbook/*/tests/test_rules*.py rollbook/*/tests/rules

fix: setup  ## what a machine can mend
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

texts: setup  ## gather the texts to translate
	$(PYTHON) -m rollbook.config.texts gather

lock: setup  ## pin the newest versions that fit, for every platform
	$(COMPILE) --group dev --output-file requirements.txt
	$(COMPILE) --group bench --constraint requirements.txt --output-file requirements-bench.txt
	$(COMPILE) --extra face --group face-pictures --constraint requirements.txt --output-file requirements-face.txt
	.venv/bin/npm update --ignore-scripts --no-audit --no-fund

docs: setup  ## the rule book in both languages, from the rules, policies and worked cases, into rulebook/
	$(PYTHON) manage.py print_rules

bench: setup .venv/peers java  ## the figures of quality.md, measured here beside their peers
	$(PYTHON) -m benchmarks

shots: setup browser  ## pictures of every page into shots/
	$(PYTHON) -m pytest tests/browser/test_shots.py --shots -q

setup: .venv/installed node_modules/installed .venv/texts

.venv/installed: requirements.txt
	python3 -m venv .venv
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	touch $@

.venv/peers: requirements-bench.txt .venv/installed
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.txt
	touch $@

# Matching of faces; without it the rest works, pages say so, and its tests are skipped.
faces: .venv/installed
	@test .venv/faces -nt requirements-face.txt || \
		($(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-face.txt && touch .venv/faces) || \
		echo "The packages for faces could not be installed: faces are not set up, and their tests are skipped"

node_modules/installed: package-lock.json .venv/installed
	PATH="$(CURDIR)/.venv/bin:$$PATH" npm ci --ignore-scripts --no-audit --no-fund
	touch $@

.venv/texts: .venv/installed $(wildcard rollbook/*/locale/zh_Hans/LC_MESSAGES/django.po)
	$(PYTHON) -m rollbook.config.texts
	touch $@

# Debian's Chromium, where this account may install it; elsewhere the browser tests ask for it.
browser:
	@command -v chromium >/dev/null || (apt-get update -qq && apt-get install -y -qq chromium fonts-noto-cjk) || \
		echo "Chromium is missing and could not be installed: the browser tests will fail"

# Spark, in which the tests repeat the screening, runs on Java 17.
java:
	@command -v java >/dev/null || (apt-get update -qq && apt-get install -y -qq openjdk-17-jre-headless) || \
		echo "Java is missing and could not be installed: the tests on Spark will fail"

# nginx with its RTMP module and ffmpeg, for videos and live classrooms; without them the rest works and says so.
programs:
	@(command -v nginx && command -v ffmpeg && test -e /usr/lib/nginx/modules/ngx_rtmp_module.so && \
		test -e /usr/lib/nginx/modules/ngx_stream_module.so) >/dev/null || \
		(apt-get update -qq && apt-get install -y -qq --no-install-recommends nginx-light libnginx-mod-rtmp libnginx-mod-stream ffmpeg) || \
		echo "nginx with RTMP or ffmpeg is missing and could not be installed: tests of videos are skipped"
	@test -e /usr/sbin/clamd || \
		(apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends clamav-daemon) || \
		echo "clamav-daemon is missing and could not be installed: the test with a real scanner is skipped"

.PHONY: help media run test check rules fix texts lock docs bench shots setup browser java programs faces
