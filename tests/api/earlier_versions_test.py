#!/usr/bin/env python3
"""Command lines and daemons of earlier versions with those of today: earlier_versions_test.py PROGRAM.

before_the_api.jsonl holds what the last version before the HTTP API asked and was answered, recorded between the two.
"""
import http.server
import json
import os
import pathlib
import socketserver
import subprocess
import sys
import tempfile
import threading
import unittest

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
# pylint: disable=wrong-import-position
from described_api import Asking, Described  # noqa: E402
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


class PlayedDaemon(http.server.BaseHTTPRequestHandler):
    """Answers as the daemon of the version before did."""
    protocol_version = "HTTP/1.1"
    rows, asked, folder = [], [], ""

    def do_GET(self):
        self.answered(None)

    def do_POST(self):
        self.answered(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def answered(self, body):
        if body is not None:
            self.asked.append((self.path, body))
        row = next((one for one in self.rows if one["target"] == self.path and one["body"] == body), None)
        status, answer = (row["status"], row["answer"]) if row else (404, {"error": {
            "code": "not_found", "message": "there is no operation of this name", "hint": ""}})
        text = json.dumps(answer).replace("/FOLDER", self.folder).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def address_string(self):
        return "a socket"

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


class OnSocket(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


class TodaysCommands(unittest.TestCase):
    def test_are_answered_by_a_daemon_of_the_version_before(self):
        with tempfile.TemporaryDirectory(prefix="autoheal-api-") as name:
            folder = pathlib.Path(name)
            for below in ("etc", "baseline", "var"):
                (folder / below).mkdir()
            for file in ("etc/app.conf", "baseline/app.conf", "etc/rules", "baseline/rules"):
                (folder / file).write_text("port = 8080\n")
            (folder / "autoheal.yaml").write_text(CONFIGURATION.format(principals="", impossible=IMPOSSIBLE))
            PlayedDaemon.rows, PlayedDaemon.folder = recorded(), name
            with OnSocket(str(folder / "var/ledger.db.sock"), PlayedDaemon) as daemon:
                threading.Thread(target=daemon.serve_forever, daemon=True).start()
                try:
                    self.ask_all(folder)
                finally:
                    daemon.shutdown()

    def ask_all(self, folder):
        for one in recorded():
            with self.subTest(one["words"]):
                PlayedDaemon.asked.clear()
                ran = subprocess.run([PROGRAM, *one["words"]], cwd=folder, capture_output=True, text=True, check=False,
                                     env={**os.environ, "AUTOHEAL_RETRY_DELAY": "0"})
                self.assertEqual(ran.returncode, one["exit_code"], ran.stderr)
                if one["method"] == "POST":
                    self.assertEqual(PlayedDaemon.asked, [(one["target"], one["body"])])


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
