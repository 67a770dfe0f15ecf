#!/bin/sh
# Writes the two hash-locked files from pyproject.toml, for every Python and platform that is supported.
# uv comes from PATH, or else from a throwaway environment.
set -eu
cd "$(dirname "$0")/.."

if ! command -v uv >/dev/null 2>&1; then
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    "${PYTHON:-python3}" -m venv "$scratch/venv"
    "$scratch/venv/bin/python" -m pip install --quiet uv
    PATH="$scratch/venv/bin:$PATH"
fi

# No header and no index: the command line of one machine says nothing to another.
compile() {
    uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
        --only-binary :all: --no-header --no-emit-index-url --no-emit-find-links "$@"
}

compile --output-file requirements.lock
# The same versions in both files, so that the wheel is tested with what the developers use.
compile --group dev --constraints requirements.lock --output-file requirements-dev.lock
