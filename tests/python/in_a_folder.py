"""A folder with an engine of each strategy but generic, and `autoheal serve` in it."""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CLIENT = ROOT / "tools" / "python"
sys.path.insert(0, str(CLIENT))
# pylint: disable=wrong-import-position
import autoheal  # noqa: E402

CONFIGURATION = """version: 1
ledger: var/ledger.db
engines:
  - name: EnvRecon
    every: 1h
    self_test: [ { name: config, file: { path: etc/app.conf, baseline: baseline/app.conf } } ]
    repair: { files: [ { path: etc/app.conf, baseline: baseline/app.conf } ] }
"""
READY_WITHIN_S = 60


class Daemon:
    """`autoheal serve`, which says when it is ready as it says so to systemd."""

    def __init__(self, program, folder):
        with tempfile.TemporaryDirectory() as short, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            told = os.path.join(short, "notify")
            manager.bind(told)
            manager.settimeout(READY_WITHIN_S)
            self.process = subprocess.Popen([program, "serve"], cwd=folder, stdout=subprocess.DEVNULL,
                                            stderr=subprocess.DEVNULL,
                                            env={**os.environ, "NOTIFY_SOCKET": told, "AUTOHEAL_RETRY_DELAY": "0"})
            try:
                while b"READY=1" not in manager.recv(4096):
                    pass
            except BaseException:
                self.process.kill()
                raise

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait() == 0


class InAFolder(unittest.TestCase):
    program = ""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="autoheal-python-"))
        self.addCleanup(shutil.rmtree, self.folder)
        for name in ("etc", "baseline"):
            (self.folder / name).mkdir()
            (self.folder / name / "app.conf").write_text("port = 8080\n")
        (self.folder / "autoheal.yaml").write_text(CONFIGURATION)

    @property
    def socket(self):
        return str(self.folder / "var/ledger.db.sock")

    def serve(self):
        daemon = Daemon(self.program, self.folder)
        self.addCleanup(daemon.stop)
        return autoheal.Client(self.socket)

    def run_python(self, *arguments, path=(), **environment):
        paths = os.pathsep.join([*map(str, path), str(CLIENT)])
        return subprocess.run([sys.executable, "-B", *map(str, arguments)], cwd=self.folder, capture_output=True,
                              text=True, check=False, env={**os.environ, "PYTHONPATH": paths, **environment})


