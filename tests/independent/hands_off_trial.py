"""People and scripts restart a service beside the daemon, in the ways they do it: python3 hands_off_trial.py AUTOHEAL.

Whatever comes back within its grace leads to no heal; what stays away longer, to one at most; what was stopped in order
stays stopped; and there is never a second copy of the service. 25 rounds of each way, in long runs: pauses are measured
against a grace of 2 s, so that it wants a machine that is not loaded.
"""
import argparse
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import waiting

SERVICE = """#!/usr/bin/python3
import os, signal, sys
pidfile, takes_pidfile_away = sys.argv[1], sys.argv[2] == "away"
if os.fork():
    os._exit(0)
os.setsid()
null = os.open("/dev/null", os.O_RDWR)
for descriptor in (0, 1, 2):
    os.dup2(null, descriptor)
with open(pidfile + ".new", "w") as file:
    file.write(f"{os.getpid()}\\n")
os.rename(pidfile + ".new", pidfile)
def end(*_):
    try:
        if takes_pidfile_away and open(pidfile).read().strip() == str(os.getpid()):
            os.unlink(pidfile)
    finally:
        os._exit(0)
signal.signal(signal.SIGTERM, end)
while True:
    signal.pause()
"""
CONFIGURATION = """version: 1
healing: {{ max_heals_per_hour: 10000 }}
engines:
  - name: app
    every: 1s
    self_test: [ {{ name: alive, process: {{ pidfile: app.pid }} }} ]
    repair: {{ service: {{ start: [./app, app.pid, {mode}], pidfile: app.pid }} }}
    certify: {{ hold: 0s }}
"""
GRACE_S = 2.0


class Trial:
    def __init__(self, program, mode):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hands-off-"))
        self.mode = mode
        (self.folder / "app").write_text(SERVICE)
        (self.folder / "app").chmod(0o755)
        (self.folder / "autoheal.yaml").write_text(CONFIGURATION.format(mode=mode))
        self.program = program
        self.start()
        self.log = open(self.folder / "log", "w")
        self.daemon = subprocess.Popen([program, "serve"], cwd=self.folder, stdout=self.log, stderr=self.log)
        self.until(lambda: "app passed" in self.told(), "the daemon serves")

    def told(self):
        return (self.folder / "log").read_text()

    def heals(self):
        return self.told().count(" certified") + self.told().count("healing failed")

    def until(self, holds, what, seconds=60):
        """The daemon's log and the pidfile lie in the folder."""
        if not waiting.until(holds, seconds, self.folder):
            raise SystemExit(f"never happened: {what}")

    @staticmethod
    def ends(pid, what, seconds=60):
        if not waiting.wait_for_end(pid, seconds):
            raise SystemExit(f"never happened: {what}")

    def pid(self):
        try:
            return int((self.folder / "app.pid").read_text())
        except (OSError, ValueError):
            return 0

    @staticmethod
    def lives(pid):
        try:
            return pid > 0 and pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
        except OSError:
            return False

    def copies(self):
        found = 0
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit() and self.lives(int(entry.name)):
                try:
                    found += os.readlink(entry / "cwd") == str(self.folder) and b"app\0app.pid\0" in (entry / "cmdline").read_bytes()
                except OSError:
                    pass
        return found

    def start(self):
        before = self.pid()
        subprocess.run(["./app", "app.pid", self.mode], cwd=self.folder, check=True)
        self.until(lambda: self.pid() not in (0, before) and self.lives(self.pid()), "the service runs")

    def stop(self, with_signal=signal.SIGTERM):
        pid = self.pid()
        os.kill(pid, with_signal)
        self.ends(pid, "the service ends")
        return pid

    def end(self):
        self.daemon.terminate()
        ended = self.daemon.wait(60)
        if self.lives(self.pid()):
            os.kill(self.pid(), signal.SIGKILL)
        return ended


def stop_and_start(trial, pause_s):
    trial.stop()
    time.sleep(pause_s)
    trial.start()


