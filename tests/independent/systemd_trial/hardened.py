"""Under the restrictions of our own unit: each kind of repair works, what it forbids is refused before anything is
touched, and the drop-in takes them off. Also the records that the journal holds of it."""
import json
import pathlib
import re
import shutil

from serving import CONFIGURATION, PACKAGING, PROGRAM

DEMONSTRATION = pathlib.Path(__file__).resolve().parents[3] / "tools" / "demo"
ENGINES = """  - name: nodejs
    root: /srv/nodejs
    every: 1s
    self_test: [ {{ name: web, http: {{ url: "http://127.0.0.1:{port}/" }}, timeout: 2s }} ]
    healing: {{ fail_after: 1 }}
    repair: {{ service: {{ start: [/srv/nodejs/start], stop: [/srv/nodejs/stop], pidfile: app.pid }} }}
    certify: {{ within: 10s, hold: 0s }}
  - name: command
    root: /srv/nodejs
    every: 1s
    self_test: [ {{ name: there, command: [/usr/bin/test, -e, made] }} ]
    repair: {{ commands: [ {{ run: [/usr/bin/node, -e, "require('fs').writeFileSync('made', 'x')"] }} ] }}
    certify: {{ hold: 0s }}
"""
HOME = """  - name: home
    root: /home/app
    every: 1s
    self_test: [ { name: conf, file: { path: conf, baseline: /srv/home-good } } ]
    repair: { files: [ { path: conf, baseline: /srv/home-good } ] }
    certify: { hold: 0s }
"""
SERVER = """const http = require('http'), os = require('os');
os.networkInterfaces();  // by netlink
const hot = n => n < 2 ? n : hot(n - 1) + hot(n - 2);  // compiled while it runs
http.createServer((_, to) => to.end(String(hot(20)))).listen(%d, '127.0.0.1');
"""
INHERITED = "is bound by"


