"""What the trials share: the machine, services with an engine and a ledger of their own, and questions to all of them."""
import os
import pathlib
import re
import shutil
import signal
import time

import machine as machines

HERE = pathlib.Path(__file__).resolve().parent
UNIT = """[Unit]
{unit}
[Service]
ExecStart=/usr/bin/python3 /srv/app.py {name} {port}
ExecReload=/bin/kill -HUP $MAINPID
{service}
"""
ENGINE = """  - name: {name}
    root: /srv/{name}
    self_test:
      - {{ name: web, http: {{ url: "http://127.0.0.1:{port}/" }}, timeout: 2s }}
      - {{ name: conf, file: {{ path: conf, baseline: good }} }}
    repair:
      files: [ {{ path: conf, baseline: good }} ]
      service: {{ {service} }}
    certify: {{ within: {within} }}
"""


class Trial:
    def __init__(self, place, options, log):
        program = options.program
        self.options = options
        self.figures = []  # lines for the end
        self.unit_tests = options.unit_tests
        self.shared = place / "shared"
        self.shared.mkdir()
        shutil.copy(HERE / "app.py", self.shared / "app.py")
        shutil.copy(program, self.shared / "autoheal")
        self.machine = machines.Machine(str(place / "machine"), str(self.shared), log)
        self.port = 7000

    def service(self, name, conf="says=ok", unit="", service="", repair=None, within="5s"):
        """A unit of its own with an engine and a ledger of its own; `conf` is what is good."""
        self.port += 1
        folder = self.shared / name
        folder.mkdir()
        (folder / "good").write_text(conf + "\n")
        (folder / "conf").write_text(conf + "\n")
        text = UNIT.format(name=name, port=self.port, unit=unit, service=service)
        (self.shared / f"{name}.service").write_text(text)
        self.ok("cp", f"/srv/{name}.service", f"/run/systemd/system/{name}.service")
        self.ok("systemctl", "daemon-reload")
        (folder / "autoheal.yaml").write_text(
            "version: 1\nhealing: { retry_delay: 0.5, max_retries: 3 }\nengines:\n" +
            ENGINE.format(name=name, port=self.port, service=repair or f"systemd: {name}.service", within=within))
        return folder

    def ok(self, *command):
        ran = self.machine.run(*command)
        assert ran.returncode == 0, f"{' '.join(command)}: {ran.out}"
        return ran.out

    def start(self, name):
        self.ok("systemctl", "start", name)
        self.answers(name)

    def answers(self, name):
        port = self.port
        ask = f"import urllib.request as r; r.urlopen('http://127.0.0.1:{port}/', timeout=2)"
        self.machine.until(lambda: self.machine.run("python3", "-c", ask).returncode == 0, 30,
                           f"{name} does not answer")

    def heal(self, name, seconds=240):
        began = time.monotonic()
        ran = self.machine.run("/srv/autoheal", "heal", name, "--config", f"/srv/{name}/autoheal.yaml", seconds=seconds)
        ran.took = time.monotonic() - began
        return ran

    def begin_heal(self, name):
        return self.machine.start("/srv/autoheal", "heal", name, "--config", f"/srv/{name}/autoheal.yaml",
                                  stdout=-1, stderr=-2)

    def certified(self, name, **options):
        ran = self.heal(name, **options)
        assert ran.returncode == 0, f"heal {name} ended with {ran.returncode}:\n{ran.out}"
        assert self.show(name, "ActiveState") == "active", self.show(name, "ActiveState")
        return ran

    def show(self, name, what):
        return self.machine.show(f"{name}.service", what)

    def count(self, name, what="starts"):
        path = self.shared / name / what
        return len(path.read_text().splitlines()) if path.exists() else 0

    def freeze(self, name):
        os.kill(self.outside(name), signal.SIGSTOP)

    def outside(self, name):
        """The main process as this machine numbers it."""
        inside = self.show(name, "MainPID")
        for pid in self.machine.descendants(self.machine.init):
            status = pathlib.Path(f"/proc/{pid}/status").read_text()
            if any(line.startswith("NSpid:") and line.split()[-1] == inside for line in status.splitlines()):
                return pid
        raise AssertionError(f"{name} has no main process {inside}")

    def began(self, name):
        """A heal of it, ever."""
        return "heal.triggered" in self.machine.run("/srv/autoheal", "audit", "--config", f"/srv/{name}/autoheal.yaml",
                                                    "-o", "jsonl").out

    def history(self, name):
        config = ("--config", f"/srv/{name}/autoheal.yaml")
        told = self.machine.run("/srv/autoheal", "audit", *config, "-o", "jsonl").out
        return "\n".join(re.findall(r'"message":"((?:[^"\\]|\\.)*)"', told))
