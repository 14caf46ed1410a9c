"""One request to the daemon over its Unix socket. The kernel tells the daemon which user asks."""
from __future__ import annotations

import contextlib
import http.client
import os
import socket
import struct
from typing import Iterator, Mapping, Optional, Tuple

from autoheal.errors import AutohealError

LARGEST_ANSWER_BYTES = 64 * 1024 * 1024
LARGEST_LINE_BYTES = 1024 * 1024
LONGEST_SOCKET_NAME = 107  # bytes, of the kernel


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout_s: Optional[float]) -> None:
        super().__init__("autoheal", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        name = self._path
        folder = -1
        if len(os.fsencode(name)) > LONGEST_SOCKET_NAME:  # through its folder's descriptor
            folder = os.open(os.path.dirname(name) or ".", os.O_PATH | os.O_DIRECTORY)
            name = f"/proc/self/fd/{folder}/{os.path.basename(name)}"
        try:
            self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.sock.settimeout(self.timeout)
            self.sock.connect(name)
            self._check_server()
        finally:
            if folder >= 0:
                os.close(folder)

    # Nothing is sent to a server of somebody who could only take the name of the socket.
    def _check_server(self) -> None:
        credentials = self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        _, user, _ = struct.unpack("3i", credentials)
        trusted = {0, os.geteuid(), os.stat(os.path.dirname(self._path) or ".").st_uid}
        if user not in trusted:
            raise AutohealError("refused", f"the server at {self._path} belongs to user {user}",
                                "expected root, this user or the owner of the socket's folder")


class Asked:
    """A request that was sent, and its answer as it comes. `timeout_s` is for each wait; None waits for ever.

    `is_open`: the end of its body was not reached. Raises AutohealError: "not_found" where no daemon listens,
    "timed_out", "unavailable" for everything else.
    """

    def __init__(self, path: str, method: str, target: str, body: Optional[bytes] = None,
                 timeout_s: Optional[float] = None, headers: Optional[Mapping[str, str]] = None) -> None:
        self._path = path
        self._timeout_s = timeout_s
        self._connection = _UnixConnection(path, timeout_s)
        sent = dict(headers or {})
        if body is not None:
            sent["Content-Type"] = "application/json"
        with self._told_as_errors():
            self._connection.request(method, target, body=body, headers=sent)
            self._socket: socket.socket = self._connection.sock
            self._answer = self._connection.getresponse()
        self.status = self._answer.status
        self.is_open = True

    def read(self) -> bytes:
        """The whole body."""
        with self._told_as_errors():
            text = self._answer.read(LARGEST_ANSWER_BYTES + 1)
        if len(text) > LARGEST_ANSWER_BYTES:
            raise AutohealError("unavailable", f"the answer is larger than {LARGEST_ANSWER_BYTES} bytes")
        return text

    def read_line(self) -> bytes:
        """The next line with its newline; empty at the end."""
        with self._told_as_errors():
            line = self._answer.readline(LARGEST_LINE_BYTES + 1)
        self.is_open = bool(line)
        if len(line) > LARGEST_LINE_BYTES:
            raise AutohealError("unavailable", f"a line of the answer is larger than {LARGEST_LINE_BYTES} bytes")
        return line

    def interrupt(self) -> None:
        """Whoever reads the answer, on another thread, is at its end now."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # it has ended already

    def close(self) -> None:
        """Gives the connection back. Not while another thread reads."""
        if hasattr(self, "_answer"):
            self._answer.close()
        self._connection.close()

    def __enter__(self) -> Asked:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextlib.contextmanager
    def _told_as_errors(self) -> Iterator[None]:
        try:
            yield
        except (FileNotFoundError, ConnectionRefusedError) as problem:
            self.close()
            raise AutohealError("not_found", f"no daemon listens at {self._path}",
                                "start it with `autoheal serve`") from problem
        except socket.timeout as problem:
            self.close()
            raise AutohealError("timed_out", f"the daemon did not answer within {self._timeout_s} s") from problem
        except (OSError, http.client.HTTPException) as problem:
            self.close()
            raise AutohealError("unavailable", f"the daemon at {self._path} did not answer: {problem}") from problem
        except AutohealError:
            self.close()
            raise


def ask(path: str, method: str, target: str, body: Optional[bytes] = None,
        timeout_s: Optional[float] = None, headers: Optional[Mapping[str, str]] = None) -> Tuple[int, bytes]:
    """Status and whole body of the answer. Raises as Asked."""
    with Asked(path, method, target, body, timeout_s, headers) as asked:
        return asked.status, asked.read()
