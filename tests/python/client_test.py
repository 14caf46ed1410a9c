#!/usr/bin/env python3
"""The Python client against a real daemon: client_test.py PROGRAM.

Each test has a folder with a configuration of one engine; those that need one start `autoheal serve` in it.
"""
import ast
import asyncio
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
sys.dont_write_bytecode = True
# pylint: disable=wrong-import-position
import autoheal  # noqa: E402
from autoheal.places import find_socket  # noqa: E402

PROGRAM = ""
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

    def __init__(self, folder):
        with tempfile.TemporaryDirectory() as short, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            told = os.path.join(short, "notify")
            manager.bind(told)
            manager.settimeout(READY_WITHIN_S)
            self.process = subprocess.Popen([PROGRAM, "serve"], cwd=folder, stdout=subprocess.DEVNULL,
                                            stderr=subprocess.DEVNULL, env={**os.environ, "NOTIFY_SOCKET": told})
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
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="autoheal-python-"))
        self.addCleanup(shutil.rmtree, self.folder)
        for name in ("etc", "baseline"):
            (self.folder / name).mkdir()
            (self.folder / name / "app.conf").write_text("port = 8080\n")
        (self.folder / "autoheal.yaml").write_text(CONFIGURATION)

    def serve(self):
        daemon = Daemon(self.folder)
        self.addCleanup(daemon.stop)
        return autoheal.Client(str(self.folder / "var/ledger.db.sock"))

    def run_python(self, *arguments, path=(), **environment):
        paths = os.pathsep.join([*map(str, path), str(CLIENT)])
        return subprocess.run([sys.executable, "-B", *map(str, arguments)], cwd=self.folder, capture_output=True,
                              text=True, check=False, env={**os.environ, "PYTHONPATH": paths, **environment})


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
        daemon = Daemon(deep)
        self.addCleanup(daemon.stop)
        self.assertEqual(autoheal.Client(str(deep / "var/ledger.db.sock")).status()["engines"][0]["engine"], "EnvRecon")

    def test_waits_on_a_thread_for_asyncio(self):
        self.serve()

        async def both():
            client = autoheal.AsyncClient(str(self.folder / "var/ledger.db.sock"))
            return await asyncio.gather(client.version(), client.is_ready())

        self.assertEqual(asyncio.run(both()), ["0.1.0", True])


class Trigger(InAFolder):
    EXAMPLE = CLIENT / "examples/heal_engine.py"

    def test_the_example_prints_the_healing_result(self):
        self.serve()
        ran = self.run_python(self.EXAMPLE)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        result = ast.literal_eval(ran.stdout)
        self.assertEqual(result["engine"], "EnvRecon")
        self.assertEqual(result["action"], "repair_patch_applied")
        self.assertEqual(result["result"], "✅ certified")

    def test_a_package_of_the_same_name_stays_that_of_its_user(self):
        whose = "import bridge_backend; print(bridge_backend.OWNER)"
        theirs = self.folder / "theirs"
        (theirs / "bridge_backend").mkdir(parents=True)
        (theirs / "bridge_backend/__init__.py").write_text("OWNER = 'user'\n")
        for path in ((theirs,), ()):
            ran = self.run_python("-c", f"import sys; sys.path.append({str(theirs)!r}); {whose}", path=path)
            self.assertEqual(ran.stdout, "user\n", ran.stderr)

    def test_a_namespace_package_of_the_same_name_is_shared(self):
        theirs = self.folder / "theirs"
        (theirs / "bridge_backend/engines").mkdir(parents=True)
        (theirs / "bridge_backend/engines/own.py").write_text("OWNER = 'user'\n")
        ran = self.run_python("-c", "from bridge_backend.engines.own import OWNER\n"
                              "from bridge_backend.engines.selftest.autoheal_trigger import AutoHealTrigger\n"
                              "print(OWNER, AutoHealTrigger.__name__)", path=(theirs,))
        self.assertEqual(ran.stdout, "user AutoHealTrigger\n", ran.stderr)


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


class Sources(unittest.TestCase):
    def test_python_3_9_can_read_them(self):
        files = sorted(CLIENT.rglob("*.py"))
        self.assertGreater(len(files), 6)
        for file in files:
            ast.parse(file.read_text(encoding="utf-8"), str(file), feature_version=(3, 9))


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
