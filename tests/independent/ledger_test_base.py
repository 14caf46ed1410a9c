"""A ledger behind a real daemon, for those who look at it from outside and share no code with Autoheal."""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]
sys.dont_write_bytecode = True
import check_ledger as ledger  # noqa: E402
import tlog_client as tlog  # noqa: E402
from one_engine import CONFIGURATION, make_folder  # noqa: E402
from served_daemon import ServedDaemon  # noqa: E402


class LedgerTest(unittest.TestCase):
    program = ""  # Autoheal, by its absolute path

    def setUp(self):
        self.folder = make_folder("autoheal-tlog-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.configure()
        self.daemon = None
        self.start()
        self.addCleanup(lambda: self.daemon.end())
        self.key = ledger.Key(self.autoheal("ledger", "key").stdout.decode().removesuffix("\n"))

    def configure(self, more=""):
        (self.folder / "autoheal.yaml").write_text(CONFIGURATION + more)

    def start(self):
        self.daemon = ServedDaemon(self.program, self.folder)

    def autoheal(self, *arguments, code=0, given=None):
        ran = subprocess.run([self.program, *map(str, arguments)], cwd=self.folder, input=given, capture_output=True,
                             check=False)
        self.assertEqual(ran.returncode, code, ran.stderr.decode())
        return ran

    def ask(self, method, target, body=None):
        return tlog.ask(str(self.folder / "var/ledger.db.sock"), method, target, body)

    def fetch(self, name):
        status, kind, body = self.ask("GET", "/tlog/" + name)
        if status != 200:
            raise tlog.Unanswered(status, name)
        self.assertEqual(kind, "text/plain; charset=utf-8" if name == "checkpoint" else "application/octet-stream")
        return body

    def grow(self, entries):
        """So many entries or a few more, all of them signed."""
        for number in range(entries):
            body = json.dumps({"engine": "EnvRecon", "for_us": 60_000_000, "reason": f"entry {number}"})
            self.assertEqual(self.ask("POST", "/v1/hold", body)[0], 200)
        self.sign()

    def sign(self):
        status, _, said = self.ask("POST", "/v1/sign", "{}")
        self.assertEqual(status, 200, said)
        signed, _ = ledger.open_checkpoint(self.fetch("checkpoint"), [self.key])
        self.assertGreaterEqual(signed, int(re.search(rb"signed: ([0-9]+)", said)[1]))

    def backup(self):
        """A copy of the database alone."""
        self.daemon.end()
        backup = self.folder / "backup"
        backup.mkdir()
        for file in (self.folder / "var").iterdir():
            if re.fullmatch(r"ledger\.db(-wal|-shm)?", file.name):
                shutil.copy2(file, backup)
        self.start()
        return backup

    def put_back(self, backup):
        """The database alone, as a restore from a backup does it; beside it stays what was signed last."""
        self.daemon.end()
        for file in (self.folder / "var").glob("ledger.db*"):
            if file.is_file() and re.fullmatch(r"ledger\.db(-wal|-shm)?", file.name):
                file.unlink()
        for file in backup.iterdir():
            shutil.copy2(file, self.folder / "var")
        self.start()
