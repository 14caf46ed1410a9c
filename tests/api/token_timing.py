#!/usr/bin/env python3
"""Case 7, measured over the network: token_timing.py PROGRAM [--in-long-runs]. Wrong tokens of the right length take as
long to be refused, wherever they are wrong; by 1,000 pairs of requests each, asked one right after the other in turns.

What is judged is the median of the differences within the pairs, against its own standard error from the pairs' median
deviation: what disturbs a machine disturbs both of a pair, or is an outlier that no median sees. A difference that
there is shows in each of three measurements, noise does not. That a difference would show is measured, too: one request
of each pair waits for 30 microseconds more."""
import argparse
import os
import pathlib
import random
import socket
import statistics
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
# pylint: disable=wrong-import-position
from served_folder import ServedFolder, free_port  # noqa: E402

PAIRS, WARMING_PAIRS = 1_000, 100
TRIES = 3
OF_ONE_ADDRESS = 10  # failures a minute for which nobody waits; of the first thousand addresses
PLANTED_S = 30e-6
LEAST_S = 1e-6  # less than this tells nobody anything about a digest
STANDARD_ERRORS = 5
WITHIN_S = 20
OF_ID, OF_SECRET = 4, 21  # where they begin in ahl_<id>_<secret>


def wrong_at(token, place):
    """This token with another hex digit, or letter of base64url, there."""
    return token[:place] + ("a" if token[place] != "a" else "b") + token[place + 1:]


class Asking:
    """Refused requests of many addresses, ten of each, so that none of them has to wait."""

    def __init__(self, port):
        self.port = port
        self.addresses = (f"127.1.{one}.{other}" for one in range(1, 11) for other in range(1, 101))
        self.connection = None
        self.left = 0

    def renewed(self):
        if self.connection:
            self.connection.close()
        self.connection = socket.create_connection(("127.0.0.1", self.port), WITHIN_S, (next(self.addresses), 0))
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.left = OF_ONE_ADDRESS

    def took_s(self, token, more_s=0.0):
        request = (f"GET /api/v1/engines HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
                   f"Authorization: Bearer {token}\r\n\r\n").encode()
        began = time.perf_counter()
        while time.perf_counter() < began + more_s:
            pass
        self.connection.sendall(request)
        answer = self.connection.recv(65_536)
        took = time.perf_counter() - began
        while b"}" not in answer:
            answer += self.connection.recv(65_536)
        assert answer.startswith(b"HTTP/1.1 401 "), answer
        return took

    def difference(self, one, other, more_s=0.0, pairs=PAIRS):
        """How much longer `one` takes, and how much of that may be chance, in seconds."""
        found = []
        for _ in range(pairs):
            if self.left < 2:
                self.renewed()
            self.left -= 2
            if random.random() < 0.5:
                first, second = self.took_s(one, more_s), self.took_s(other)
            else:
                second, first = self.took_s(other), self.took_s(one, more_s)
            found.append(first - second)
        middle = statistics.median(found)
        deviation = statistics.median(abs(each - middle) for each in found)
        # 1.4826: from the median deviation to the standard one; 1.2533: from a mean's error to a median's.
        error = 1.4826 * 1.2533 * deviation / len(found) ** 0.5
        return middle, STANDARD_ERRORS * error + LEAST_S

    def differs(self, name, one, other, more_s=0.0):
        """True: in each measurement."""
        for number in range(TRIES):
            middle, chance = self.difference(one, other, more_s)
            print(f"{name}, {number + 1}: {middle * 1e6:+.2f} us, by chance up to {chance * 1e6:.2f} us", flush=True)
            if abs(middle) <= chance:
                return False
        return True


def differs(program, name, place, more_s=0.0):
    """A token that is wrong there, against one whose last letter is wrong; at a daemon of its own."""
    port = free_port()
    host = ServedFolder(program, f"api: {{ listen: [127.0.0.1:{port}] }}\n")
    try:
        host.settled()
        token = host.run("token", "create").stdout.strip()
        last = wrong_at(token, len(token) - 1)
        asking = Asking(port)
        asking.difference(last, last, pairs=WARMING_PAIRS)
        return asking.differs(name, wrong_at(token, place), last, more_s)
    finally:
        host.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", type=os.path.abspath)
    parser.add_argument("--in-long-runs", action="store_true", help="do nothing unless AUTOHEAL_LONG=1")
    options = parser.parse_args()
    if options.in_long_runs and os.environ.get("AUTOHEAL_LONG") != "1":
        print("the time that wrong tokens take is measured in long runs (AUTOHEAL_LONG=1)")
        return 77
    random.seed(7)
    faults = [name for name, place in (("the first letter wrong", OF_SECRET), ("an id that there is not", OF_ID))
              if differs(options.program, name, place)]
    if not differs(options.program, "30 us planted", OF_SECRET, PLANTED_S):
        faults.append("a planted difference is not seen")
    print("faults:", *(faults or ["none"]))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
