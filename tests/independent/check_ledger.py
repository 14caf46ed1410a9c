#!/usr/bin/env python3
"""Checks the evidence of an Autoheal ledger without any code of Autoheal.

It needs Python 3 and the `openssl` command (for Ed25519), nothing else, and no network. Written from public
specifications alone: RFC 6962 (tree and proofs), RFC 8032 (Ed25519), C2SP signed-note, tlog-checkpoint,
tlog-cosignature, tlog-proof. Read it before you trust it: it is short.

What you need of the ledger, and how to get it:

  autoheal ledger key >key                   the verifier key: get it once, by a way you trust
  autoheal ledger checkpoint >checkpoint     signed size and root: keep each one, away from the host
  autoheal ledger export >ledger.jsonl       the whole history, one entry a line
  autoheal ledger prove --seq 42 >42.tlog-proof

What you can check:

  check_ledger.py history --key key --export ledger.jsonl checkpoint [older checkpoints ...]
        the history is the one that was signed: nothing changed, dropped, inserted or swapped
  check_ledger.py entry --key key --leaf entry.json 42.tlog-proof
        this entry (its export line) stands in the signed ledger; the ledger itself is not needed
  check_ledger.py inclusion --key key --checkpoint checkpoint proof.json
  check_ledger.py consistency --key key --older old-checkpoint --newer checkpoint proof.json
        the ledger of the old checkpoint is the beginning of that of the new one

Give --key several times to have the cosignatures of witnesses checked, too.
Ends with 0 if all holds, 1 if something does not verify, 2 if something cannot be read.
"""
import argparse
import base64
import binascii
import functools
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import unicodedata

LARGEST = 2**63 - 1
ED25519, COSIGNATURE = 1, 4
DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")
HEX = re.compile(r"(?:[0-9a-f]{2})*")
# DER of an Ed25519 public key before its 32 bytes (RFC 8410).
PUBLIC_KEY_HEAD = bytes.fromhex("302a300506032b6570032100")


class Malformed(Exception):
    """It cannot be read: exit 2."""


class DoesNotVerify(Exception):
    """It can be read and is not true: exit 1."""


# Text with one spelling

def decimal(text, what):
    if not DECIMAL.fullmatch(text) or int(text) > LARGEST:
        raise Malformed(f"{what} is not a number below 2^63 without leading zeros")
    return int(text)


def from_base64(text, what, size=None):
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error, ValueError):
        raise Malformed(f"{what} is not base64") from None
    if base64.b64encode(data).decode() != text or (size is not None and len(data) != size):
        raise Malformed(f"{what} is not canonical base64" + (f" of {size} bytes" if size else ""))
    return data


def from_hex(text, what, size=None):
    if type(text) is not str or not HEX.fullmatch(text) or (size is not None and len(text) != 2 * size):
        raise Malformed(f"{what} is not lower-case hex" + (f" of {size} bytes" if size else ""))
    return bytes.fromhex(text)


def plain(data, what):
    """UTF-8 without control characters other than newline, as text."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed(f"{what} is not UTF-8") from None
    if any(unicodedata.category(c) == "Cc" and c != "\n" for c in text):
        raise Malformed(f"{what} has a control character")
    return text


def key_name(text, what):
    if not text or "+" in text or any(c.isspace() for c in text):
        raise Malformed(f"{what} is empty or has a blank or +")
    return text


# Tree: RFC 6962 section 2.1

def leaf_hash(leaf):
    return hashlib.sha256(b"\0" + leaf).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


EMPTY_ROOT = hashlib.sha256(b"").digest()


def split_of(size):
    """The largest power of two smaller than size."""
    return 1 << ((size - 1).bit_length() - 1)


class Tree:
    """Grows at its right edge; keeps the roots of its full subtrees only."""

    def __init__(self):
        self.size, self.edge = 0, []

    def append(self, leaf):
        root, width = leaf_hash(leaf), 1
        while self.edge and self.edge[-1][0] == width:
            root, width = node_hash(self.edge.pop()[1], root), width * 2
        self.edge.append((width, root))
        self.size += 1

    def root(self):
        if not self.edge:
            return EMPTY_ROOT
        root = self.edge[-1][1]
        for _, left in reversed(self.edge[:-1]):
            root = node_hash(left, root)
        return root


def root_of_path(index, size, leaf, path):
    """The root to which RFC 6962's PATH(index, size) leads, or None where it has another length."""
    if size == 1:
        return leaf if not path else None
    if not path:
        return None
    split = split_of(size)
    if index < split:
        below = root_of_path(index, split, leaf, path[:-1])
        return below and node_hash(below, path[-1])
    below = root_of_path(index - split, size - split, leaf, path[:-1])
    return below and node_hash(path[-1], below)


