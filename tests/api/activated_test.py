#!/usr/bin/env python3
"""A daemon that is passed its sockets as systemd does it: activated_test.py PROGRAM. With a real systemd, and the Unix
socket alone, independent/systemd_trial does the same."""
import http.client
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
# pylint: disable=wrong-import-position
from described_api import UnixConnection  # noqa: E402
from served_folder import ServedFolder  # noqa: E402
from served_daemon import held_for, served_with  # noqa: E402

PROGRAM = ""
WITHIN_S = 60


def on_tcp():
    return socket.create_server(("127.0.0.1", 0))


def on_unix(path):
    made = socket.socket(socket.AF_UNIX)
    made.bind(str(path))
    path.chmod(0o666)
    made.listen()
    return made


def port_of(one):
    return one.getsockname()[1]


class Activated(unittest.TestCase):
    def setUp(self):
        self.tcp = on_tcp()
        self.addCleanup(self.tcp.close)
        self.api = f"api: {{ listen: [127.0.0.1:{port_of(self.tcp)}] }}\n"

    def ask(self, connection, target="/healthz"):
        self.addCleanup(connection.close)
        connection.request("GET", target)
        answer = connection.getresponse()
        answer.read()
        return answer.status

    def by_tcp(self):
        return http.client.HTTPConnection("127.0.0.1", port_of(self.tcp), timeout=WITHIN_S)

    def test_who_asks_between_two_lives_waits_for_the_second(self):
        host = ServedFolder(PROGRAM, self.api, sockets=lambda folder: [
            self.tcp, on_unix(folder / "var" / "ledger.db.sock")])
        self.addCleanup(host.stop)
        self.assertEqual(self.ask(self.by_tcp()), 200)
        self.assertEqual(self.ask(self.by_tcp(), "/api/v1/engines"), 401, "TCP asks for credentials, whoever made it")
        self.assertEqual(self.ask(UnixConnection(host.socket), "/api/v1/engines"), 200)
        host.daemon.stop()
        self.assertTrue(os.path.exists(host.socket), "the manager listens there")
        waiting = [self.by_tcp(), UnixConnection(host.socket)]
        for one in waiting:
            one.request("GET", "/healthz")
        host.start()
        for one in waiting:
            self.assertEqual(one.getresponse().status, 200)
            one.close()

    def test_the_daemon_makes_what_it_is_not_passed(self):
        host = ServedFolder(PROGRAM, self.api, sockets=lambda _: [self.tcp])
        self.addCleanup(host.stop)
        self.assertEqual(self.ask(self.by_tcp()), 200)
        self.assertEqual(self.ask(UnixConnection(host.socket)), 200)
        host.daemon.stop()
        self.assertFalse(os.path.exists(host.socket), "its own socket it takes away")
        socket.create_connection(self.tcp.getsockname()).close()
        host.start()

    def refusal(self, *sockets):
        """What `serve` says that is passed these."""
        folder = pathlib.Path(tempfile.mkdtemp(prefix="autoheal-api-"))
        self.addCleanup(shutil.rmtree, folder)
        (folder / "var").mkdir()
        (folder / "autoheal.yaml").write_text(
            "version: 1\nledger: var/ledger.db\n" + self.api + "engines:\n  - name: A\n    every: 1h\n"
            "    self_test: [ { name: a, command: [/bin/true] } ]\n")
        held = held_for(sockets)
        ran = subprocess.run(served_with(PROGRAM, held), cwd=folder, capture_output=True, text=True, timeout=WITHIN_S,
                             check=False, pass_fds=held)
        for one in held:
            os.close(one)
        self.assertNotEqual(ran.returncode, 0)
        self.assertFalse((folder / "var" / "ledger.db.sock").exists())
        return ran.stderr

    def test_a_socket_that_the_configuration_does_not_name_is_refused_and_stays(self):
        with on_tcp() as other:
            said = self.refusal(self.tcp, other)
            place = f"127.0.0.1:{port_of(other)}"
            self.assertIn(f"descriptor 4 (unknown) listens at {place}, which `api.listen` does not name", said)
            self.assertIn("ListenStream= is the ledger's path with `.sock` behind it", said)
            socket.create_connection(other.getsockname()).close()
        self.assertIn("is a second socket at 127.0.0.1:", self.refusal(self.tcp, self.tcp))
        with socket.socket() as silent, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
            silent.bind(("127.0.0.1", 0))
            self.assertIn("descriptor 3 does not listen", self.refusal(silent))
            self.assertIn("descriptor 3 is no stream socket", self.refusal(datagrams))


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
