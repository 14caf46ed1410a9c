#!/usr/bin/env python3
"""Command lines and daemons of earlier versions with those of today: earlier_versions_test.py PROGRAM.

before_the_api.jsonl holds what the last version before the HTTP API asked and was answered, recorded between the two.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
# pylint: disable=wrong-import-position
from described_api import Asking, Described  # noqa: E402
from played_daemon import NOTHING_HERE, PlayedDaemon, played  # noqa: E402
from served_folder import CONFIGURATION, IMPOSSIBLE, ServedFolder  # noqa: E402

PROGRAM = ""
TEXTS_OF_JSON = {"result", "report"}


def recorded():
    return [json.loads(line) for line in (HERE / "before_the_api.jsonl").read_text().splitlines()]


def missing(before, now, place="answer"):
    """What an earlier reader would look for in vain."""
    if isinstance(before, dict):
        if not isinstance(now, dict):
            return [place]
        lost = []
        for key, value in before.items():
            if key not in now:
                lost.append(f"{place}.{key}")
            elif key in TEXTS_OF_JSON and isinstance(value, str) and value.startswith("{"):
                lost += missing(json.loads(value), json.loads(now[key]), f"{place}.{key}")
            else:
                lost += missing(value, now[key], f"{place}.{key}")
        return lost
    if isinstance(before, list):
        if not isinstance(now, list):
            return [place]
        return missing(before[0], now[0], place + "[0]") if before and now else []
    return [] if type(before) is type(now) else [place]


class TodaysDaemon(unittest.TestCase):
    def test_answers_command_lines_of_the_version_before(self):
        host = ServedFolder(PROGRAM).settled()
        self.addCleanup(host.stop)
        api = Asking(Described(), host.socket)
        self.addCleanup(api.close)
        for one in recorded():
            with self.subTest(one["words"]):
                body = None if one["body"] is None else json.dumps(one["body"])
                answer = api.raw(one["method"], one["target"], body)
                self.assertEqual(answer.status, one["status"], answer.body)
                self.assertEqual(missing(one["answer"], answer.json()), [])


class EarlierDaemon(PlayedDaemon):
    """Answers as the daemon of the version before did: outside of /v1, that nothing is there."""
    rows, folder = [], ""

    def answer_to(self, method, target, body):
        if not target.startswith("/v1/"):
            return 404, NOTHING_HERE
        row = next((one for one in self.rows if one["target"] == target and one["body"] == body), None)
        if row is None:
            return 404, {"error": {"code": "not_found", "message": "there is no operation of this name", "hint": ""}}
        return row["status"], json.loads(json.dumps(row["answer"]).replace("/FOLDER", self.folder))


class TodaysCommands(unittest.TestCase):
    def test_are_answered_by_a_daemon_of_the_version_before(self):
        with tempfile.TemporaryDirectory(prefix="autoheal-api-") as name:
            folder = pathlib.Path(name)
            for below in ("etc", "baseline", "var"):
                (folder / below).mkdir()
            for file in ("etc/app.conf", "baseline/app.conf", "etc/rules", "baseline/rules"):
                (folder / file).write_text("port = 8080\n")
            (folder / "autoheal.yaml").write_text(CONFIGURATION.format(principals="", impossible=IMPOSSIBLE))
            EarlierDaemon.rows, EarlierDaemon.folder = recorded(), name
            with played(EarlierDaemon, folder / "var/ledger.db.sock"):
                self.ask_all(folder)

    def ask_all(self, folder):
        for one in recorded():
            with self.subTest(one["words"]):
                EarlierDaemon.asked.clear()
                ran = subprocess.run([PROGRAM, *one["words"]], cwd=folder, capture_output=True, text=True, check=False,
                                     env={**os.environ, "AUTOHEAL_RETRY_DELAY": "0"})
                self.assertEqual(ran.returncode, one["exit_code"], ran.stderr)
                # Each request of the API is followed by the same one as that version knew it, and by no other.
                asked = EarlierDaemon.asked
                self.assertTrue(all(target.startswith("/api/v1/") for _, target, _ in asked[::2]), asked)
                self.assertTrue(all(target.startswith("/v1/") for _, target, _ in asked[1::2]), asked)
                self.assertEqual([method for method, _, _ in asked[::2]], [method for method, _, _ in asked[1::2]])
                done = [request for request in asked[1::2] if request[0] == one["method"]]
                self.assertEqual(done, [(one["method"], one["target"], one["body"])])


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