def roots_of_subproof(old_size, size, known, proof):
    """Old and new root to which RFC 6962's SUBPROOF leads, or None; `known`: the old root, where the verifier has it."""
    if old_size == size:
        if known is not None:
            return (known, known) if not proof else None
        return (proof[0], proof[0]) if len(proof) == 1 else None
    if not proof:
        return None
    split = split_of(size)
    if old_size <= split:
        roots = roots_of_subproof(old_size, split, known, proof[:-1])
        return roots and (roots[0], node_hash(roots[1], proof[-1]))
    roots = roots_of_subproof(old_size - split, size - split, None, proof[:-1])
    return roots and (node_hash(proof[-1], roots[0]), node_hash(proof[-1], roots[1]))


def check_inclusion(index, leaf, size, root, hashes):
    if index >= size or root_of_path(index, size, leaf_hash(leaf), hashes) != root:
        raise DoesNotVerify(f"the entry is not entry {index + 1} of the {size} under this root")


def check_consistency(old_size, old_root, size, root, hashes):
    if old_size > size:
        raise DoesNotVerify(f"{old_size} entries cannot be the first of {size}")
    if old_size == 0:
        holds = not hashes and old_root == EMPTY_ROOT
    else:
        holds = roots_of_subproof(old_size, size, old_root, hashes) == (old_root, root)
    if not holds:
        raise DoesNotVerify(f"the first {old_size} of {size} entries are not those that were signed before")


# Keys and signed notes: C2SP signed-note, tlog-checkpoint, tlog-cosignature

class Key:
    """A verifier key: <name>+<8 hex>+<base64 of type and 32 bytes>."""

    def __init__(self, text):
        parts = plain(text.encode("utf-8", "surrogateescape"), "the key").split("+", 2)
        if len(parts) != 3:
            raise Malformed("the key has no three parts between + signs")
        self.name = key_name(parts[0], "the name of the key")
        data = from_base64(parts[2], "the last part of the key", 33)
        self.type, self.public_key = data[0], data[1:]
        if self.type not in (ED25519, COSIGNATURE):
            raise Malformed("the type of the key is not known here")
        self.id = hashlib.sha256(self.name.encode() + b"\n" + data).digest()[:4]
        if parts[1] != self.id.hex():
            raise Malformed("the id of the key does not belong to its name and key")


@functools.lru_cache(maxsize=None)
def openssl_verifies(public_key, message, signature):
    if len(signature) != 64:
        return False
    with tempfile.TemporaryDirectory() as folder:
        files = {"key": PUBLIC_KEY_HEAD + public_key, "message": message, "signature": signature}
        for name, data in files.items():
            with open(os.path.join(folder, name), "wb") as file:
                file.write(data)
        command = ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER", "-inkey", "key",
                   "-in", "message", "-sigfile", "signature"]
        run = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if run.returncode == 0:
        return b"Verified Successfully" in run.stdout
    if run.returncode == 1 and b"Verification Failure" in run.stdout:
        return False
    raise Malformed("openssl cannot check signatures here: " + run.stdout.decode(errors="replace").strip())


def signature_lines(lines):
    for line in lines:
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "\u2014":
            raise Malformed("a signature line of the note is not dash, key name and base64")
        data = from_base64(parts[2], "a signature of the note")
        if len(data) < 5:
            raise Malformed("a signature of the note is too short")
        yield key_name(parts[1], "the key name of a signature"), data[:4], data[4:]


