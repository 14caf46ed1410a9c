"""Units that broke in each way, healed by hand or left alone."""
import os
import shutil
import signal


class Units:
    def start_limit(self):
        """It crashed on a broken configuration until systemd refused to start it any more."""
        folder = self.service("limit", unit="StartLimitIntervalSec=600\nStartLimitBurst=3",
                              service="Restart=on-failure\nRestartSec=50ms")
        (folder / "conf").write_text("crash=3\n")
        self.machine.run("systemctl", "start", "limit")
        self.machine.until(lambda: self.show("limit", "ActiveState") == "failed", 30, "the start limit was not hit")
        refused = self.machine.run("systemctl", "start", "limit")
        assert refused.returncode != 0, "systemd still starts it"
        self.certified("limit")

    def start_limit_of_a_running_one(self):
        """Restarted by hand as often as it may be: a restart must not end with a dead service."""
        self.service("worn", conf="says=ok", unit="StartLimitIntervalSec=600\nStartLimitBurst=2")
        self.start("worn")
        self.ok("systemctl", "restart", "worn")
        self.freeze("worn")
        self.certified("worn")

    def slow_notify(self):
        """Ready after 13 seconds, by its own word: longer than a command has, and than certification waits."""
        self.service("slow", conf="says=ok ready=13", service="Type=notify", within="5s")
        self.certified("slow")
        assert self.count("slow") == 1, f"started {self.count('slow')} times"

    def slow_to_fail(self):
        """Never ready: what its unit says, and no longer."""
        self.service("never", conf="says=ok ready=600", service="Type=notify\nTimeoutStartSec=2\nTimeoutStopSec=2")
        ran = self.heal("never")
        assert ran.returncode != 0 and ran.took < 60, (ran.returncode, ran.took)
        assert "timeout" in ran.out + self.history("never"), ran.out

    def frozen(self):
        """Its main process is stopped, and deaf when it goes on: it is killed after 12 seconds, then started."""
        self.service("frozen", conf="says=ok deaf=1", service="TimeoutStopSec=12")
        self.start("frozen")
        before = self.show("frozen", "MainPID")
        self.freeze("frozen")
        self.certified("frozen")
        assert self.show("frozen", "MainPID") != before

    def frozen_with_reload(self):
        """Reloading what hangs cannot help: it is restarted in the first attempt."""
        self.service("hung", service="TimeoutStopSec=1",
                     repair="systemd: hung.service, reload: [systemctl, reload-or-restart, hung.service]")
        self.start("hung")
        self.freeze("hung")
        ran = self.certified("hung")
        assert self.count("hung", "reloads") == 0, ran.out

    def reload(self):
        """Its configuration was damaged while it ran: it reads it again, in the same process."""
        folder = self.service("again", repair="systemd: again.service, reload: [systemctl, reload, again.service]")
        self.start("again")
        before = self.show("again", "MainPID")
        (folder / "conf").write_text("says=no\n")
        self.certified("again")
        assert self.show("again", "MainPID") == before and self.count("again", "reloads") == 1, self.count("again")

    def masked(self):
        self.service("masked")
        self.ok("rm", "/run/systemd/system/masked.service")
        self.ok("systemctl", "mask", "--runtime", "masked.service")
        ran = self.heal("masked")
        told = ran.out + self.history("masked")
        assert ran.returncode == 3 and "masked.service is masked" in told and not self.began("masked"), told
        dry = self.machine.run("/srv/autoheal", "heal", "masked", "--dry-run", "--config", "/srv/masked/autoheal.yaml")
        assert dry.returncode == 1 and "masked.service is masked" in dry.out, dry.out
        assert self.show("masked", "ActiveState") == "inactive" and ran.took < 30

    def missing(self):
        self.service("missing")
        self.ok("rm", "/run/systemd/system/missing.service")
        self.ok("systemctl", "daemon-reload")
        ran = self.heal("missing")
        assert ran.returncode == 3 and "has no unit missing.service" in ran.out + self.history("missing"), ran.out

    def unusable(self):
        """Its file says what systemd does not take."""
        self.service("unusable", service="Type=nonsense\nExecStart=relative")
        ran = self.heal("unusable")
        assert ran.returncode == 3 and "cannot use the file of unit unusable.service" in ran.out, ran.out

    def masked_while_it_runs(self):
        """It could not be restarted, so it is not even stopped."""
        self.service("covered")
        self.start("covered")
        self.ok("rm", "/run/systemd/system/covered.service")
        self.ok("ln", "-s", "/dev/null", "/run/systemd/system/covered.service")
        self.ok("systemctl", "daemon-reload")
        (self.shared / "covered" / "conf").write_text("says=no\n")
        ran = self.heal("covered")
        assert ran.returncode == 3 and "covered.service is masked" in ran.out, ran.out
        assert self.show("covered", "ActiveState") == "active"

    def queued(self):
        """A start that somebody ordered waits for another unit."""
        self.service("before", conf="says=ok ready=6", service="Type=notify")
        self.service("queued", unit="After=before.service\nRequires=before.service")
        self.ok("systemctl", "start", "--no-block", "queued")
        self.certified("queued")
        assert self.count("queued") == 1 and self.count("before") == 1, (self.count("queued"), self.count("before"))

    def restarted_by_hand(self):
        """Somebody restarts it at the same moment: it is started once."""
        self.service("hand", conf="says=ok ready=4", service="Type=notify")
        self.start("hand")
        self.ok("systemctl", "restart", "--no-block", "hand")
        self.machine.until(lambda: self.show("hand", "ActiveState") != "active", 10, "no restart was seen")
        self.certified("hand")
        assert self.count("hand") == 2, f"started {self.count('hand')} times"

    def restarts_itself(self):
        """Restart=always is at work."""
        self.service("itself", service="Restart=always\nRestartSec=3")
        self.start("itself")
        os.kill(self.outside("itself"), signal.SIGKILL)
        self.machine.until(lambda: self.show("itself", "SubState") == "auto-restart", 10, "no restart was planned")
        self.certified("itself")
        assert self.count("itself") == 2 and self.show("itself", "NRestarts") == "1", self.show("itself", "NRestarts")

    def stopped_at_that_moment(self):
        """Somebody's stop job is under way: the attempt does not start the service against it."""
        folder = self.service("stop", conf="says=ok deaf=1", service="TimeoutStopSec=5")
        self.start("stop")
        text = (folder / "autoheal.yaml").read_text()
        (folder / "autoheal.yaml").write_text(text.replace("max_retries: 3", "max_retries: 1"))
        (folder / "conf").write_text("says=no\n")
        self.ok("systemctl", "stop", "--no-block", "stop")
        ran = self.heal("stop")
        told = ran.out + self.history("stop")
        assert ran.returncode != 0 and "stop job of somebody else" in told, told
        assert self.show("stop", "ActiveState") in ("inactive", "failed") and self.count("stop") == 1

    def fails_and_tells(self):
        self.service("bad", conf="crash=7", service="Type=notify")
        ran = self.heal("bad")
        assert ran.returncode != 0 and "exit status 7" in ran.out + self.history("bad"), ran.out + self.history("bad")

    def needs_what_fails(self):
        """A unit that it requires cannot be started."""
        self.service("broken", conf="crash=2", service="Type=notify")
        self.service("needs", unit="Requires=broken.service\nAfter=broken.service")
        ran = self.heal("needs")
        told = ran.out + self.history("needs")
        assert ran.returncode != 0 and "dependency" in told and self.count("needs") == 0, told

    def condition_not_met(self):
        """systemd calls it done and starts nothing."""
        self.service("condition", unit="ConditionPathExists=/srv/condition/is-not-there")
        ran = self.heal("condition")
        assert ran.returncode != 0 and "it does not run" in ran.out + self.history("condition"), ran.out

    def long_pause_before_a_restart(self):
        """Nobody waits for RestartSec= of ten minutes when the file is good again."""
        folder = self.service("pause", service="Restart=always\nRestartSec=600")
        (folder / "conf").write_text("crash=1\n")
        self.machine.run("systemctl", "start", "pause")
        self.machine.until(lambda: self.show("pause", "SubState") == "auto-restart", 10, "no restart was planned")
        assert self.certified("pause").took < 60

    def instance(self):
        """Of a template."""
        folder = self.service("many")
        self.ok("sh", "-c", "mv /run/systemd/system/many.service /run/systemd/system/many@.service")
        self.ok("systemctl", "daemon-reload")
        text = (folder / "autoheal.yaml").read_text()
        (folder / "autoheal.yaml").write_text(text.replace("many.service", "many@one.service"))
        ran = self.heal("many")
        assert ran.returncode == 0 and self.machine.show("many@one.service", "ActiveState") == "active", ran.out

    def not_permitted(self):
        """Who may not order systemd is told so."""
        folder = self.service("permitted")
        self.ok("sh", "-c", "chown -R nobody /srv/permitted")
        ran = self.machine.run("setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups", "/srv/autoheal",
                               "heal", "permitted", "--config", "/srv/permitted/autoheal.yaml")
        told = ran.out + self.history("permitted")
        assert ran.returncode != 0 and self.count("permitted") == 0, told
        assert "uthenti" in told or "ccess denied" in told or "ermi" in told, told

    def name_alone(self):
        self.service("alone", repair="systemd: alone")
        self.certified("alone")

    def without_a_bus(self):
        """The message bus is down; systemd itself is not."""
        self.ok("systemctl", "stop", "dbus.socket", "dbus.service")
        self.service("busless")
        self.certified("busless")
        self.ok("systemctl", "start", "dbus.socket")

    def executed_anew(self):
        """systemd executes itself anew while it is waited for."""
        self.service("anew", conf="says=ok ready=8", service="Type=notify", within="5s")
        heal = self.begin_heal("anew")
        self.machine.until(lambda: self.show("anew", "ActiveState") == "activating", 60, "it was not started")
        self.ok("systemctl", "daemon-reexec")
        out = heal.communicate(timeout=120)[0]
        assert heal.returncode == 0 and self.count("anew") == 1, (out, self.count("anew"))

    def healer_dies(self):
        """Killed while systemd starts the service: the one that comes after waits, and starts nothing twice."""
        self.service("dies", conf="says=ok ready=8", service="Type=notify", within="5s")
        heal = self.begin_heal("dies")
        self.machine.until(lambda: self.show("dies", "ActiveState") == "activating", 60, "it was not started")
        for pid in self.machine.descendants(heal.pid) + [heal.pid]:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        heal.wait()
        resumed = self.machine.run("/srv/autoheal", "resume", "--config", "/srv/dies/autoheal.yaml")
        assert self.count("dies") == 1 and self.show("dies", "ActiveState") == "active", resumed.out

    def through_systemctl(self):
        """Where no bus is to be seen the program does it, by the same rules."""
        self.service("program", conf="says=ok ready=13", service="Type=notify",
                     unit="StartLimitBurst=1\nStartLimitIntervalSec=600")
        (self.shared / "program" / "conf").write_text("crash=3\n")
        self.machine.run("systemctl", "start", "program")
        (self.shared / "systemctl").write_text(
            "#!/bin/sh\nDBUS_SYSTEM_BUS_ADDRESS=unix:path=/run/elsewhere exec /srv/systemctl.real \"$@\"\n")
        self.ok("sh", "-c", "cp /usr/bin/systemctl /srv/systemctl.real; chmod 755 /srv/systemctl; rm -f /run/elsewhere;"
                            "ln /run/dbus/system_bus_socket /run/elsewhere")
        hidden = ("mount --bind /srv/systemctl /usr/bin/systemctl; mount -t tmpfs tmpfs /run/dbus;"
                  "touch /run/nothing; mount --bind /run/nothing /run/systemd/private;"
                  "exec /srv/autoheal heal program --config /srv/program/autoheal.yaml")
        ran = self.machine.run("unshare", "--mount", "sh", "-c", hidden)
        assert ran.returncode == 0 and self.count("program") == 2, (ran.out, self.count("program"))

    def stops_by_hand(self):
        """Who watches systemd's jobs tells a stop by hand from all others."""
        if self.unit_tests is None:
            return "no --unit-tests"
        shutil.copy(self.unit_tests, self.shared / "unit_tests")
        ran = self.machine.run("env", "AUTOHEAL_TRIAL_OF_SYSTEMD=1", "/srv/unit_tests", "--gtest_brief=1",
                               "--gtest_filter=StopWatchOnSystemd.*", seconds=300)
        assert ran.returncode == 0 and "SKIPPED" not in ran.out, ran.out
        return None
