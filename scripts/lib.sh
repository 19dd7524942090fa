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
# nginx and openssh-server: for the tests of remotes, which start them with files of their own.
TEST_PACKAGES=(
  git-lfs libgtest-dev libgmock-dev strace zsh fish groff-base libxml2-utils nginx-light openssh-server openssh-client
)
# What looks at the report page. Ubuntu has it as a snap only, which does not run in a container.
BROWSER_PACKAGE=chromium

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

# as_root COMMAND...: with sudo where that is needed.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  else
    command -v sudo >/dev/null || die "run as root, or do first: $*"
    sudo "$@"
  fi
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
  as_root apt-get update -qq </dev/null
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null
}

# has_browser: one that tests/support/browser.py finds.
has_browser() {
  command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null
}

# candidate PACKAGE: the version that apt would install; nothing where there is none.
candidate() { apt-cache policy "$1" | sed -n 's/^ *Candidate: *\([^( ].*\)/\1/p'; }

# install_browser: where there is none, and the system has a package of one.
install_browser() {
  if has_browser || ! command -v apt-cache >/dev/null; then
    return 0
  fi
  [ -n "$(candidate "$BROWSER_PACKAGE")" ] || as_root apt-get update -qq </dev/null
  if [ -n "$(candidate "$BROWSER_PACKAGE")" ]; then
    install_packages "$BROWSER_PACKAGE"
  else
    say "No package $BROWSER_PACKAGE here: the report page will not be looked at in a browser"
  fi
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
