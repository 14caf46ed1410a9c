"""One request to the daemon over its Unix socket. The kernel tells the daemon which user asks."""
from __future__ import annotations

import http.client
import os
import socket
import struct
from typing import Optional, Tuple

from autoheal.errors import AutohealError

LARGEST_ANSWER_BYTES = 64 * 1024 * 1024
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


def ask(path: str, method: str, target: str, body: Optional[bytes] = None,
        timeout_s: Optional[float] = None) -> Tuple[int, bytes]:
    """Status and body of the answer. `timeout_s` is for each wait; None waits for as long as a heal takes.

    Raises AutohealError: "not_found" where no daemon listens, "timed_out", "unavailable" for everything else.
    """
    connection = _UnixConnection(path, timeout_s)
    try:
        headers = {} if body is None else {"Content-Type": "application/json"}
        connection.request(method, target, body=body, headers=headers)
        answer = connection.getresponse()
        text = answer.read(LARGEST_ANSWER_BYTES + 1)
        if len(text) > LARGEST_ANSWER_BYTES:
            raise AutohealError("unavailable", f"the answer is larger than {LARGEST_ANSWER_BYTES} bytes")
        return answer.status, text
    except (FileNotFoundError, ConnectionRefusedError) as problem:
        raise AutohealError("not_found", f"no daemon listens at {path}", "start it with `autoheal serve`") from problem
    except socket.timeout as problem:
        raise AutohealError("timed_out", f"the daemon did not answer within {timeout_s} s") from problem
    except (OSError, http.client.HTTPException) as problem:
        raise AutohealError("unavailable", f"the daemon at {path} did not answer: {problem}") from problem
    finally:
        connection.close()
