# Shared by tools/run, tools/test and .ci/run (sourced by bash): install what is missing, configure, build.
# Everything it prints goes to stderr, so that a program's own output stays clean.

# The packages of the given lists that dpkg does not know as installed, one a line.
missing_packages() {
  local name
  grep -hvE '^(#|$)' "$@" | while read -r name; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || echo "$name"
  done
}

# install_packages LIST...: through apt, with sudo where not root; elsewhere says what is needed and stops.
install_packages() {
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    { echo "Autoheal builds with these Debian 12 packages or their like; please install them:"
      grep -hvE '^(#|$)' "$@" | sed 's/^/  /'; } >&2
    command -v cmake >/dev/null && command -v ninja >/dev/null || exit 69
    return 0
  fi
  local missing as_root=()
  missing=$(missing_packages "$@")
  [ -n "$missing" ] || return 0
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      { echo "These packages are missing and there is no sudo to install them; as root run:"
        echo "  apt-get install" $missing; } >&2
      exit 69
    fi
    as_root=(sudo)
  fi
  echo "installing:" $missing >&2
  { "${as_root[@]}" apt-get update -q &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
  } >&2 || { echo "apt-get could not install what is missing" >&2; exit 69; }
}

# install_node_packages FOLDER: what its lock file names, by checksum, for tests that read with packages of npm. Debian's
# node where there is none. Once installed nothing is asked of the network.
install_node_packages() {
  local folder=$1 list
  if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    list=$(mktemp)
    printf 'nodejs\nnpm\n' >"$list"
    install_packages "$list"
    rm -f "$list"
  fi
  [ "$folder/node_modules/.package-lock.json" -nt "$folder/package-lock.json" ] && return 0
  (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund) >&2 ||
    { echo "npm could not install the packages of $folder" >&2; exit 69; }
}

# build_preset PRESET [TARGET...]: quiet when all goes well, with progress on a terminal; the whole log when not.
build_preset() {
  local preset=$1 log
  shift
  log=$(mktemp)
  if [ ! -f "build/$preset/build.ninja" ]; then
    echo "configuring and building build/$preset (a few minutes the first time)" >&2
    cmake --preset "$preset" >"$log" 2>&1 || { cat "$log" >&2; rm -f "$log"; exit 70; }
  fi
  # Always run: ninja itself knows in a moment that nothing is to be done, new files included.
  if [ -t 2 ]; then
    ninja -C "build/$preset" "$@" >&2 || exit 70
  else
    ninja -C "build/$preset" "$@" >"$log" 2>&1 || { tail -n 200 "$log" >&2; rm -f "$log"; exit 70; }
  fi
  rm -f "$log"
}
