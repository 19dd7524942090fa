# shellcheck shell=bash disable=SC2034
# What the other scripts share; sourced by them, in the project's root folder.

set -euo pipefail
# The caller's Python settings must not reach the build or the tests.
unset PYTHONPATH PYTHONHOME VIRTUAL_ENV PYTHONDONTWRITEBYTECODE

# What the program needs to be built, and numpy for examples/.
BUILD_PACKAGES=(
  build-essential cmake ninja-build ccache pkg-config git ca-certificates
  python3 python3-dev python3-venv python3-pip python3-numpy pybind11-dev
  libcli11-dev nlohmann-json3-dev libeigen3-dev libgit2-dev libssl-dev libzstd-dev libfmt-dev libexpected-dev
  libpugixml-dev libtomlplusplus-dev libxxhash-dev zlib1g-dev libjs-chart.js
)
TEST_PACKAGES=(libgtest-dev libgmock-dev strace zsh fish groff-base libxml2-utils)

# Paths below the project are relative for ccache: what one build has compiled, the others need not.
export CCACHE_BASEDIR=$PWD

# stamp FILE...: changes if one of the files, the interpreter or the place does.
stamp() {
  { "$PYTHON" -c 'import sys; print(sys.executable, sys.version)'; pwd; cat "$@"; } | sha256sum
}

# pinned_venv FOLDER REQUIREMENTS: an environment of $PYTHON with exactly these packages; made again if they change.
pinned_venv() {
  local folder=$1 requirements=$2 wanted
  wanted=$(stamp "$requirements")
  [ "$(cat "$folder/stamp" 2>/dev/null)" != "$wanted" ] || return 0
  say "Making $folder"
  rm -rf "$folder"
  "$PYTHON" -m venv "$folder"
  "$folder/bin/pip" install --quiet --disable-pip-version-check --no-input --only-binary :all: --no-deps \
    --require-hashes -r "$requirements"
  printf '%s\n' "$wanted" >"$folder/stamp"
}

say() { printf '\n== %s\n' "$*"; }

die() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# install_packages NAME...: those that are missing; touches apt only if one is.
install_packages() {
  if ! command -v dpkg-query >/dev/null; then
    printf 'No dpkg here: the packages must be installed by hand, under the names of your system: %s\n' "$*" >&2
    return
  fi
  local missing=() package
  for package in "$@"; do
    if [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" != installed ]; then
      missing+=("$package")
    fi
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "Installing ${missing[*]}"
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "run as root, or install first: apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  "${as_root[@]}" apt-get update -qq </dev/null
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    "${missing[@]}" </dev/null
}

# Sets PYTHON to the interpreter for the build, the tests and the examples: $PYTHON, else the system's. One on PATH may
# be a version manager's shim or lack a shared libpython, so it is not looked at.
choose_python() {
  local asked=${PYTHON:-/usr/bin/python3}
  local problem
  problem=$("$asked" - <<'PY' 2>&1
import pathlib, sys, sysconfig
if sys.version_info < (3, 9):
    print("it is older than 3.9")
elif not sysconfig.get_config_var("Py_ENABLE_SHARED"):
    print("it was built without a shared libpython (--enable-shared)")
elif not pathlib.Path(sysconfig.get_path("include"), "Python.h").exists():
    print("it has no headers (on Debian and Ubuntu: apt-get install python3-dev)")
PY
  ) || die "PYTHON=$asked does not run: $problem"
  [ -z "$problem" ] || die "PYTHON=$asked cannot be embedded: $problem"
  PYTHON=$("$asked" -c 'import sys; print(sys.executable)')
}

# build PRESET [CMAKE_ARGUMENT...]: configures and builds; starts afresh if the folder was made for another Python.
build() {
  local preset=$1 fresh=() cache=build/$1/CMakeCache.txt
  shift
  if [ -f "$cache" ] && ! grep -q "^Python_EXECUTABLE:[A-Z]*=$PYTHON\$" "$cache"; then
    fresh=(--fresh)
  fi
  say "Building the preset $preset for $PYTHON ($("$PYTHON" -c 'import platform; print(platform.python_version())'))"
  # Warnings stop developers and CI, not people whose compiler knows more of them.
  local werror=OFF
  [ -z "${CI:-}" ] || werror=ON
  cmake --preset "$preset" "${fresh[@]}" -DPython_EXECUTABLE="$PYTHON" -DSNAPSHOT_TEST_WERROR=$werror "$@" \
    --log-level=NOTICE
  cmake --build --preset "$preset"
}
