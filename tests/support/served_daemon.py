"""`autoheal serve` for tests in Python: started, and there as soon as it says so to its service manager."""
import os
import resource
import signal
import socket
import subprocess
import tempfile

from confined import confine

READY_WITHIN_S = 60


class ServedDaemon:
    def __init__(self, program, folder, environment=None, log=subprocess.DEVNULL, open_files=None, confined=False):
        """open_files: the soft and the hard limit of its descriptors. confined: it writes to its folder alone."""
        def prepare():
            if open_files:
                resource.setrlimit(resource.RLIMIT_NOFILE, open_files)
            if confined:
                profiles = os.path.join(os.path.dirname(program), "profiles")  # of a build that counts branches
                confine(folder, *([profiles] if os.path.isdir(profiles) else []))

        with tempfile.TemporaryDirectory() as short, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            told = os.path.join(short, "notify")
            manager.bind(told)
            manager.settimeout(READY_WITHIN_S)
            # pylint: disable=subprocess-popen-preexec-fn
            self.process = subprocess.Popen([program, "serve"], cwd=folder, stdout=log, stderr=log,
                                            preexec_fn=prepare if open_files or confined else None,
                                            env={**os.environ, **(environment or {}), "NOTIFY_SOCKET": told})
            try:
                while b"READY=1" not in manager.recv(4096):
                    pass
            except BaseException:
                self.process.kill()
                raise

    def end(self, how=signal.SIGTERM):
        """The exit code."""
        self.process.send_signal(how)
        return self.process.wait()

    def stop(self):
        code = self.end()
        assert code == 0, code
