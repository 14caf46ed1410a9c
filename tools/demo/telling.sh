# How the demonstration tells what it does, checks that it is so, and waits (sourced by it).

bold=''; dim=''; plain=''
if [ -t 1 ] && [ -z "${NO_COLOR-}" ]; then bold=$'\e[1m'; dim=$'\e[2m'; plain=$'\e[0m'; fi
longest_wait_s=60

# headline TITLE WHY: a scene begins.
headline() { printf '\n%s== %s%s\n%s\n' "$bold" "$1" "$plain" "$2"; }
say() { printf '%s\n' "$*"; }

# Something is not as told: the demonstration has failed.
wrong() {
  printf 'demo: %s\n' "$*" >&2
  exit 1
}

heal_with() { "$autoheal" -c "$bridge/autoheal.yaml" "$@"; }

# shown EXPECTED ARGUMENTS...: an autoheal command, all that it says, and its exit status, which must be as expected.
shown() {
  local expected=$1 status=0
  shift
  say "$dim\$ autoheal$(quoted "$@")$plain"
  heal_with "$@" 2>&1 || status=$?
  [ "$status" -eq "$expected" ] || wrong "autoheal $* ended with exit status $status, expected $expected"
  [ "$status" -eq 0 ] || say "(exit status $status)"
}

# As one would type them.
quoted() {
  local word
  for word in "$@"; do
    case $word in *[!A-Za-z0-9./_:=-]*) word="'$word'" ;; esac
    printf ' %s' "$word"
  done
}

# wait_until WHAT COMMAND...: looks again until the command succeeds; gives up after a minute.
wait_until() {
  local what=$1 give_up=$((SECONDS + longest_wait_s))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$give_up" ] || wrong "waited $longest_wait_s s in vain until $what"
    sleep 0.02
  done
}