def open_note(data, keys):
    """The text of a signed note and the keys that signed it."""
    if len(data) > 256 * 1024:
        raise Malformed("the note is too long")
    text, blank, below = plain(data, "the note").rpartition("\n\n")
    lines = below.split("\n")
    if not blank or not text or lines.pop() != "" or not 1 <= len(lines) <= 64:
        raise Malformed("the note is not a text, an empty line and whole signature lines")
    text = text + "\n"
    signers = []
    for name, key_id, signature in list(signature_lines(lines)):
        for key in keys:
            if (key.name, key.id) != (name, key_id):
                continue
            message = text.encode()
            if key.type == COSIGNATURE:
                seconds = int.from_bytes(signature[:8], "big")
                message, signature = f"cosignature/v1\ntime {seconds}\n{text}".encode(), signature[8:]
            if not openssl_verifies(key.public_key, message, signature):
                raise DoesNotVerify(f"the signature of {name} does not verify")
            signers.append(key)
    if not signers:
        raise DoesNotVerify("no signature is of a key that was given")
    return text, signers


def open_checkpoint(data, keys):
    """Size and root that the log signed."""
    text, signers = open_note(data, keys)
    lines = text.split("\n")
    if len(lines) != 4 or not lines[0]:
        raise Malformed("the checkpoint has not exactly three lines")
    size = decimal(lines[1], "the size in the checkpoint")
    root = from_base64(lines[2], "the root in the checkpoint", 32)
    if size == 0 and root != EMPTY_ROOT:
        raise Malformed("the root of no entries is not the empty tree's")
    if not any(key.type == ED25519 and key.name == lines[0] for key in signers):
        raise DoesNotVerify("the checkpoint is of another log than the given key")
    return size, root


# Proof files

def check_tlog_proof(data, leaf, keys):
    """Index of the leaf and size of the ledger."""
    head, blank, checkpoint = data.partition(b"\n\n")
    lines = plain(head, "the proof").split("\n")
    if not blank or lines.pop(0) != "c2sp.org/tlog-proof@v1":
        raise Malformed("the proof does not begin as a .tlog-proof or has no checkpoint")
    if lines and lines[0].startswith("extra "):
        if not from_base64(lines.pop(0)[6:], "the extra data"):
            raise Malformed("the extra data is empty")
    if not lines or not lines[0].startswith("index "):
        raise Malformed("the proof has no index")
    index = decimal(lines.pop(0)[6:], "the index")
    if len(lines) > 63:
        raise Malformed("the proof has more than 63 hashes")
    hashes = [from_base64(line, "a hash of the proof", 32) for line in lines]
    size, root = open_checkpoint(checkpoint, keys)
    check_inclusion(index, leaf, size, root, hashes)
    return index, size


def json_object(data, keys):
    def no_key_twice(pairs):
        if len({key for key, _ in pairs}) != len(pairs):
            raise Malformed("the proof has a key twice")
        return dict(pairs)
    try:
        found = json.loads(plain(data, "the proof"), object_pairs_hook=no_key_twice)
    except (json.JSONDecodeError, RecursionError):
        raise Malformed("the proof is not JSON") from None
    if type(found) is not dict or set(found) != set(keys):
        raise Malformed("the proof has not exactly the keys " + ", ".join(keys))
    hashes = found["hashes_hex"]
    if type(hashes) is not list or len(hashes) > 64:
        raise Malformed("hashes_hex is not a list of at most 64")
    found["hashes_hex"] = [from_hex(text, "a hash", 32) for text in hashes]
    for key in keys:
        if key.endswith(("size", "index")) and not (type(found[key]) is int and 0 <= found[key] <= LARGEST):
            raise Malformed(f"{key} is not a number below 2^63")
    return found


def check_inclusion_json(data, size, root):
    proof = json_object(data, ("index", "tree_size", "leaf_hex", "hashes_hex"))
    leaf = from_hex(proof["leaf_hex"], "leaf_hex")
    if proof["tree_size"] != size:
        raise DoesNotVerify(f"the proof is for {proof['tree_size']} entries, the checkpoint for {size}")
    check_inclusion(proof["index"], leaf, size, root, proof["hashes_hex"])
    return proof["index"]


def check_consistency_json(data, older, newer):
    """`older` and `newer` are the size and root of two checkpoints."""
    proof = json_object(data, ("old_size", "new_size", "old_root_hex", "new_root_hex", "hashes_hex"))
    heads = [(proof[f"{age}_size"], from_hex(proof[f"{age}_root_hex"], "a root", 32)) for age in ("old", "new")]
    if heads != [older, newer]:
        raise DoesNotVerify("the proof is between other sizes or roots than the checkpoints")
    check_consistency(*older, *newer, proof["hashes_hex"])


