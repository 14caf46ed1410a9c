#!/usr/bin/env python3
"""Checks an evidence bundle of Autoheal without any code of Autoheal: check_bundle.py --key KEY heal.tar.gz

A bundle is what `autoheal show HEAL --evidence FILE` packs: one heal with its proofs. Checked is that it is one heal from
beginning to end, that the ledger of the key signed each entry, and that each content is what its digest says. KEY is
the line of `autoheal ledger key`, got by a way you trust, or a file that holds it. Instead of the archive, a folder
into which it was unpacked will do. Needs Python 3 and `openssl`; the rest is in check_ledger.py beside it.

Ends with 0 if all holds, 1 if something does not verify, 2 if something cannot be read.
"""
import argparse
import hashlib
import json
import os
import re
import sys
import tarfile
import zlib

sys.dont_write_bytecode = True
import check_ledger as ledger

BUNDLE_BYTES, BUNDLE_FILES = 256 * 1024 * 1024, 250_000
BUNDLE_NAME = re.compile(r"README\.txt|entries\.jsonl|checkpoint|key|key-changes\.jsonl|key-changes/[0-9]+\.note|"
                         r"proofs/[0-9]+\.tlog-proof|blobs/(?:hmac-)?sha256-[0-9a-f]{64}")
BLOB = re.compile(rb"(?:hmac-)?sha256:[0-9a-f]{64}")


def bundle_files(path):
    """Name and content of every file of a bundle, packed or in a folder."""
    files, left = {}, BUNDLE_BYTES
    if os.path.isdir(path):
        for folder, _, names in os.walk(path):
            for name in names:
                full = os.path.join(folder, name)
                if os.path.islink(full) or not os.path.isfile(full):
                    raise ledger.Malformed(f"{full} is no plain file")
                files[os.path.relpath(full, path)] = ledger.read(full)
    else:
        try:
            with tarfile.open(path) as archive:
                for member in archive:
                    left -= member.size
                    if not member.isreg() or member.name in files or left < 0 or len(files) == BUNDLE_FILES:
                        raise ledger.Malformed(f"{member.name!r} is no plain file, is there twice, or is too much")
                    files[member.name] = archive.extractfile(member).read()
        except (tarfile.TarError, EOFError, zlib.error) as why:
            raise ledger.Malformed(f"it is no archive: {why}") from None
    strange = [name for name in files if not BUNDLE_NAME.fullmatch(name)]
    missing = [name for name in ("entries.jsonl", "checkpoint", "key") if name not in files]
    if strange or missing:
        raise ledger.Malformed(f"a bundle of evidence has no {strange[0]!r}" if strange else f"there is no {missing[0]}")
    return files


def trusted_keys(files, keys):
    """Those given, and those that they hand the ledger over to, note by note."""
    trusted = list(keys)
    notes = [name for name in files if name.startswith("key-changes/")]
    for name in sorted(notes, key=lambda name: int(re.search("[0-9]+", name).group())):
        try:
            text, signers = ledger.open_note(files[name], trusted)
        except ledger.DoesNotVerify:
            continue  # by a key from before those that were given
        lines = text.split("\n")
        if len(lines) != 5 or lines[0] != "autoheal key rotation":
            raise ledger.Malformed(f"{name} does not hand over a key")
        old, new = ledger.Key(lines[2]), ledger.Key(lines[3])
        if new.name == old.name == lines[1] and any(one.id == old.id and one.public_key == old.public_key
                                                    for one in signers):
            trusted.append(new)
    return trusted


def bundle_entries(files, list_name, keys):
    """Number and JSON of each entry, once its proof has led to the bundle's checkpoint."""
    lines = files.get(list_name, b"").split(b"\n")
    if lines.pop() != b"":
        raise ledger.Malformed(f"{list_name} was cut off")
    for line in lines:
        try:
            entry = json.loads(line)
            number = ledger.decimal(entry["id"], "the number of an entry")
        except (ValueError, KeyError, TypeError, RecursionError):
            raise ledger.Malformed(f"a line of {list_name} is no entry") from None
        proof = files.get(f"proofs/{number}.tlog-proof")
        if proof is None:
            raise ledger.DoesNotVerify(f"entry {number} has no proof")
        if not proof.endswith(b"\n\n" + files["checkpoint"]):
            raise ledger.DoesNotVerify(f"the proof of entry {number} is against another checkpoint")
        index, _ = ledger.check_tlog_proof(proof, line, keys)
        if index + 1 != number:
            raise ledger.DoesNotVerify(f"entry {number} stands at place {index + 1}")
        yield number, entry


def check_bundle(files, given):
    """Id of the heal, count of its entries and size of the signed ledger."""
    keys = trusted_keys(files, given)
    size, _ = ledger.open_checkpoint(files["checkpoint"], keys)
    origin = files["checkpoint"].split(b"\n", 1)[0].decode()
    entries = list(bundle_entries(files, "entries.jsonl", keys))
    changes = list(bundle_entries(files, "key-changes.jsonl", keys))
    for number, entry in entries + changes:
        if entry["source"] != f"/{origin}":
            raise ledger.DoesNotVerify(f"entry {number} is of another ledger than the checkpoint")
    for number, entry in changes:
        if entry["data"].get("note", "").encode() != files.get(f"key-changes/{number}.note"):
            raise ledger.DoesNotVerify(f"key-changes/{number}.note is not what entry {number} holds")
    streams = {entry["stream"] for _, entry in entries}
    if len(streams) != 1 or entries[0][1]["type"] != "heal.triggered":
        raise ledger.DoesNotVerify("the entries are not one heal from its beginning")
    for version, (number, entry) in enumerate(entries, 1):
        if entry["version"] != version:
            raise ledger.DoesNotVerify(f"entry {number} is number {entry['version']} of its heal, not {version}")
    if not {"heal.completed", "heal.exhausted"} & {entry["type"] for _, entry in entries}:
        raise ledger.DoesNotVerify("the end of the heal is missing")
    check_blobs(files)
    return streams.pop(), len(entries), size


def check_blobs(files):
    blobs = {name[6:]: content for name, content in files.items() if name.startswith("blobs/")}
    contents = {f"sha256:{name[7:]}".encode(): text for name, text in blobs.items() if name.startswith("sha256-")}
    named = set(BLOB.findall(files["entries.jsonl"]))
    unread = list(named)
    while unread:  # data of an entry may be a blob itself, and the tree of a folder names what lay in it
        found = set(BLOB.findall(contents.get(unread.pop(), b""))) - named
        named |= found
        unread += found
    for name, content in blobs.items():
        kind, _, digest = name.rpartition("-")
        if f"{kind}:{digest}".encode() not in named:
            raise ledger.DoesNotVerify(f"no entry names blobs/{name}")
        if kind == "sha256" and hashlib.sha256(content).hexdigest() != digest:
            raise ledger.DoesNotVerify(f"blobs/{name} is not what its name says")

def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--key", action="append", required=True, help="verifier key, or a file that holds it")
    parser.add_argument("bundle", help="the archive, or the folder into which it was unpacked")
    arguments = parser.parse_args()
    try:
        keys = list(ledger.given_keys(arguments))
        heal, count, size = check_bundle(bundle_files(arguments.bundle), keys)
    except ledger.DoesNotVerify as why:
        print(f"DOES NOT VERIFY: {why}")
        return 1
    except (ledger.Malformed, OSError) as why:
        print(f"cannot be read: {why}", file=sys.stderr)
        return 2
    print(f"heal {heal}: all its {count} entries, from beginning to end, are among the {size} that were signed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
