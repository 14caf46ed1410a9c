"""A folder with two engines, and `autoheal serve` in it."""
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
# pylint: disable=wrong-import-position
from served_daemon import ServedDaemon  # noqa: E402

CONFIGURATION = """version: 1
ledger: var/ledger.db
reports: logs/selftest_reports
{principals}engines:
  - name: EnvRecon
    every: 1h
    self_test: [ {{ name: config, file: {{ path: etc/app.conf, baseline: baseline/app.conf }} }} ]
    repair: {{ files: [ {{ path: etc/app.conf, baseline: baseline/app.conf }} ] }}
  - name: Firewall
    every: 1h
    depends_on: [EnvRecon]
    self_test: [ {{ name: rules, file: {{ path: etc/rules, sha256: "{impossible}" }} }} ]
    repair: {{ files: [ {{ path: etc/rules, baseline: baseline/rules }} ] }}
"""
IMPOSSIBLE = "0" * 64  # the self-test of Firewall passes never, so its heals are exhausted


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class ServedFolder:
    def __init__(self, program, principals="", environment=None, open_files=None, confined=False, sockets=lambda _: []):
        """sockets: makes those that the daemon is passed, once there is the folder."""
        self.program = program
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="autoheal-api-"))
        self.folder.chmod(0o755)
        self.confined = confined
        for name in ("etc", "baseline", "var"):
            (self.folder / name).mkdir()
        for name in ("etc/app.conf", "baseline/app.conf", "etc/rules", "baseline/rules"):
            (self.folder / name).write_text("port = 8080\n")
        self.configure(principals)
        self.sockets = sockets(self.folder)
        self.daemon = None
        self.environment = {"AUTOHEAL_RETRY_DELAY": "0", **(environment or {})}
        self.open_files = open_files
        self.start()

    @property
    def socket(self):
        return str(self.folder / "var" / "ledger.db.sock")

    def configure(self, principals):
        (self.folder / "autoheal.yaml").write_text(
            CONFIGURATION.format(principals=principals, impossible=IMPOSSIBLE))

    def start(self):
        with open(self.folder / "log", "ab") as log:
            self.daemon = ServedDaemon(self.program, self.folder, self.environment, log, self.open_files,
                                       self.confined, self.sockets)

    def settled(self):
        """Itself, once the daemon's own first heal, of Firewall, has ended: none comes unasked for the next hour."""
        while "Exhausted" not in self.run("heals", "--engine", "Firewall", "-o", "json").stdout:
            assert self.daemon.process.poll() is None, self.said()
        return self

    def said(self):
        return (self.folder / "log").read_text(errors="replace")

    def run(self, *words):
        return subprocess.run([self.program, *words], cwd=self.folder, capture_output=True, text=True, check=False,
                              env={**os.environ, **self.environment})

    def stop(self):
        code = self.daemon.end()
        for one in self.sockets:
            one.close()
        said = self.said()
        shutil.rmtree(self.folder)
        assert code == 0, f"{code}: {said[-10_000:]}"
