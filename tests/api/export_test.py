#!/usr/bin/env python3
"""An export of the ledger to a client that stops reading, against a real daemon: export_test.py PROGRAM."""
import json
import os
import pathlib
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
# pylint: disable=wrong-import-position
from described_api import Asking, Described, UnixConnection  # noqa: E402
from served_folder import ServedFolder  # noqa: E402

PROGRAM = ""
PAYLOAD = {"text": "x" * 15_000}  # an entry of about 15 kB
IN_THE_EXPORT, MEANWHILE = 60, 440
MOST_IN_THE_LOG = 6 << 20  # the log is written back to the ledger at 4 MB; all that comes meanwhile is more


class TheExport(unittest.TestCase):
    def setUp(self):
        self.host = ServedFolder(PROGRAM)
        self.addCleanup(self.host.stop)
        self.api = Asking(Described(), self.host.socket)
        self.addCleanup(self.api.close)

    def publish(self, count):
        for _ in range(count):
            self.api.ask("publishOnBus", body={"topic": "load.entry", "payload": PAYLOAD})

    def test_a_client_that_stops_reading_holds_nothing_up_and_gets_every_line_later(self):
        self.publish(IN_THE_EXPORT)
        connection = UnixConnection(self.host.socket)
        self.addCleanup(connection.close)
        connection.request("GET", "/api/v1/ledger/export")
        response = connection.getresponse()
        first = response.readline()  # the rest of the export is more than its socket holds
        log = self.host.folder / "var" / "ledger.db-wal"
        largest = 0
        for _ in range(MEANWHILE // 20):
            self.publish(20)
            largest = max(largest, log.stat().st_size)
        self.assertLess(largest, MOST_IN_THE_LOG)
        self.assertGreater((self.host.folder / "var" / "ledger.db").stat().st_size, MOST_IN_THE_LOG)
        lines = [json.loads(line) for line in [first, *response]]
        self.assertEqual([line["id"] for line in lines], [str(seq + 1) for seq in range(len(lines))])
        self.assertEqual(sum(line["type"] == "bus.published" for line in lines), IN_THE_EXPORT)


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
