"""A folder with one engine, and `autoheal serve` in it."""
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CLIENT = ROOT / "tools" / "python"
sys.path[:0] = [str(CLIENT), str(ROOT / "tests" / "support")]
# pylint: disable=wrong-import-position
import autoheal  # noqa: E402
from one_engine import CONFIGURATION, make_folder  # noqa: E402
from served_daemon import ServedDaemon  # noqa: E402

QUICK = {"AUTOHEAL_RETRY_DELAY": "0"}


class InAFolder(unittest.TestCase):
    program = ""

    def setUp(self):
        self.folder = make_folder("autoheal-python-")
        self.addCleanup(shutil.rmtree, self.folder)
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


