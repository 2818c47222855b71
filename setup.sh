#!/bin/sh
# Makes .venv beside this file with exactly the versions (and hashes) of the lock file, and installs `tabiji` into it.
#   sh setup.sh         to run it          sh setup.sh --dev    to test, lint and type-check it too
set -eu
cd "$(dirname "$0")"
lock=requirements.lock
[ "${1:-}" = "--dev" ] && lock=requirements-dev.lock
python="${PYTHON:-python3}"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Tabiji needs Python 3.11 or newer; \"$python\" is older. Set PYTHON=/path/to/python3.11. / Python 3.11 以上が必要です。" >&2
    exit 1
}
[ -x .venv/bin/python ] || "$python" -m venv .venv || {
    rm -rf .venv
    echo "Python cannot make a virtual environment. On Debian and Ubuntu: apt install python3-venv. / 仮想環境を作れません。Debian・Ubuntu では python3-venv を入れてください。" >&2
    exit 1
}
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
