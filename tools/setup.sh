#!/bin/sh
# Makes .venv from requirements-dev.lock and installs the project into it, editable. Needs no root.
# PYTHON chooses the interpreter; pip reads its own PIP_* variables.
set -eu
cd "$(dirname "$0")/.."
venv=.venv

fail() {
    echo "error: $1" >&2
    exit 1
}

# An interpreter is tried, not only looked up: version managers put names on PATH that do not run.
find_python() {
    for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            echo "$candidate"
            return
        fi
    done
    fail "no Python 3.11 or newer found${PYTHON:+ at PYTHON=$PYTHON}; install one, or name it: make setup PYTHON=/path/to/python3"
}

# What the environment was made from: the lock, the project's metadata, the interpreter.
fingerprint() {
    "$python" - <<'PY'
import hashlib, pathlib, sys

made_from = pathlib.Path("requirements-dev.lock").read_text()
made_from += pathlib.Path("pyproject.toml").read_text().split("\n[tool.")[0]
made_from += sys.version + sys.base_prefix
print(hashlib.sha256(made_from.encode()).hexdigest())
PY
}

# uv does not read PIP_*; these are the ones that decide where packages come from.
uv_install() {
    UV_DEFAULT_INDEX="${UV_DEFAULT_INDEX:-${PIP_INDEX_URL:-}}" \
    UV_INDEX="${UV_INDEX:-${PIP_EXTRA_INDEX_URL:-}}" \
    UV_FIND_LINKS="${UV_FIND_LINKS:-${PIP_FIND_LINKS:-}}" \
    SSL_CERT_FILE="${SSL_CERT_FILE:-${PIP_CERT:-}}" \
    uv pip install --python "$venv/bin/python" "$@"
}

# Debian's python3 may come without ensurepip, and then without pip; each way below needs one thing less.
make_venv() {
    if "$python" -m venv "$venv" >/dev/null 2>&1; then
        installer=own
    else
        rm -rf "$venv"
        "$python" -m venv --without-pip "$venv" || fail "$python cannot make a virtual environment"
        if "$python" -m pip --python "$venv/bin/python" --version >/dev/null 2>&1; then
            installer=outer
        elif command -v uv >/dev/null 2>&1; then
            installer=uv
        else
            fail "$python has neither ensurepip nor pip, and uv is not on PATH; on Debian or Ubuntu: sudo apt-get install python3-venv"
        fi
    fi
}

install() {
    case $installer in
        own) "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@" ;;
        outer) "$python" -m pip --python "$venv/bin/python" install --quiet --disable-pip-version-check "$@" ;;
        uv) uv_install --quiet "$@" ;;
    esac
}

# Two makes at once would write into one environment.
if command -v flock >/dev/null 2>&1; then
    exec 9>"$venv.lock"
    flock 9
fi

up_to_date() {
    python=$1
    wanted=$(fingerprint 2>/dev/null) && [ "$(cat "$venv/made-from" 2>/dev/null)" = "$wanted" ]
}

# Without PYTHON the interpreter of an existing .venv is the choice that was made before.
if up_to_date "${PYTHON:-$venv/bin/python}" && "$venv/bin/python" -c '' 2>/dev/null; then
    exit 0
fi

python=$(find_python)
wanted=$(fingerprint)
echo "setting up $venv with $("$python" --version)"
rm -rf "$venv"
make_venv
install --require-hashes --only-binary :all: --requirement requirements-dev.lock
install --no-deps --no-build-isolation --editable .
# Written last: without it the next run starts again, so an interrupted set-up never passes for a whole one.
echo "$wanted" >"$venv/made-from"