def leaves_of(file, in_hex):
    """The leaves of an open binary file, one a line: their bytes, or those in hex."""
    for number, line in enumerate(file, 1):
        if not line.endswith(b"\n"):
            raise Malformed(f"line {number} was cut off")
        line = line[:-1]
        yield from_hex(line.decode("latin-1"), f"line {number}") if in_hex else line


def check_history(leaves, heads):
    """That `leaves` lead to every size and root of `heads`; returns how many there are."""
    tree, open_heads = Tree(), sorted(heads)
    while True:
        while open_heads and open_heads[0][0] == tree.size:
            size, root = open_heads.pop(0)
            if tree.root() != root:
                raise DoesNotVerify(f"the first {size} entries are not those that were signed")
        leaf = next(leaves, None)
        if leaf is None:
            break
        tree.append(leaf)
    if open_heads:
        raise DoesNotVerify(f"there are {tree.size} entries, but {open_heads[-1][0]} were signed: the end is missing")
    return tree.size


# Command line

def read(path):
    with open(path, "rb") as file:
        return file.read()


def given_keys(arguments):
    """Each --key is the line itself or a file that holds it."""
    for text in arguments.key:
        if os.path.exists(text):
            text = read(text).decode("utf-8", "surrogateescape").removesuffix("\n")
        yield Key(text)


def history(arguments, keys):
    heads = [open_checkpoint(read(path), keys) for path in arguments.checkpoints]
    path = arguments.export or arguments.leaves_hex
    with open(path, "rb") as file:
        count = check_history(leaves_of(file, not arguments.export), heads)
    newest = max(size for size, _ in heads)
    print(f"the first {newest} of {count} entries are exactly those that were signed")
    if count > newest:
        print(f"the last {count - newest} are not signed yet: ask for a newer checkpoint")


def entry(arguments, keys):
    leaf = read(arguments.leaf).removesuffix(b"\n")
    index, size = check_tlog_proof(read(arguments.proof), leaf, keys)
    print(f"it is entry {index + 1} of the {size} that were signed")


def inclusion(arguments, keys):
    size, root = open_checkpoint(read(arguments.checkpoint), keys)
    print(f"it is entry {check_inclusion_json(read(arguments.proof), size, root) + 1} of the {size} that were signed")


def consistency(arguments, keys):
    older, newer = (open_checkpoint(read(path), keys) for path in (arguments.older, arguments.newer))
    check_consistency_json(read(arguments.proof), older, newer)
    print(f"the {older[0]} entries that were signed first are the beginning of the {newer[0]} of the newer checkpoint")


def parsed_command_line():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True, metavar="history|entry|inclusion|consistency")

    def command(perform, about):
        made = commands.add_parser(perform.__name__, help=about, description=about)
        made.set_defaults(perform=perform)
        made.add_argument("--key", action="append", required=True, help="verifier key, or a file that holds it")
        return made

    of_history = command(history, "is the whole history the one that was signed?")
    source = of_history.add_mutually_exclusive_group(required=True)
    source.add_argument("--export", help="what `ledger export` wrote: one entry a line")
    source.add_argument("--leaves-hex", help="the same in hex, one entry a line")
    of_history.add_argument("checkpoints", nargs="+", help="signed checkpoints, in any order")
    of_entry = command(entry, "does this entry stand in the signed ledger?")
    of_entry.add_argument("--leaf", required=True, help="file with the entry's export line")
    of_entry.add_argument("proof", help="its .tlog-proof file")
    of_inclusion = command(inclusion, "the same with a JSON proof and a checkpoint")
    of_inclusion.add_argument("--checkpoint", required=True)
    of_inclusion.add_argument("proof", help="inclusion proof in JSON")
    of_consistency = command(consistency, "is the older ledger the beginning of the newer one?")
    of_consistency.add_argument("--older", required=True, help="the checkpoint that was kept")
    of_consistency.add_argument("--newer", required=True, help="the checkpoint of today")
    of_consistency.add_argument("proof", help="consistency proof in JSON")
    return parser.parse_args()


def main():
    arguments = parsed_command_line()
    try:
        arguments.perform(arguments, list(given_keys(arguments)))
    except DoesNotVerify as why:
        print(f"DOES NOT VERIFY: {why}")
        return 1
    except (Malformed, OSError) as why:
        print(f"cannot be read: {why}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
