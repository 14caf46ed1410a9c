"""People, scripts and packages restart nginx beside the daemon, in the ways they do it: no fight, no heal of what comes
back within its grace. An independent count (a line for each start that systemd makes) tells who started it."""
import random
import time

from packages import NGINX

COUNTED = """[Service]
ExecStartPost=/bin/sh -c 'echo >> /srv/nginx.starts'
"""
SITE = "server { listen 80; root /srv/site; location / { return 200 'release %d'; } }\n"
GRACE_S = 2.0


class Restarts:
    def _starts(self):
        return len((self.shared / "nginx.starts").read_text().splitlines())

    def _main(self):
        return self.machine.show("nginx.service", "MainPID")

    def _by_systemctl(self, _):
        self.ok("systemctl", "restart", "nginx")

    def _stop_and_start(self, pause_s):
        self.ok("sh", "-c", f"systemctl stop nginx && sleep {pause_s:.2f} && systemctl start nginx")

    def _stop_for_longer(self, _):
        """Longer than its grace: told, and not started by anybody else."""
        told = self._count_of("heal.skipped", "nginx")
        self.ok("systemctl", "stop", "nginx")
        self._until_count("heal.skipped", told + 1, "nginx")
        self._stays(lambda: self.machine.show("nginx.service", "ActiveState") == "inactive", GRACE_S + 1,
                    "it was started against a stop by hand")
        self.ok("systemctl", "start", "nginx")
        self._until_outcome("nginx", "passed")

    def _reload(self, _):
        self.ok("systemctl", "reload", "nginx")

    def _deploy(self, pause_s):
        """Stopped, its files and links exchanged, started."""
        self.release = getattr(self, "release", 0) + 1
        (self.shared / "site.new").write_text(SITE % self.release)
        (self.shared / f"release-{self.release}").mkdir(exist_ok=True)
        (self.shared / "deploy").write_text(
            "#!/bin/sh\nset -e\nsystemctl stop nginx\nmv /srv/site.new /etc/nginx/sites-available/default\n"
            f"ln -sfn release-{self.release} /srv/site.link && mv -T /srv/site.link /srv/site\nsleep {pause_s:.2f}\n"
            "systemctl start nginx\n")
        self.ok("sh", "/srv/deploy")

    def _exchange(self, pause_s):
        """USR2: the new one runs beside the old one, then the old one is asked to end."""
        old = self._main()
        self.ok("kill", "-USR2", old)
        pidfile = "/run/nginx.pid"
        self.machine.until(lambda: self.machine.run("cat", pidfile).out.strip() not in ("", old) and
                           self.machine.run("test", "-e", f"{pidfile}.oldbin").returncode == 0, 30, "no new master")
        time.sleep(pause_s)
        self.ok("kill", "-QUIT", old)
        self.machine.until(lambda: self.machine.run("kill", "-0", old).returncode != 0, 30, "the old master lives")

    def _package(self, _):
        self._reinstall()

    def restarts(self):
        if reason := self._cannot_nginx():
            return reason
        chance = random.Random(self.options.seed)
        (self.shared / "nginx.starts").write_text("")
        (self.shared / "counted.conf").write_text(COUNTED)
        self.ok("sh", "-c", "mkdir -p /etc/systemd/system/nginx.service.d &&"
                            "cp /srv/counted.conf /etc/systemd/system/nginx.service.d/ && systemctl daemon-reload")
        # A manager that counts starts would refuse what is done so often.
        (self.shared / "often.conf").write_text("[Unit]\nStartLimitIntervalSec=0\n")
        self.ok("sh", "-c", "cp /srv/often.conf /etc/systemd/system/nginx.service.d/ && systemctl daemon-reload")
        self._start_nginx()
        ways = [("systemctl restart", self._by_systemctl, 1), ("systemctl stop, start", self._stop_and_start, 1),
                ("stopped for longer", self._stop_for_longer, 1), ("systemctl reload", self._reload, 0),
                ("deploy script", self._deploy, 1), ("upgrade by USR2", self._exchange, 0),
                ("package reinstalled", self._package, None)]
        faults = 0
        with self._daemon(NGINX):
            self._until_outcome("nginx", "passed")
            left = self.options.restarts
            for index, (name, way, own_starts) in enumerate(ways):
                rounds = left // (len(ways) - index)
                left -= rounds
                faults += self._rounds(name, way, own_starts, rounds, chance)
            self.figures.append(f"{self.options.restarts} restarts in all, under systemd: {faults} faults")
            assert faults == 0, "\n".join(self.figures)
        return None

    def _rounds(self, name, way, own_starts, rounds, chance):
        heals, starts, most, late = self._count_of("heal.triggered"), self._starts(), 0, 0
        acts = self._count_of("heal.change_intended")
        for _ in range(rounds):
            in_round = self._count_of("heal.triggered")
            began = time.monotonic()
            way(chance.uniform(0, GRACE_S - 1.2))
            late += time.monotonic() - began > GRACE_S - 0.2 and way not in (self._package, self._stop_for_longer)
            most = max(most, self._count_of("heal.triggered") - in_round)
        self._stays(self._nginx_answers, GRACE_S + 0.5, f"{name}: it does not answer")
        heals, starts = self._count_of("heal.triggered") - heals, self._starts() - starts
        # A package exchanges nginx, or restarts it where that fails: who started it tells the ledger alone.
        fights = self._count_of("heal.change_intended") - acts
        fights += abs(starts - rounds * own_starts) if own_starts is not None else 0
        masters = self.machine.run("pgrep", "-f", "nginx: master").out.split()
        fights += len(masters) != 1
        self.figures.append(f"{name:22} {rounds:4} times: {heals} heals, at most {most} for one, {fights} fights"
                            f"{f', {late} took longer than the grace' if late else ''}")
        print(f"  {self.figures[-1]}", flush=True)
        return heals + fights
