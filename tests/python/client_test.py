#!/usr/bin/env python3
"""The Python client against a real daemon: client_test.py PROGRAM.

Each test has a folder with a configuration of one engine; those that need one start `autoheal serve` in it.
"""
import asyncio
import os
import pathlib
import shutil
import socket
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
# pylint: disable=wrong-import-position
from in_a_folder import QUICK, ServedDaemon, InAFolder  # noqa: E402
import autoheal  # noqa: E402
from autoheal.places import find_socket  # noqa: E402


class Client(InAFolder):
    def test_heals_what_fails_and_says_what_came_of_it(self):
        client = self.serve()
        self.assertTrue(client.is_ready())
        self.assertEqual(client.version(), "0.1.0")
        self.assertIsNone(client.heal("EnvRecon"), "its self-test passes")
        client.hold("EnvRecon", for_s=60, reason="a file is broken on purpose")
        (self.folder / "etc/app.conf").write_text("damaged\n")
        client.unhold("EnvRecon")
        result = client.heal("EnvRecon", error="configuration drift")
        self.assertEqual(result["result"], "✅ certified")
        self.assertEqual((self.folder / "etc/app.conf").read_text(), "port = 8080\n")
        self.assertIn('autoheal_heals_total{strategy="arie",outcome="complete"}', client.metrics())
        self.assertEqual(client.selftest()["summary"]["status"], "Stable")
        self.assertEqual(client.status()["engines"][0]["engine"], "EnvRecon")

    def test_tells_what_the_daemon_refuses(self):
        client = self.serve()
        with self.assertRaises(autoheal.AutohealError) as refused:
            client.heal("Nobody")
        self.assertEqual(refused.exception.code, "not_found")
        self.assertEqual(refused.exception.status, 404)
        self.assertIn('there is no engine "Nobody"', str(refused.exception))
        with self.assertRaises(autoheal.AutohealError) as refused:
            client.cancel("0193")
        self.assertEqual(refused.exception.code, "not_found")

    def test_says_so_where_no_daemon_runs(self):
        with self.assertRaises(autoheal.AutohealError) as missing:
            autoheal.Client(str(self.folder / "none.sock")).status()
        self.assertEqual(missing.exception.code, "not_found")
        self.assertIn("autoheal serve", missing.exception.hint)

    def test_refuses_what_is_no_answer_of_a_daemon(self):
        place = self.folder / "other.sock"
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
            other.bind(str(place))
            other.listen()
            child = os.fork()
            if child == 0:
                connection, _ = other.accept()
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 500 no\r\nContent-Length: 5\r\n\r\nhello")
                os._exit(0)
            with self.assertRaises(autoheal.AutohealError) as wrong:
                autoheal.Client(str(place)).status()
            os.waitpid(child, 0)
        self.assertEqual(wrong.exception.code, "unavailable")
        self.assertEqual(wrong.exception.status, 500)

    def test_reaches_a_socket_whose_name_is_too_long_for_the_kernel(self):
        deep = self.folder / ("d" * 100)
        shutil.copytree(self.folder, deep, ignore=lambda _, names: [n for n in names if n == "d" * 100])
        daemon = ServedDaemon(self.program, deep, QUICK)
        self.addCleanup(daemon.stop)
        self.assertEqual(autoheal.Client(str(deep / "var/ledger.db.sock")).status()["engines"][0]["engine"], "EnvRecon")

    def test_waits_on_a_thread_for_asyncio(self):
        self.serve()

        async def both():
            client = autoheal.AsyncClient(str(self.folder / "var/ledger.db.sock"))
            return await asyncio.gather(client.version(), client.is_ready())

        self.assertEqual(asyncio.run(both()), ["0.1.0", True])


class Places(InAFolder):
    def setUp(self):
        super().setUp()
        os.chdir(self.folder)
        self.addCleanup(os.chdir, "/")

    def socket_for(self, ledger_line, **environment):
        (self.folder / "autoheal.yaml").write_text(f"version: 1\n{ledger_line}\nengines: []\n")
        return find_socket(environment)

    def test_the_environment_comes_first(self):
        self.assertEqual(find_socket({"AUTOHEAL_SOCKET": "/run/a.sock"}), "/run/a.sock")
        self.assertEqual(find_socket({"AUTOHEAL_LEDGER": "/srv/l.db"}), "/srv/l.db.sock")
        elsewhere = self.folder / "other.yaml"
        elsewhere.write_text("ledger: /srv/other.db\n")
        self.assertEqual(find_socket({"AUTOHEAL_CONFIG": str(elsewhere)}), "/srv/other.db.sock")

    def test_the_ledger_is_relative_to_its_configuration(self):
        self.assertEqual(self.socket_for("ledger: data/l.db  # here"), "data/l.db.sock")
        self.assertEqual(self.socket_for('ledger: "data/a b.db"'), "data/a b.db.sock")
        self.assertEqual(self.socket_for("ledger: 'l.db'"), "l.db.sock")
        self.assertEqual(self.socket_for(""), "var/ledger.db.sock")

    def test_a_ledger_that_only_the_daemon_can_read_is_refused(self):
        unclear = ("ledger: &a l.db", "ledger: >\n  l.db", '"ledger": l.db', 'ledger: "a\\x41.db"', "ledger:\n  l.db")
        for line in unclear:
            with self.subTest(line), self.assertRaises(autoheal.AutohealError) as refused:
                self.socket_for(line)
            self.assertEqual(refused.exception.code, "invalid")

    def test_without_a_configuration_it_says_what_to_do(self):
        (self.folder / "autoheal.yaml").unlink()
        if pathlib.Path("/etc/autoheal/autoheal.yaml").exists():
            self.skipTest("this host has a configuration of its own")
        with self.assertRaises(autoheal.AutohealError) as missing:
            find_socket({})
        self.assertIn("AUTOHEAL_SOCKET", missing.exception.hint)


if __name__ == "__main__":
    InAFolder.program = os.path.abspath(sys.argv.pop(1))
    unittest.main()
