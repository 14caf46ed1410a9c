"""A folder with an engine of each strategy but generic, and `autoheal serve` in it."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CLIENT = ROOT / "tools" / "python"
sys.path[:0] = [str(CLIENT), str(ROOT / "tests" / "support")]
# pylint: disable=wrong-import-position
import autoheal  # noqa: E402
from served_daemon import ServedDaemon  # noqa: E402

QUICK = {"AUTOHEAL_RETRY_DELAY": "0"}
CONFIGURATION = """version: 1
ledger: var/ledger.db
engines:
  - name: EnvRecon
    every: 1h
    self_test: [ { name: config, file: { path: etc/app.conf, baseline: baseline/app.conf } } ]
    repair: { files: [ { path: etc/app.conf, baseline: baseline/app.conf } ] }
"""


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
        daemon = ServedDaemon(self.program, self.folder, QUICK)
        self.addCleanup(daemon.stop)
        return autoheal.Client(self.socket)

    def run_python(self, *arguments, path=(), **environment):
        paths = os.pathsep.join([*map(str, path), str(CLIENT)])
        return subprocess.run([sys.executable, "-B", *map(str, arguments)], cwd=self.folder, capture_output=True,
                              text=True, check=False, env={**os.environ, "PYTHONPATH": paths, **environment})


