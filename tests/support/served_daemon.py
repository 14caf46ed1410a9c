"""`autoheal serve` for tests in Python: started, and there as soon as it says so to its service manager."""
import fcntl
import os
import resource
import signal
import socket
import subprocess
import tempfile

from confined import confine

READY_WITHIN_S = 60


FIRST_PASSED, FIRST_HELD = 3, 100


def held_for(sockets):
    """Their descriptors once more, with numbers that none has which is passed."""
    return [fcntl.fcntl(one.fileno(), fcntl.F_DUPFD_CLOEXEC, FIRST_HELD) for one in sockets]


def served_with(program, held):
    """The command: with these descriptors at the numbers, and the variables, that sd_listen_fds(3) tells of."""
    if not held:
        return [program, "serve"]
    moved = "".join(f" {FIRST_PASSED + at}<&{one} {one}<&-" for at, one in enumerate(held))
    return ["/bin/bash", "-c", f'export LISTEN_PID=$$ LISTEN_FDS={len(held)}; exec "$0" serve{moved}', program]


class ServedDaemon:
    def __init__(self, program, folder, environment=None, log=subprocess.DEVNULL, open_files=None, confined=False,
                 sockets=()):
        """open_files: the soft and the hard limit of its descriptors. confined: it writes to its folder alone.
        sockets: listening ones, which it is passed as systemd passes them."""
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
            held = held_for(sockets)
            # pylint: disable=subprocess-popen-preexec-fn
            self.process = subprocess.Popen(served_with(program, held), cwd=folder, stdout=log, stderr=log,
                                            pass_fds=held, preexec_fn=prepare if open_files or confined else None,
                                            env={**os.environ, **(environment or {}), "NOTIFY_SOCKET": told})
            for one in held:
                os.close(one)
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
