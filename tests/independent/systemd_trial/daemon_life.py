"""The daemon's own unit is stopped, started again, killed and upgraded: what it started lives on, what it had begun goes
on."""
import time

BY_EACH = """  - name: {name}
    root: /srv/{name}
    every: 1s
    self_test: [ {{ name: alive, process: {{ pidfile: app.pid }} }} ]
    repair: {{ {repair} }}
    certify: {{ hold: 0s }}
"""
PLAIN = """  - name: {name}
    root: /srv/{name}
    every: 1s
    self_test: [ {{ name: alive, process: {{ pidfile: app.pid }} }} ]
    repair: {{ service: {{ start: [/srv/{name}/start], stop: [/srv/{name}/stop], pidfile: app.pid }} }}
    certify: {{ hold: 0s }}
"""
SLOW = """  - name: {name}
    every: 1s
    self_test: [ {{ name: active, process: {{ unit: {name}.service }} }} ]
    repair: {{ service: {{ systemd: {name}.service }} }}
    certify: {{ hold: 0s }}
"""

NEVER_RIGHT = """  - name: {name}
    root: /srv/{name}
    every: 1s
    healing: {{ retry_delay: 12s }}
    self_test: [ {{ name: conf, file: {{ path: conf, baseline: /srv/{name}/good }} }} ]
    repair:
      files: [ {{ path: conf, baseline: /srv/{name}/good }} ]
      service: {{ systemd: {name}.service }}
    certify: {{ within: 0s, hold: 0s, tests: [ {{ name: never, command: [/bin/false] }} ] }}
"""


