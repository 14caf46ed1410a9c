# What goes wrong on the bridge, each for real (sourced by the demonstration; all in the bridge's folder).

# Another content in one step, as editors and deployments do it: replaced FILE CONTENT
replaced() {
  printf '%s\n' "$2" > run/new
  chmod --reference="$1" run/new
  mv run/new "$1"
}

break_configuration() {
  say "arie       EnvRecon    etc/app.conf is overwritten and world-writable; DATABASE_URL is gone from .env"
  printf 'workers = zero\n' > etc/app.conf
  chmod 0666 etc/app.conf
  sed -i '/DATABASE_URL/d' .env
  say "           EnvScribe   etc/scribe.yaml says xml; the link profile points to the night's"
  sed -i 's/format: json /format: xml  /' etc/scribe.yaml
  ln -sfn profiles/night profile
  say "           Firewall    a rule lets everybody in; a debug rule file was left behind"
  printf 'allow 0.0.0.0/0 to web\n' >> rules/web.rules
  chmod 0666 rules/web.rules
  printf 'trace all\n' > rules/debug.rules
}

break_deployment() {
  say "chimera    Chimera     release 1.10, which is in use, was copied by half: a file is empty"
  : > deploy/1.10/lib.sh
  say "           Leviathan   the built stylesheet is cut off, a leftover lies beside it"
  printf 'body {' > site/style.css
  : > site/style.css.part
  say "           Federation  the platform runs one ship of three"
  printf '1\n' > platform/ships
}

break_systems() {
  say "cascade    Truth       1,000 bytes in the middle of its SQLite database are overwritten"
  head -c 1000 /dev/urandom | dd of=state/truth.db bs=1 seek=9000 conv=notrunc status=none
  say "           HXO         a file of its folder is lost, another is full of rubbish, a third does not belong there"
  rm stores/reserve
  head -c 300 /dev/urandom > stores/manifest
  : > stores/lost+found
  say "           Cascade     Web, on which it stands, was stopped and its configuration damaged"
  bin/demo-service stop run/web.pid
  replaced etc/web.conf 'port = none'
}

break_the_rest() {
  say "generic    Steward     the index of its book is stale"
  printf 'entries: 1\n' > steward/index
}
