# The hotline. `make run` on a fresh machine sets everything up; later starts take seconds.

MAKEFLAGS += --no-print-directory
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
IVR := .venv/bin/ivr
READY := .venv/.ready

.PHONY: run demo demo-case demo-two test bench soak matrix lock clean help

run: $(READY)          ## start the sandbox hotline on this machine, until Ctrl-C
	@exec $(IVR) up

demo: $(READY)         ## play one whole story with real SIP phones and draw the call's ladder
	@exec .venv/bin/python -m tests.demo

demo-case: $(READY)    ## one matter from the public form over a department's work order to its end; two more wait to be worked on
	@exec .venv/bin/python -m tests.demo_case

demo-two: $(READY)     ## 12345 and 110 side by side, and one case that both work on (STAY=1: both stay for your browser)
	@exec .venv/bin/python -m tests.demo_two $(if $(STAY),--stay)

test: $(READY)         ## every test: ruff, types, unit, replay, real Asterisk with real SIP phones, a real browser
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/ivr fetch
	.venv/bin/python -m tests.tools
	.venv/bin/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder --ignore tests/browser
	.venv/bin/python -m tests.browser

bench: $(READY)        ## how fast is it: goals and measured values, docs/performance.md with its pictures (16 minutes, two idle cores)
	@.venv/bin/ivr fetch
	@.venv/bin/python -m tests.tools
	@exec .venv/bin/python -m tests.bench --page docs/performance.md

soak: $(READY)         ## random stories while random things die (SEED=1 MINUTES=10); the log against what the phones heard
	@exec .venv/bin/python -m tests.soak --seed $(or $(SEED),1) --minutes $(or $(MINUTES),10)

matrix: $(READY)       ## every death against every state of a call, with real phones; writes docs/matrix.md (20 minutes)
	.venv/bin/python -m tests.matrix

lock:                  ## pin the dependencies of pyproject.toml anew (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra test \
		-o requirements.lock pyproject.toml

clean:                 ## remove what the set-up made; var/ (calls, recordings, secrets) stays
	rm -rf .venv .tools .mypy_cache .ruff_cache .pytest_cache .hypothesis

help:                  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1	/p' Makefile

$(READY): requirements.lock ivr/bootstrap.py
	@test -n "$(PYTHON)" || { echo "python3 3.11 or newer is needed: apt-get install python3.11" >&2; exit 1; }
	@$(PYTHON) -m ivr.bootstrap
