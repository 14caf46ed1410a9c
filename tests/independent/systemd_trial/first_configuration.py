"""What `autoheal init` writes is used as written, but for `mode: heal`: services are killed, halted, misconfigured,
masked, stopped by hand."""
import contextlib
import time

from serving import CONFIGURATION, PROGRAM


class FirstConfiguration:
    @contextlib.contextmanager
    def _initialised(self, *what):
        self._install()
        self.ok("sh", "-c", "rm -rf /etc/autoheal && mkdir /etc/autoheal")
        said = self.ok(PROGRAM, "init", *what, "--config", CONFIGURATION)
        assert "write `mode: heal`" in said, said
        self.ok("sed", "-i", "s/^  mode: observe$/  mode: heal/", CONFIGURATION)
        with self._running_daemon():
            yield
        self.ok("rm", "-rf", "/etc/autoheal")

    def _healed(self, engine, harm, seconds=150):
        """One heal, one certificate, and how long that took."""
        self._until_outcome(engine, "passed", 60)
        before = self._count_of("heal.completed", engine)
        triggered = self._count_of("heal.triggered", engine)
        began = time.monotonic()
        harm()
        self._until_count("heal.completed", before + 1, engine, seconds)
        took = time.monotonic() - began
        assert self._count_of("heal.triggered", engine) == triggered + 1
        assert self.machine.show(f"{engine}.service", "ActiveState") == "active"
        return took

    def _main_of(self, unit):
        return self.machine.show(f"{unit}.service", "MainPID")

    def _send(self, number, unit, whom="main"):
        return self.ok("systemctl", "kill", "-s", number, f"--kill-who={whom}", unit)

    def _break_nginx_conf(self):
        self.ok("sh", "-c", "echo 'nonsense;' >> /etc/nginx/nginx.conf")

    # ---- nginx

    def init_nginx(self):
        if reason := self._cannot_nginx():
            return reason
        self._start_nginx()
        with self._initialised("--nginx"):
            for name, harm in {
                    "killed": lambda: self._send("KILL", "nginx"),
                    "segmentation fault": lambda: self._send("SEGV", "nginx"),
                    "halted, all of it": lambda: self._send("STOP", "nginx", "all"),
                    "halted, its master": lambda: self._send("STOP", "nginx"),
                    "nginx.conf broken": self._break_nginx_conf,
                    "nginx.conf broken, restarted": lambda: (self._break_nginx_conf(),
                                                             self.machine.run("systemctl", "restart", "nginx")),
                    "start limit hit": self._hit_the_start_limit}.items():
                took = self._healed("nginx", harm)
                assert self._nginx_answers(), f"{name}: it does not answer"
                self.figures.append(f"init --nginx, {name}: healed after {took:.1f} s")
            self._nginx_masked()
            self._stopped_by_hand("nginx")
            self._nothing_declared_repairs_it()
        return None

    def _hit_the_start_limit(self):
        for _ in range(20):
            if self.machine.run("systemctl", "restart", "nginx").returncode != 0:
                return
        raise AssertionError("the start limit was not hit")

    def _nginx_masked(self):
        """Told once, without an attempt; healed when it is unmasked."""
        triggered, told = self._count_of("heal.triggered"), len(self._skipped("nginx"))
        self.ok("systemctl", "mask", "nginx")
        self._send("KILL", "nginx")
        self._until_count("heal.skipped", told + 1, "nginx")
        self._stays(lambda: self._count_of("heal.triggered") == triggered and len(self._skipped("nginx")) == told + 1,
                    35, "what is masked was fought for, or told again")
        last = self._entries("heal.skipped", "nginx")[-1]["data"]
        assert last["reason"] == "held_back" and "nginx.service is masked" in last["error"], last
        ran = self.machine.run(PROGRAM, "heal", "nginx")
        assert ran.returncode == 3 and "masked" in ran.out, (ran.returncode, ran.out)
        self.ok("systemctl", "unmask", "nginx")
        self._until_count("heal.triggered", triggered + 1, "nginx")
        self._until_outcome("nginx", "passed")

    def _stopped_by_hand(self, unit):
        """Told once, and left alone until somebody starts it."""
        self._until_outcome(unit, "passed")
        triggered, told = self._count_of("heal.triggered", unit), len(self._skipped(unit))
        self.ok("systemctl", "stop", unit)
        self._until_count("heal.skipped", told + 1, unit)
        assert self._skipped(unit)[-1] == "stopped_by_hand", self._skipped(unit)
        self._stays(lambda: self.machine.show(f"{unit}.service", "ActiveState") == "inactive" and
                    len(self._skipped(unit)) == told + 1, 35, "it was started, or told again")
        self.ok("systemctl", "start", unit)
        self._until_outcome(unit, "passed")
        assert self._count_of("heal.triggered", unit) == triggered

    def _nothing_declared_repairs_it(self):
        """A file of a site that init did not declare: what nginx itself says of it is told."""
        exhausted = self._count_of("heal.exhausted")
        self.ok("sh", "-c", "echo 'nonsense;' > /etc/nginx/sites-enabled/broken")
        self.machine.run("systemctl", "restart", "nginx")
        self._until_count("heal.exhausted", exhausted + 1, "nginx", 150)
        said = str(self._entries("heal.exhausted", "nginx")[-1]["data"])
        assert "sites-enabled/broken" in said, said
        assert not self._nginx_answers()
        self.ok("rm", "/etc/nginx/sites-enabled/broken")
        self.ok("systemctl", "reset-failed", "nginx")
        self.ok("systemctl", "start", "nginx")
        self._until_outcome("nginx", "passed")

    # ---- units

    def init_units(self):
        """Eight units at once, each with its own trouble."""
        units = {"i-kill": {}, "i-segv": {}, "i-stop": {}, "i-deaf": {"conf": "says=ok deaf=1",
                                                                     "service": "TimeoutStopSec=3"},
                 "i-limit": {"unit": "StartLimitIntervalSec=600\nStartLimitBurst=2"},
                 "i-mask": {}, "i-hand": {}, "i-conf": {"service": "Restart=on-failure\nRestartSec=50ms"}}
        for name, how in units.items():
            self.service(name, **how)
            self.start(name)
        with self._initialised(*(part for name in units for part in ("--unit", name))):
            for name in units:
                self._until_outcome(name, "passed")
            self._harm_all()
            for name in ("i-kill", "i-segv", "i-stop", "i-deaf", "i-limit"):
                self._until_count("heal.completed", 1, name, 120)
                assert self.show(name, "ActiveState") == "active", name
                assert self._count_of("heal.triggered", name) == 1, f"{name} was healed more than once"
            for name, reason in {"i-mask": "held_back", "i-hand": "stopped_by_hand"}.items():
                self._until_count("heal.skipped", 1, name, 60)
                assert self._skipped(name) == [reason], (name, self._skipped(name))
                assert self._count_of("heal.triggered", name) == 0 and self.show(name, "ActiveState") != "active", name
            self._until_count("heal.exhausted", 1, "i-conf", 120)
            said = str(self._entries("heal.exhausted", "i-conf")[-1]["data"])
            assert "exit status 7" in said, said
            assert self._count_of("heal.triggered", "i-hand") == 0 and self.show("i-hand", "ActiveState") == "inactive"
        self.ok("systemctl", "unmask", "i-mask")

    def _harm_all(self):
        self._send("KILL", "i-kill")
        self._send("SEGV", "i-segv")
        self._send("STOP", "i-stop")
        self._send("STOP", "i-deaf")
        for _ in range(5):
            self.machine.run("systemctl", "restart", "i-limit")
        self.ok("sh", "-c", "rm /run/systemd/system/i-mask.service; systemctl mask --runtime i-mask")
        self._send("KILL", "i-mask")
        self.ok("systemctl", "stop", "i-hand")
        (self.shared / "i-conf" / "conf").write_text("crash=7\n")
        self._send("KILL", "i-conf")