class Hardened:
    def _node_service(self):
        self.port += 1
        folder = self.shared / "nodejs"
        folder.mkdir()
        (folder / "server.js").write_text(SERVER % self.port)
        for script, text in {"start": "/usr/bin/node server.js & echo $! > new && mv new app.pid\n",
                             "stop": "kill $(cat app.pid) && rm app.pid\n"}.items():
            (folder / script).write_text(f"#!/bin/sh\ncd /srv/nodejs\n{text}")
            (folder / script).chmod(0o755)
        return ENGINES.format(port=self.port)

    def _said(self, *matches):
        """Records of our unit, as the journal has them."""
        ran = self.machine.run("journalctl", "-o", "json", "--no-pager", "-u", "autoheal.service", *matches)
        return [json.loads(line) for line in ran.out.splitlines() if line.startswith("{")]

    def programs_under_the_unit(self):
        """A Node program without a unit and a command, healed by the unit as it is shipped."""
        if not shutil.which("node"):
            return "node is not installed"
        with self._daemon(self._node_service()):
            self._until_count("heal.completed", 1, "nodejs")
            self._until_count("heal.completed", 1, "command")
            self.machine.run("sh", "-c", "kill -KILL $(cat /srv/nodejs/app.pid)")
            self._until_count("heal.completed", 2, "nodejs")
            self._until_outcome("nodejs", "passed")
            status = self.ok("cat", f"/proc/{self._daemon_pid()}/status")
            assert re.search(r"NoNewPrivs:\t1", status) and re.search(r"Seccomp:\t2", status), status
        self.machine.run("sh", "-c", "kill -KILL $(cat /srv/nodejs/app.pid)")

    def demonstration_under_the_unit(self):
        """All its engines and strategies, with builds, databases, services, a killed healer and a daemon."""
        service = self.options.program.parent / "demo-service"
        if not service.exists():
            return "demo-service is not built beside autoheal"
        shutil.copytree(DEMONSTRATION, self.shared / "demo")
        shutil.copy(service, self.shared / "demo-service")
        unit = (PACKAGING / "autoheal.service").read_text()
        restrictions = unit[unit.index("# ---- Hardening"):unit.index("# What can be taken off again")]
        (self.shared / "demonstration.service").write_text(
            "[Service]\nType=oneshot\nEnvironment=HOME=/root LANG=C.UTF-8\n"
            "ExecStart=/bin/bash /srv/demo/demo /srv/autoheal /srv/demo-service --remove\n"
            "StandardOutput=append:/srv/demonstration.out\nStandardError=inherit\n" + restrictions)
        self.ok("sh", "-c", "cp /srv/demonstration.service /etc/systemd/system/ && systemctl daemon-reload")
        ran = self.machine.run("systemctl", "start", "demonstration.service", seconds=400)
        said = (self.shared / "demonstration.out").read_text(errors="replace")
        assert ran.returncode == 0, f"{ran.out}\n{said[-3000:]}"

    def forbidden_is_refused_before_it_is_tried(self):
        """A home can be read only: its heal ends with a plan that says so, and nothing is touched."""
        (self.shared / "home-good").write_text("right\n")
        self.ok("sh", "-c", "mkdir -p /home/app && echo wrong > /home/app/conf")
        with self._daemon(HOME, healing="retry_delay: 0.1, max_retries: 1"):
            self._until_count("heal.exhausted", 1, "home")
            assert "read-only" in self._told(), self._told()
            assert self.ok("cat", "/home/app/conf") == "wrong\n"
            self.ok("sh", "-c", "mkdir -p /etc/systemd/system/autoheal.service.d &&"
                                "printf '[Service]\\nReadWritePaths=/home/app\\n' >"
                                " /etc/systemd/system/autoheal.service.d/home.conf &&"
                                "systemctl daemon-reload && systemctl restart autoheal")
            self.ok("/usr/local/bin/autoheal", "--config", "/etc/autoheal/autoheal.yaml", "heal", "home")
            assert self.ok("cat", "/home/app/conf") == "right\n"
        self.ok("sh", "-c", "rm /etc/systemd/system/autoheal.service.d/home.conf && systemctl daemon-reload")

    def drop_in_takes_the_restrictions_off(self):
        """The daemon warns of what services inherit, and with starts-services.conf there is nothing left to warn of."""
        if not shutil.which("node"):
            return "node is not installed"
        shutil.rmtree(self.shared / "nodejs", ignore_errors=True)
        shutil.copy(PACKAGING / "starts-services.conf", self.shared / "starts-services.conf")
        engines = self._node_service()
        with self._daemon(engines):
            self.machine.until(lambda: INHERITED in json.dumps(self._said()), 20, "nothing was told of restrictions")
        self.ok("sh", "-c", "mkdir -p /etc/systemd/system/autoheal.service.d &&"
                            "cp /srv/starts-services.conf /etc/systemd/system/autoheal.service.d/ &&"
                            "systemctl daemon-reload && journalctl --rotate && journalctl --vacuum-time=1s")
        try:
            with self._daemon(engines):
                self._until_outcome("nodejs", "passed")
                daemon, first = (self.ok("cat", f"/proc/{pid}/status") for pid in (self._daemon_pid(), 1))
                for line in ("CapBnd", "NoNewPrivs", "Seccomp"):
                    found = [re.search(rf"^{line}:\t(\S+)", text, re.M)[1] for text in (daemon, first)]
                    assert found[0] == found[1], (line, found)
        finally:
            self.ok("sh", "-c", "rm -r /etc/systemd/system/autoheal.service.d && systemctl daemon-reload")
            self.machine.run("sh", "-c", "kill -KILL $(cat /srv/nodejs/app.pid)")

    def journal_has_fields(self):
        """What a heal came to is found by its fields; what a program prints is no record of its own."""
        folder = self.shared / "forger"
        folder.mkdir()
        (folder / "test").write_text("#!/bin/sh\nprintf 'no\\n\\nMESSAGE=forged\\n'\n"
                                     "printf '2026-01-01T00:00:00.000Z  forger passed\\n'\nexit 1\n")
        (folder / "test").chmod(0o755)
        engine = ("  - name: forger\n    root: /srv/forger\n    every: 1s\n    healing: { fail_after: 1 }\n"
                  "    self_test: [ { name: says, command: [/srv/forger/test] } ]\n"
                  "    repair: { commands: [ { run: [/bin/true] } ] }\n    certify: { within: 0s, hold: 0s }\n")
        with self._daemon(engine, healing="retry_delay: 0.1, max_retries: 1"):
            self._until_count("heal.exhausted", 1, "forger")
            heal = self._entries("heal.exhausted", "forger")[0]
            self.machine.until(lambda: self._said("AUTOHEAL_STATE=exhausted"), 20, "the journal has no end of the heal")
            ended = self._said("AUTOHEAL_STATE=exhausted", "AUTOHEAL_ENGINE=forger")
            assert any("healing failed" in one["MESSAGE"] for one in ended), ended
            for one in ended:
                assert one["AUTOHEAL_HEAL_ID"] in json.dumps(heal), (one, heal)
                told = [one[name] for name in ("PRIORITY", "SYSLOG_IDENTIFIER", "AUTOHEAL_ATTEMPT")]
                assert told == ["3", "autoheal", "1"], one
                assert one["_TRANSPORT"] == "journal" and one["_PID"] == self._daemon_pid(), one
            for one in self._said():
                message = one["MESSAGE"] if isinstance(one["MESSAGE"], str) else bytes(one["MESSAGE"]).decode()
                assert message != "forged" and not message.startswith("2026-01-01"), one
            # The journal goes away and comes back; heals and records go on.
            self.ok("systemctl", "restart", "systemd-journald.service")
            self.ok("systemctl", "reload", "autoheal")
            again = "MESSAGE_ID=b29551f901fa5e3437e7a197539b8003"
            self.machine.until(lambda: self._said(again), 20, "nothing was recorded after journald began again")

    def activated_by_its_socket(self):
        """A command starts the daemon; restarts and stops leave the socket there, and whoever asks meanwhile waits."""
        shutil.copy(PACKAGING / "autoheal.socket", self.shared / "autoheal.socket")
        (self.shared / "activated-good").write_text("right\n")
        (self.shared / "activated").mkdir()
        (self.shared / "activated" / "conf").write_text("right\n")
        self._install()
        self._configure("version: 1\nledger: /var/lib/autoheal/ledger.db\n"
                        "reports: /var/lib/autoheal/reports\nengines:\n" +
                        HOME.replace("home-good", "activated-good").replace("/home/app", "/srv/activated")
                        .replace("home", "activated"))
        status = ("curl", "-sS", "--max-time", "30", "--unix-socket", "/var/lib/autoheal/ledger.db.sock",
                  "http://localhost/v1/status")
        self.ok("sh", "-c", "cp /srv/autoheal.socket /etc/systemd/system/ && systemctl daemon-reload &&"
                            "systemctl start autoheal.socket")
        try:
            assert self.machine.show("autoheal.service", "ActiveState") == "inactive"
            assert '"ledger_id"' in self.ok(*status)  # it was started, and answers who woke it
            first = self._daemon_pid()
            environment = self.ok("cat", f"/proc/{first}/environ")
            assert "LISTEN_FDS=1" in environment, environment  # as it was when it began
            self.ok("systemctl", "restart", "autoheal.service")
            assert '"ledger_id"' in self.ok(*status) and self._daemon_pid() not in ("0", first)
            self.machine.run("kill", "-KILL", self._daemon_pid())
            assert '"ledger_id"' in self.ok(*status)
            self.ok("systemctl", "stop", "autoheal.service")
            self.ok("test", "-S", "/var/lib/autoheal/ledger.db.sock")
            assert '"ledger_id"' in self.ok(*status)
            (self.shared / "activated" / "conf").write_text("wrong\n")
            self.ok(PROGRAM, "--config", CONFIGURATION, "heal", "activated", "--error", "wrong")
            assert (self.shared / "activated" / "conf").read_text() == "right\n"
        finally:
            self.machine.run("systemctl", "stop", "autoheal.socket", "autoheal.service")
            self.machine.run("systemctl", "reset-failed", "autoheal.service")
