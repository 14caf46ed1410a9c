#!/usr/bin/env python3
"""A confined process changes nothing outside its folder, and reaches nobody."""
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import confined  # noqa: E402  pylint: disable=wrong-import-position


@unittest.skipIf(confined.version() < 6, "this kernel's Landlock cannot do all of it")
class Confined(unittest.TestCase):
    def setUp(self):
        self.outside = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.folder = self.outside / "folder"
        self.folder.mkdir()
        (self.outside / "file").write_text("as it was\n")

    def does(self, *command):
        """True: a process whose folder is `folder` succeeds with this."""
        # pylint: disable=subprocess-popen-preexec-fn
        return subprocess.run(command, cwd=self.folder, capture_output=True, check=False,
                              preexec_fn=lambda: confined.confine(self.folder)).returncode == 0

    def test_it_writes_in_its_folder_alone(self):
        self.assertTrue(self.does("sh", "-c", "cat ../file > a && mkdir b && mv a b/a && rm -r b 2> /dev/null"))
        self.assertEqual(list(self.folder.iterdir()), [])
        for command in ("echo x > ../file", "echo x >> ../file", "truncate -s 0 ../file", "rm ../file", "mkdir ../b",
                        "mv ../file .", "ln -s x ../link", "ln ../file linked && echo x > linked", "touch ../new"):
            with self.subTest(command):
                self.assertFalse(self.does("sh", "-c", command))
        self.assertEqual((self.outside / "file").read_text(), "as it was\n")
        self.assertEqual({one.name for one in self.outside.iterdir()}, {"folder", "file"})

    def test_it_connects_to_nobody_and_signals_nobody_else(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            connect = f"import socket; socket.create_connection(('127.0.0.1', {other.getsockname()[1]}))"
            self.assertTrue(subprocess.run([sys.executable, "-c", connect], check=False).returncode == 0)
            self.assertFalse(self.does(sys.executable, "-c", connect))
        self.assertFalse(self.does("sh", "-c", f"kill -{int(signal.SIGCONT)} {os.getpid()}"))
        self.assertTrue(self.does("sh", "-c", "sleep 60 & kill $!"), "what it started itself")


if __name__ == "__main__":
    unittest.main()