def deploy(trial, pause_s):
    """As scripts do it: the pidfile goes first, then all of it is exchanged."""
    pid = trial.pid()
    (trial.folder / "app.pid").unlink()
    os.kill(pid, signal.SIGTERM)
    time.sleep(pause_s)
    trial.start()


def upgrade(trial, pause_s):
    """USR2: the new one runs and has the pidfile, then the old one ends."""
    old = trial.pid()
    trial.start()
    time.sleep(pause_s)
    os.kill(old, signal.SIGTERM)
    trial.ends(old, "the old one ends")


def pidfile_exchanged(trial, pause_s):
    text = (trial.folder / "app.pid").read_text()
    (trial.folder / "app.pid").unlink()
    time.sleep(pause_s)
    (trial.folder / "app.pid.new").write_text(text)
    os.rename(trial.folder / "app.pid.new", trial.folder / "app.pid")


WAYS = {"stop and start": stop_and_start, "deploy script": deploy, "upgrade by USR2": upgrade,
        "pidfile exchanged": pidfile_exchanged}


def rest(trial):
    """Longer than any grace that may still run."""
    time.sleep(GRACE_S + 0.5)
    trial.until(lambda: trial.lives(trial.pid()), "the service runs")
    return trial.copies()


def brought_back(program, rounds, chance):
    faults = 0
    for mode in ("stays", "away"):
        trial = Trial(program, mode)
        for name, way in WAYS.items():
            before = trial.heals()
            fights = late = 0
            for _ in range(rounds):
                began = time.monotonic()
                way(trial, chance.uniform(0, GRACE_S - 1.2))
                late += time.monotonic() - began > GRACE_S - 0.2
                fights += trial.copies() > 1
            copies = rest(trial)
            heals = trial.heals() - before
            print(f"{name:20} pidfile {mode:5} {rounds:4} times: {heals} heals, {fights} fights"
                  f"{f', {late} not back in time' if late else ''}", flush=True)
            faults += heals + fights + (copies != 1)
        faults += trial.end() != 0
        keep_if(faults, trial)
    return faults


def kept_away(program, rounds):
    """Longer than the grace: one heal where nothing tells that it is meant, none where it ended in order."""
    faults = 0
    for mode, wanted in (("stays", rounds), ("away", 0)):
        trial = Trial(program, mode)
        for number in range(rounds):
            trial.stop()
            if wanted:
                trial.until(lambda heals=number + 1: trial.heals() == heals, "it is healed once")
            else:
                trial.until(lambda skips=number + 1: trial.told().count("stopped_by_hand") == skips, "it is told")
                time.sleep(GRACE_S)
                faults += trial.lives(trial.pid())
                trial.start()
                trial.until(lambda passes=number + 2: trial.told().count("app passed") >= passes, "it passes")
        faults += rest(trial) != 1
        print(f"{'stopped for longer':20} pidfile {mode:5} {rounds:4} times: {trial.heals()} heals", flush=True)
        faults += trial.heals() != wanted
        faults += trial.end() != 0
        keep_if(faults, trial)
    return faults


def keep_if(faults, trial):
    if faults:
        print(trial.told()[-5000:])
        print(f"kept: {trial.folder}")
    else:
        shutil.rmtree(trial.folder)


def main():
    parse = argparse.ArgumentParser()
    parse.add_argument("program")
    parse.add_argument("--rounds", type=int, default=25)
    parse.add_argument("--in-long-runs", action="store_true", help="do nothing unless AUTOHEAL_LONG=1")
    parse.add_argument("--seed", type=int, default=0)
    options = parse.parse_args()
    if options.in_long_runs and os.environ.get("AUTOHEAL_LONG") != "1":
        print("restarts by hand beside the daemon are part of the long runs (AUTOHEAL_LONG=1)")
        return 77
    program = str(pathlib.Path(options.program).resolve())
    faults = brought_back(program, options.rounds, random.Random(options.seed))
    faults += kept_away(program, max(1, options.rounds // 5))
    print(f"{faults} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
