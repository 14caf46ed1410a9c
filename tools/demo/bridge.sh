# The bridge that the demonstration breaks and heals (sourced by it): built from tools/demo/bridge, with databases,
# releases and services made on the spot.

# build_bridge SOURCE BRIDGE SERVICE AUTOHEAL
build_bridge() {
  local source=$1 bridge=$2 service=$3 autoheal=$4 web_port relay_port
  cp -R "$source/." "$bridge/"
  cp "$service" "$bridge/bin/demo-service"
  cd "$bridge"
  mkdir run state snapshots
  web_port=$("$service" free-port)
  relay_port=$("$service" free-port)
  while [ "$relay_port" = "$web_port" ]; do relay_port=$("$service" free-port); done
  sed -i "s/@WEB_PORT@/$web_port/; s/@RELAY_PORT@/$relay_port/" autoheal.yaml baseline/web.conf etc/web.conf etc/relay.conf
  mv env .env
  printf 'DATABASE_URL=%s\n' "$(cat secrets/database_url)" >> .env
  chmod 0640 etc/app.conf .env rules/web.rules
  chmod 0600 secrets/database_url
  chmod 0750 rules
  ln -s profiles/day profile
  build_releases "$autoheal"
  build_databases
  cp -R stores snapshots/stores
  bin/build
  mkfifo run/gate
  : > run/released
  bin/demo-service start etc/web.conf run/web.pid
  bin/demo-service start etc/relay.conf run/relay.pid
}

# Three releases, each with the manifest that tells whether it is whole.
build_releases() {
  local release
  for release in 1.8 1.9 1.10; do
    mkdir -p "deploy/$release/bin"
    printf '%s\n' '#!/bin/sh' '. "${0%/*}/../lib.sh"' "greet $release" > "deploy/$release/bin/app"
    printf 'greet() { echo "release $1"; }\n' > "deploy/$release/lib.sh"
    chmod 0755 "deploy/$release/bin/app"
    "$1" baseline manifest "deploy/$release" > run/manifest 2>&1 || { cat run/manifest; return 1; }
  done
  ln -s deploy/1.10 current
}

# 500 facts each, over several pages.
build_databases() {
  local name
  for name in truth genesis; do
    sqlite3 "state/$name.db" "create table facts (id integer primary key, fact text);
      with recursive n(i) as (select 1 union all select i + 1 from n where i < 500)
      insert into facts select i, 'fact ' || i || ' of the $name' from n;"
  done
  sqlite3 state/truth.db '.backup snapshots/truth.db'
}

# stop_bridge BRIDGE SERVICE: what runs there, what needs others first.
stop_bridge() {
  [ -d "$1/run" ] || return 0
  "$2" stop "$1/run/relay.pid" || true
  "$2" stop "$1/run/web.pid" || true
}

# Kind, mode, owner, link and digest of everything on the bridge, Autoheal's own files left out.
picture() {
  find . \( -path ./var -o -path ./logs -o -path ./run -o -name .autoheal \) -prune -o -printf '%y %m %u:%g %p %l\n' |
    LC_ALL=C sort
  find . \( -path ./var -o -path ./logs -o -path ./run -o -name .autoheal \) -prune -o -type f -print0 | LC_ALL=C sort -z |
    xargs -0 sha256sum
}
