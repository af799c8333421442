# `make demo` and `make test` work on a fresh machine with Python 3.11+ (venv), make and git.
.PHONY: help demo sync test check lint types format parity bench lock
.NOTPARALLEL:

help demo sync test check lint types format parity bench lock:
	@./run $@ $(ARGS)
