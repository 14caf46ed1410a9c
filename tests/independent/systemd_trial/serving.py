"""The daemon as it is shipped: its unit, its place, its ledger; and what that ledger says."""
import contextlib
import json
import pathlib
import shutil
import time

PACKAGING = pathlib.Path(__file__).resolve().parents[3] / "tools" / "packaging"
CONFIGURATION = "/etc/autoheal/autoheal.yaml"
PROGRAM = "/usr/local/bin/autoheal"


class Serving:
    def _install(self):
        """As an administrator does it."""
        shutil.copy(PACKAGING / "autoheal.service", self.shared / "autoheal.service")
        self.ok("sh", "-c", f"mkdir -p /etc/autoheal /usr/local/bin && cp /srv/autoheal {PROGRAM}.new &&"
                            f"mv {PROGRAM}.new {PROGRAM} && cp /srv/autoheal.service /etc/systemd/system/ &&"
                            "systemctl daemon-reload")

    def _configure(self, text):
        (self.shared / "autoheal.yaml").write_text(text)
        self.ok("cp", "/srv/autoheal.yaml", CONFIGURATION)

    @contextlib.contextmanager
    def _daemon(self, engines, healing="retry_delay: 0.5, max_heals_per_hour: 1000"):
        """It serves these engines, with a ledger of its own, and is stopped afterwards."""
        self.ledgers = getattr(self, "ledgers", 0) + 1
        self._install()
        self._configure(f"version: 1\nledger: /var/lib/autoheal/{self.ledgers}/ledger.db\n"
                        f"reports: /var/lib/autoheal/{self.ledgers}/reports\n"
                        f"healing: {{ {healing} }}\nengines:\n{engines}")
        with self._running_daemon():
            yield

    @contextlib.contextmanager
    def _running_daemon(self):
        self.ok("systemctl", "start", "autoheal")
        try:
            yield
        except Exception as error:
            raise AssertionError(f"{error}\n{self._told()}") from error
        finally:
            self.machine.run("systemctl", "stop", "autoheal")
            self.machine.run("systemctl", "reset-failed", "autoheal")

    def _entries(self, kind=None, engine=None):
        ran = self.machine.run(PROGRAM, "audit", "--config", CONFIGURATION, "-o", "jsonl", "--limit", "100000")
        entries = [json.loads(line) for line in ran.out.splitlines() if line.startswith("{")]
        return [one for one in entries if (kind is None or one["type"].endswith(kind)) and
                (engine is None or one.get("engine") == engine)]

    def _count_of(self, kind, engine=None):
        return len(self._entries(kind, engine))

    def _told(self):
        return "\n".join(f"  {one['time'][11:23]} {one['type']} {one.get('engine', '')} {json.dumps(one['data'])[:300]}"
                         for one in self._entries()[-60:])

    def _skipped(self, engine):
        return [one["data"]["reason"] for one in self._entries("heal.skipped", engine)]

    def _outcome(self, engine):
        tested = self._entries("selftest.engine_tested", engine)
        return tested[-1]["data"]["outcome"] if tested else None

    def _until_outcome(self, engine, outcome, seconds=60):
        self.machine.until(lambda: self._outcome(engine) == outcome, seconds, f"{engine} is not {outcome}")

    def _until_count(self, kind, count, engine=None, seconds=90):
        self.machine.until(lambda: self._count_of(kind, engine) >= count, seconds,
                           f"there are not {count} {kind} of {engine}")

    def _stays(self, holds, seconds, what):
        """For as long as a wrong deed would take to come."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            assert holds(), what

    # ---- processes of the machine

    def _groups_of(self, pid):
        return self.ok("cat", f"/proc/{pid}/cgroup").strip()

    def _daemon_pid(self):
        return self.machine.show("autoheal.service", "MainPID")

    def _in_the_unit(self):
        """Who lives in the daemon's control group beside the daemon itself."""
        ran = self.machine.run("cat", "/sys/fs/cgroup/system.slice/autoheal.service/cgroup.procs")
        return [pid for pid in ran.out.split() if pid.isdigit() and pid != self._daemon_pid()]