class DaemonLife:
    def _plain(self, name):
        """A service without a unit: it is started by a program, named by a pidfile, and writes to its outputs."""
        self.port += 1
        folder = self.shared / name
        folder.mkdir()
        (folder / "conf").write_text("says=ok\n")
        for script, text in {
                "start": f"/usr/bin/python3 /srv/app.py {name} {self.port} & echo $! > new && mv new app.pid\n",
                "stop": "kill $(cat app.pid) && rm app.pid\n"}.items():
            (folder / script).write_text(f"#!/bin/sh\ncd /srv/{name}\n{text}")
            (folder / script).chmod(0o755)
        return folder

    def _plain_pid(self, name):
        path = self.shared / name / "app.pid"
        return path.read_text().strip() if path.exists() else ""

    def _lives(self, pid):
        return pid != "" and self.machine.run("kill", "-0", pid).returncode == 0

    def _until_plain_runs(self, name, other_than=""):
        self.machine.until(lambda: self._plain_pid(name) not in ("", other_than) and self._lives(self._plain_pid(name)),
                           60, f"{name} was not started")
        return self._plain_pid(name)

    def _expect_none_of_ours(self, pid):
        """Neither the service nor who reads its outputs is of the daemon's unit."""
        groups = self._groups_of(pid)
        assert "autoheal.service" not in groups and ".scope" in groups, groups
        self.machine.until(lambda: not self._in_the_unit(), 10, f"{self._in_the_unit()} live in the daemon's group")
        drains = self.machine.run("pgrep", "-f", "output-drain").out.split()
        assert drains, "nobody reads its outputs"
        for drain in drains:
            assert "autoheal.service" not in self._groups_of(drain), self._groups_of(drain)

    def daemon_stopped(self):
        """Its stop takes a moment; what a heal started, and who reads its outputs, live on, and have units of their
        own."""
        self._plain("plain")
        with self._daemon(PLAIN.format(name="plain")):
            pid = self._until_plain_runs("plain")
            self._until_count("heal.completed", 1, "plain")
            self._expect_none_of_ours(pid)
            began = time.monotonic()
            self.ok("systemctl", "stop", "autoheal")
            took = time.monotonic() - began
            assert took < 10, f"its stop took {took:.1f} s"
            assert self.machine.show("autoheal.service", "Result") == "success"
            assert self._lives(pid), "what it started was ended with it"
            self.figures.append(f"systemctl stop autoheal: {took:.2f} s")
            self.ok("systemctl", "start", "autoheal")
            self._until_outcome("plain", "passed")
            assert self._plain_pid("plain") == pid and self._count_of("heal.triggered") == 1
        self.machine.run("kill", pid)

    def units_of_their_own(self):
        """Whichever repair starts it, and whichever heal."""
        repairs = {"bystart": "service: {{ start: [{0}], pidfile: app.pid }}",
                   "byrestart": "service: {{ restart: [{0}], pidfile: app.pid }}",
                   "byboth": "service: {{ start: [{0}], stop: [/bin/true], check: [/bin/true], pidfile: app.pid }}",
                   "bycommand": "commands: [ {{ run: [{0}] }} ]",
                   "byplatform": "platform: {{ run: [{0}] }}"}
        engines = ""
        for name, repair in repairs.items():
            self._plain(name)
            engines += BY_EACH.format(name=name, repair=repair.format(f"/srv/{name}/start"))
        with self._daemon(engines):
            pids = [self._until_plain_runs(name) for name in repairs]
            for name in repairs:
                self._until_count("heal.completed", 1, name)
            groups = []
            for pid in pids:
                self._expect_none_of_ours(pid)
                groups.append(self._groups_of(pid))
            assert len(set(groups)) == len(pids), "two share a unit"
            self.ok("systemctl", "stop", "autoheal")
            for pid in pids:
                assert self._lives(pid)
                self.machine.run("kill", pid)
            scopes = ("systemctl", "list-units", "--no-legend", "autoheal-*.scope")
            self.machine.until(lambda: self.machine.run(*scopes).out.strip() == "", 20, "scopes outlive what was in them")

    def daemon_restarted(self):
        """Five times, while its service runs: no heal, the same process."""
        self._plain("rest")
        with self._daemon(PLAIN.format(name="rest")):
            pid = self._until_plain_runs("rest")
            self._until_count("heal.completed", 1, "rest")
            for _ in range(5):
                self.ok("systemctl", "restart", "autoheal")
            self._until_outcome("rest", "passed")
            assert self._lives(pid) and self._plain_pid("rest") == pid
            assert self._count_of("heal.triggered") == 1, "it was healed again"
        self.machine.run("kill", pid)

    def daemon_killed(self):
        """systemd starts it again; its service lives on, and the next failure is healed."""
        self._plain("kill")
        with self._daemon(PLAIN.format(name="kill")):
            pid = self._until_plain_runs("kill")
            self._until_count("heal.completed", 1, "kill")
            daemon = self._daemon_pid()
            self.machine.run("kill", "-KILL", daemon)
            self.machine.until(lambda: self._daemon_pid() not in ("0", daemon) and
                               self.machine.show("autoheal.service", "ActiveState") == "active", 60,
                               "systemd did not start it again")
            assert self._lives(pid), "its service was ended with it"
            self.machine.run("kill", "-KILL", pid)
            second = self._until_plain_runs("kill", pid)
            self._until_count("heal.completed", 2, "kill")
            self._expect_none_of_ours(second)
        self.machine.run("kill", second)

    def daemon_upgraded(self):
        """Its program is replaced while it serves: what it starts before and after its restart is right."""
        self._plain("newer")
        with self._daemon(PLAIN.format(name="newer")):
            pid = self._until_plain_runs("newer")
            self._until_count("heal.completed", 1, "newer")
            self._install()
            self.machine.run("kill", "-KILL", pid)
            pid = self._until_plain_runs("newer", pid)
            self._until_count("heal.completed", 2, "newer")
            self._expect_none_of_ours(pid)
            self.ok("systemctl", "restart", "autoheal")
            assert self._lives(pid) and self._plain_pid("newer") == pid
            self.machine.run("kill", "-KILL", pid)
            pid = self._until_plain_runs("newer", pid)
            self._until_count("heal.completed", 3, "newer")
        self.machine.run("kill", pid)

    def _interrupted(self, name, interrupt):
        """A heal is waiting for a slow unit when its daemon ends; the next one goes on with it."""
        self.service(name, conf="says=ok ready=8", service="Type=notify")
        with self._daemon(SLOW.format(name=name)):
            self.machine.until(lambda: self.show(name, "ActiveState") == "activating", 60, f"{name} was not started")
            began = time.monotonic()
            interrupt()
            took = time.monotonic() - began
            self.ok("systemctl", "start", "autoheal")
            self._until_count("heal.completed", 1, name)
            assert self._count_of("heal.triggered", name) == 1, "another heal was begun"
            assert self.show(name, "ActiveState") == "active" and self.count(name) == 1, self.count(name)
        self.machine.run("systemctl", "stop", name)
        return took

    def daemon_stopped_within_a_heal(self):
        took = self._interrupted("stopmid", lambda: self.ok("systemctl", "stop", "autoheal"))
        assert took < 30, f"its stop took {took:.1f} s"
        self.figures.append(f"systemctl stop autoheal, with a heal waiting for a slow unit: {took:.2f} s")

    def daemon_restarted_within_a_heal(self):
        self._interrupted("restmid", lambda: self.ok("systemctl", "restart", "autoheal"))

    def daemon_killed_within_a_heal(self):
        self._interrupted("killmid", lambda: self.machine.run("kill", "-KILL", self._daemon_pid()))

    def stopped_between_attempts(self):
        """An administrator stops the unit while its heal waits for the next attempt: that ends, and starts nothing."""
        folder = self.service("between", conf="says=ok")
        self.start("between")
        (folder / "conf").write_text("says=ok other=1\n")
        with self._daemon(NEVER_RIGHT.format(name="between")):
            self._until_count("heal.retry_scheduled", 1, "between")
            self._stays(lambda: self._count_of("heal.repair_started", "between") == 1, 2, "it does not wait")
            started = self.count("between")
            self.ok("systemctl", "stop", "between")
            self._until_count("heal.exhausted", 1, "between")
            ended = self._entries("heal.exhausted", "between")[0]["data"]
            assert ended["reason"] == "held" and ended["attempts"] == 1, ended
            self.machine.until(lambda: "stopped_by_hand" in self._skipped("between"), 20, "the stop was not told")
            self._stays(lambda: self.count("between") == started, 15, "it was started again")
