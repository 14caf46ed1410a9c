"""Follows any tiled log and witnesses it, without any code of Autoheal.

Written from public specifications alone: RFC 6962 (tree and proofs), C2SP tlog-tiles, tlog-checkpoint, tlog-cosignature
and tlog-witness. Notes, keys and proofs are those of check_ledger.py beside it; Ed25519 is the `openssl` command's.
"""
import hashlib
import http.client
import os
import re
import socket
import subprocess
import tempfile
import time

import check_ledger as ledger

WIDTH = 256  # hashes in a full tile
HASH = 32


class NotFollowed(Exception):
    """The log is not what it was: it shrank, or what it signed before is no longer its beginning."""


class Unanswered(Exception):
    def __init__(self, status, path):
        super().__init__(f"status {status} for {path}")
        self.status = status


class Socket(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def ask(path, method, target, body=None):
    """Status, content type and body."""
    connection = Socket(path)
    try:
        headers = {} if body is None else {"Content-Type": "application/json"}
        connection.request(method, target, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.getheader("Content-Type"), answer.read()
    finally:
        connection.close()


def tile_name(number, width):
    groups = re.findall("...", f"{number:0{(len(str(number)) + 2) // 3 * 3}}")
    name = "/".join(["x" + group for group in groups[:-1]] + groups[-1:])
    return name if width == WIDTH else f"{name}.p/{width}"


class Tiles:
    """Every hash of a tree of `size` leaves, fetched as tiles; full ones are kept in `known`."""

    def __init__(self, fetch, size, known):
        self.fetch, self.size, self.known, self.partial = fetch, size, known, {}

    def tile(self, level, number):
        if (level, number) in self.known:
            return self.known[level, number]
        if (level, number) in self.partial:
            return self.partial[level, number]
        width = min(WIDTH, (self.size >> 8 * level) - number * WIDTH)
        tile = self.fetch(f"tile/{level}/{tile_name(number, width)}")
        if len(tile) != width * HASH:
            raise ledger.Malformed(f"tile {number} of level {level} has {len(tile)} bytes")
        (self.known if width == WIDTH else self.partial)[level, number] = tile
        return tile

    def subtree(self, height, index):
        """The root of the leaves [index * 2^height, (index + 1) * 2^height)."""
        level, count = height // 8, 1 << height % 8
        hashes = []
        for at in range(index * count, (index + 1) * count):
            tile, slot = self.tile(level, at // WIDTH), at % WIDTH * HASH
            hashes.append(tile[slot:slot + HASH])
        while len(hashes) > 1:
            hashes = [ledger.node_hash(*hashes[at:at + 2]) for at in range(0, len(hashes), 2)]
        return hashes[0]

    def root(self, first, last):
        """MTH(D[first:last]) of RFC 6962, where first is a multiple of a power of two that is not below its length."""
        if first == last:
            return ledger.EMPTY_ROOT
        length = last - first
        if length & (length - 1) == 0:
            return self.subtree(length.bit_length() - 1, first // length)
        split = first + ledger.split_of(length)
        return ledger.node_hash(self.root(first, split), self.root(split, last))

    def inclusion(self, index, first, last):
        """PATH of RFC 6962 for one leaf."""
        if last - first == 1:
            return []
        split = first + ledger.split_of(last - first)
        if index < split:
            return self.inclusion(index, first, split) + [self.root(split, last)]
        return self.inclusion(index, split, last) + [self.root(first, split)]

    def consistency(self, old, first, last, whole=True):
        """SUBPROOF of RFC 6962 from the first `old` leaves."""
        if old == last:
            return [] if whole else [self.root(first, last)]
        split = first + ledger.split_of(last - first)
        if old <= split:
            return self.consistency(old, first, split, whole) + [self.root(split, last)]
        return self.consistency(old, split, last, False) + [self.root(first, split)]


class Follower:
    """A monitor: reads all of a log, and believes nothing that its key did not sign and its tiles do not show."""

    def __init__(self, fetch, key):
        self.fetch, self.key, self.full_tiles = fetch, key, {}
        self.size, self.root, self.leaves, self.checkpoint = 0, ledger.EMPTY_ROOT, [], b""

    def follow(self):
        """Fetches the newest checkpoint and all entries that are new in it; says how many."""
        checkpoint = self.fetch("checkpoint")
        size, root = ledger.open_checkpoint(checkpoint, [self.key])
        if size < self.size:
            raise NotFollowed(f"it had {self.size} entries and has {size}")
        tiles = Tiles(self.fetch, size, dict(self.full_tiles))
        if tiles.root(0, size) != root:
            raise NotFollowed("its tiles are not of the tree that it signed")
        if self.size:
            try:
                proof = tiles.consistency(self.size, 0, size)
                ledger.check_consistency(self.size, self.root, size, root, proof)
            except ledger.DoesNotVerify as why:
                raise NotFollowed(str(why)) from why
        fresh = list(self.entries(self.size, size))
        for index, leaf in enumerate(fresh, self.size):
            if ledger.leaf_hash(leaf) != tiles.subtree(0, index):
                raise NotFollowed(f"entry {index + 1} is not the one that its tile has")
        for index in {self.size, (self.size + size) // 2, size - 1} if fresh else ():
            ledger.check_inclusion(index, fresh[index - self.size], size, root, tiles.inclusion(index, 0, size))
        self.leaves += fresh
        self.size, self.root, self.checkpoint, self.full_tiles = size, root, checkpoint, tiles.known
        return len(fresh)

    def entries(self, first, last):
        for number in range(first // WIDTH, -(-last // WIDTH)):
            start = number * WIDTH
            width = min(WIDTH, last - start)
            bundle = self.fetch(f"tile/entries/{tile_name(number, width)}")
            for index in range(start, start + width):
                length = int.from_bytes(bundle[:2], "big")
                if len(bundle) < 2 + length:
                    raise ledger.Malformed(f"bundle {number} was cut off")
                if index >= first:
                    yield bundle[2:2 + length]
                bundle = bundle[2 + length:]
            if bundle:
                raise ledger.Malformed(f"bundle {number} holds more than its width")


class Witness:
    """Cosigns what leads on from what it saw before, and nothing else."""

    def __init__(self, name, logs, now=time.time):
        self.logs = {key.name: key for key in logs}
        self.seen, self.now = {}, now
        with tempfile.TemporaryDirectory() as folder:
            pem, der = os.path.join(folder, "pem"), os.path.join(folder, "der")
            self.openssl("genpkey", "-algorithm", "ed25519", "-out", pem)
            self.openssl("pkey", "-in", pem, "-pubout", "-outform", "DER", "-out", der)
            with open(pem, encoding="ascii") as file:
                self.pem = file.read()
            with open(der, "rb") as file:
                public = bytes([ledger.COSIGNATURE]) + file.read()[-32:]
        self.name = name
        self.id = hashlib.sha256(name.encode() + b"\n" + public).digest()[:4]
        self.key = f"{name}+{self.id.hex()}+{ledger.base64.b64encode(public).decode()}"

    @staticmethod
    def openssl(*arguments):
        return subprocess.run(["openssl", *arguments], check=True, capture_output=True).stdout

    def sign(self, message):
        with tempfile.TemporaryDirectory() as folder:
            for name, content in (("key", self.pem.encode()), ("message", message)):
                with open(os.path.join(folder, name), "wb") as file:
                    file.write(content)
            return self.openssl("pkeyutl", "-sign", "-rawin", "-inkey", os.path.join(folder, "key"),
                                "-in", os.path.join(folder, "message"))

    def line(self, text):
        """The cosignature of a checkpoint's text, as a line of its note."""
        seconds = int(self.now())
        signature = self.sign(f"cosignature/v1\ntime {seconds}\n".encode() + text)
        line = ledger.base64.b64encode(self.id + seconds.to_bytes(8, "big") + signature).decode()
        return f"\u2014 {self.name} {line}\n".encode()

    def add_checkpoint(self, body):
        """The answer to POST /add-checkpoint: status, content type, body."""
        try:
            head, blank, checkpoint = body.partition(b"\n\n")
            lines = head.decode("ascii").split("\n")
            if not blank or not lines[0].startswith("old ") or len(lines) > 64:
                return 400, None, b""
            old = ledger.decimal(lines[0][4:], "the old size")
            proof = [ledger.from_base64(line, "a hash", HASH) for line in lines[1:]]
            origin = checkpoint.split(b"\n", 1)[0].decode()
        except (ledger.Malformed, UnicodeDecodeError):
            return 400, None, b""
        if origin not in self.logs:
            return 404, None, b""
        try:
            size, root = ledger.open_checkpoint(checkpoint, [self.logs[origin]])
        except ledger.DoesNotVerify:
            return 403, None, b""
        except ledger.Malformed:
            return 400, None, b""
        return self.consider(origin, old, proof, size, root, checkpoint)

    def consider(self, origin, old, proof, size, root, checkpoint):
        if old > size:
            return 400, None, b""
        seen_size, seen_root = self.seen.get(origin, (0, ledger.EMPTY_ROOT))
        if old != seen_size:
            return 409, "text/x.tlog.size", f"{seen_size}\n".encode()
        try:
            ledger.check_consistency(old, seen_root, size, root, proof)
        except ledger.DoesNotVerify:
            return 422, None, b""
        self.seen[origin] = size, root
        return 200, None, self.line(checkpoint.rpartition(b"\n\n")[0] + b"\n")
