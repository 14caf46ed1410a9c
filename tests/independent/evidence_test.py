#!/usr/bin/env python3
"""Evidence that the program's code wrote, checked by code that shares nothing with it: evidence_test.py EVIDENCE_FILES

For ledgers of every size up to 600: signed checkpoints, inclusion and consistency proofs; what was tampered with is
refused. In long runs (AUTOHEAL_LONG=1) a program on golang.org/x/mod/sumdb reads the same files.
"""
import base64
import concurrent.futures
import hashlib
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True
import check_bundle  # noqa: E402
import check_ledger as checker  # noqa: E402

LARGEST = 600
# The published roots by size, from 0.
ROOTS = """
e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d
fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125
aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77
d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7
4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4
76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef
ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c
5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328
""".split()
files = pathlib.Path()  # set by main


def key(name="key"):
    return checker.Key((files / name).read_text().removesuffix("\n"))


def lines(name):
    return (files / name).read_bytes().splitlines(keepends=True)


def heads():
    """Size and root of every checkpoint, each signature checked by a process of its own."""
    log = [key()]
    with concurrent.futures.ThreadPoolExecutor(2 * (os.cpu_count() or 1)) as pool:
        opened = pool.map(lambda n: checker.open_checkpoint((files / "checkpoints" / str(n)).read_bytes(), log),
                          range(1, LARGEST + 1))
        return dict(enumerate(opened, 1))


class Vectors(unittest.TestCase):
    def vector(self, name):
        return (files / "vectors" / name).read_bytes()

    def test_roots(self):
        tree = checker.Tree()
        with open(files / "vectors/leaves.hex", "rb") as file:
            for size, leaf in enumerate([*checker.leaves_of(file, True), None]):
                self.assertEqual(tree.root().hex(), ROOTS[size])
                if leaf is not None:
                    tree.append(leaf)
        self.assertEqual(tree.size, 8)

    def test_checkpoints_and_cosignature(self):
        for name, size in (("checkpoint-3", 3), ("checkpoint-8", 8), ("cosigned-8", 8)):
            opened = checker.open_checkpoint(self.vector(name), [key(), key("witness-key")])
            self.assertEqual(opened, (size, bytes.fromhex(ROOTS[size])))
        _, signers = checker.open_note(self.vector("cosigned-8"), [key(), key("witness-key")])
        self.assertEqual([signer.name for signer in signers], ["ledger.example/test", "witness.example/w1"])

    def test_the_published_note(self):
        text, _ = checker.open_note(self.vector("foreign-note"), [key("vectors/foreign-key")])
        self.assertEqual(text, "This is an example message.\n")

    def test_proofs(self):
        leaf = bytes.fromhex("40414243")
        self.assertEqual(checker.check_tlog_proof(self.vector("5.tlog-proof"), leaf, [key()]), (5, 8))
        for index, size in ((5, 8), (6, 7), (2, 7)):
            checker.check_inclusion_json(self.vector(f"inclusion-{index}-of-{size}.json"), size,
                                         bytes.fromhex(ROOTS[size]))
        for size in (3, 4, 6):
            checker.check_consistency_json(self.vector(f"consistency-{size}-to-8.json"),
                                           (size, bytes.fromhex(ROOTS[size])), (8, bytes.fromhex(ROOTS[8])))


class EverySize(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.heads = heads()

    def test_history_leads_to_every_signed_root(self):
        for name, in_hex in (("history.jsonl", False), ("leaves.hex", True)):
            with open(files / name, "rb") as file:
                count = checker.check_history(checker.leaves_of(file, in_hex), self.heads.values())
            self.assertEqual(count, LARGEST)

    def test_tlog_proofs(self):
        leaves = [line[:-1] for line in lines("history.jsonl")]
        for size in range(1, LARGEST + 1):
            proof = (files / "proofs" / f"{size}.tlog-proof").read_bytes()
            self.assertEqual(checker.check_tlog_proof(proof, leaves[size // 2], [key()]), (size // 2, size))

    def test_inclusion_and_its_tampering(self):
        sizes = set()
        for number, line in enumerate(lines("inclusion.jsonl")):
            size = checker.json_object(line, ("index", "tree_size", "leaf_hex", "hashes_hex"))["tree_size"]
            checker.check_inclusion_json(line, *self.heads[size])
            sizes.add(size)
            if number % 5 == 0:
                self.refuse_inclusion(line)
        self.assertEqual(sizes, set(range(1, LARGEST + 1)))

    def refuse_inclusion(self, line):
        proof = checker.json_object(line, ("index", "tree_size", "leaf_hex", "hashes_hex"))
        leaf, (size, root) = bytes.fromhex(proof["leaf_hex"]), self.heads[proof["tree_size"]]
        for hashes in tampered(proof["hashes_hex"], root):
            with self.assertRaises(checker.DoesNotVerify):
                checker.check_inclusion(proof["index"], leaf, size, root, hashes)
        for index in {proof["index"] ^ 1, proof["index"] + 1, size, size + proof["index"]}:
            with self.assertRaises(checker.DoesNotVerify):
                checker.check_inclusion(index, leaf, size, root, proof["hashes_hex"])
        with self.assertRaises(checker.DoesNotVerify):
            checker.check_inclusion(proof["index"], leaf + b"x", size, root, proof["hashes_hex"])
        other = self.heads[size % LARGEST + 1]
        with self.assertRaises(checker.DoesNotVerify):
            checker.check_inclusion_json(line, *other)

    def test_consistency_and_its_tampering(self):
        names = ("old_size", "new_size", "old_root_hex", "new_root_hex", "hashes_hex")
        pairs = set()
        for number, line in enumerate(lines("consistency.jsonl")):
            proof = checker.json_object(line, names)
            older, newer = self.heads[proof["old_size"]], self.heads[proof["new_size"]]
            checker.check_consistency_json(line, older, newer)
            pairs.add((older[0], newer[0]))
            if number % 5 == 0:
                for hashes in tampered(proof["hashes_hex"], older[1]):
                    with self.assertRaises(checker.DoesNotVerify):
                        checker.check_consistency(*older, *newer, hashes)
                with self.assertRaises(checker.DoesNotVerify):
                    checker.check_consistency_json(line, self.heads[older[0] % LARGEST + 1], newer)
        self.assertTrue({(a, b) for b in range(1, 81) for a in range(1, b + 1)} <= pairs)
        self.assertTrue({(size, LARGEST) for size in range(1, LARGEST + 1)} <= pairs)


def tampered(hashes, more):
    """A hash too many, at both ends, too few, two swapped, a bit of each flipped."""
    yield [more, *hashes]
    yield [*hashes, more]
    for at, changed in enumerate(hashes):
        yield hashes[:at] + hashes[at + 1:]
        yield hashes[:at] + [bytes([changed[0] ^ 1]) + changed[1:]] + hashes[at + 1:]
        if at > 0:
            yield hashes[:at - 1] + [changed, hashes[at - 1]] + hashes[at + 1:]


class Hostile(unittest.TestCase):
    def hostile(self, name):
        return (files / "hostile" / name).read_bytes()

    def test_case101_another_key_or_origin(self):
        for name in ("other-key", "other-origin"):
            with self.assertRaises(checker.DoesNotVerify, msg=name):
                checker.open_checkpoint(self.hostile(name), [key()])

    def test_case101_larger_than_the_log_or_of_another_root(self):
        for name in ("too-large", "other-root"):
            head = checker.open_checkpoint(self.hostile(name), [key()])
            leaves = iter([line[:-1] for line in lines("history.jsonl")])
            with self.assertRaises(checker.DoesNotVerify, msg=name):
                checker.check_history(leaves, [head])

    def test_case101_a_bit_of_the_checkpoint(self):
        good = (files / "vectors/checkpoint-8").read_bytes()
        for at in range(len(good)):
            changed = good[:at] + bytes([good[at] ^ 1 << at % 8]) + good[at + 1:]
            # One signature check costs a process: of those that can be read only a part is tried.
            if at % 4 == 0 or at > len(good) - 6:
                with self.assertRaises((checker.DoesNotVerify, checker.Malformed), msg=str(at)):
                    checker.open_checkpoint(changed, [key()])

    def test_case99_a_history_that_was_touched(self):
        good = [line[:-1] for line in lines("history.jsonl")]
        head = checker.open_checkpoint((files / "checkpoints" / str(LARGEST)).read_bytes(), [key()])
        self.assertEqual(checker.check_history(iter(good), [head]), LARGEST)
        for at in range(100, LARGEST - 1, 83):
            for touched in (good[:at] + [good[at] + b" "] + good[at + 1:],             # changed
                            good[:at] + good[at + 1:],                                 # dropped
                            good[:at] + [good[at]] + good[at:],                        # repeated
                            good[:at] + [good[at + 1], good[at]] + good[at + 2:],      # swapped
                            good[:at]):                                                # cut off
                with self.assertRaises(checker.DoesNotVerify):
                    checker.check_history(iter(touched), [head])

    def test_other_spellings(self):
        good = (files / "vectors/checkpoint-8").read_bytes()
        spelled = [self.hostile(name) for name in ("leading-zero", "extension-line", "root-in-another-spelling")]
        for wrong in (good[:-1], good + b"\n", good + b"x", good.replace(b"\n", b"\r\n"), good.replace(b"Pg4=", b"Pg5="),
                      good.replace(b"\n\n", b"\n"), good.replace(b"test 8", b"test  8"), b"", b"\n\n", *spelled):
            with self.assertRaises(checker.Malformed, msg=repr(wrong)):
                checker.open_checkpoint(wrong, [key()])
        text = (files / "key").read_text().strip()
        for wrong in (text.upper(), text.replace("f05ad304", "f05ad305"), text.replace("AT8D", "Aj8D"), text + "\n", ""):
            with self.assertRaises(checker.Malformed, msg=wrong):
                checker.Key(wrong)
        proof = (files / "vectors/inclusion-5-of-8.json").read_bytes()
        for wrong in (proof.replace(b":5", b":5.0"), proof.replace(b":5", b":-5"), proof.replace(b":5", b":true"),
                      proof.replace(b"bc1a", b"BC1A"), proof.replace(b"{", b'{"index":5,'), proof + b"{}", proof[:-1],
                      proof.replace(b"{", b'{"more":5,')):
            with self.assertRaises(checker.Malformed, msg=wrong):
                checker.check_inclusion_json(wrong, 8, bytes.fromhex(ROOTS[8]))


class Bundles(unittest.TestCase):
    """Bundles made here, entry by entry; those that the program packs are checked by cli/evidence_test.cpp."""

    ORIGIN, SEED = "autoheal/some-ledger", hashlib.sha256(b"a key for bundles").digest()

    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "seed").write_bytes(bytes.fromhex("302e020100300506032b657004220420") + cls.SEED)
            private = ["-inkey", "seed", "-keyform", "DER"]
            public = subprocess.run(["openssl", "pkey", "-in", "seed", "-inform", "DER", "-pubout", "-outform", "DER"],
                                    cwd=folder, check=True, stdout=subprocess.PIPE).stdout[-32:]
            kind = b"\x01" + public
            key_id = hashlib.sha256(cls.ORIGIN.encode() + b"\n" + kind).digest()[:4]
            cls.key = f"{cls.ORIGIN}+{key_id.hex()}+{base64.b64encode(kind).decode()}"
            content = b"what a test printed\n"
            name = "sha256:" + hashlib.sha256(content).hexdigest()
            leaves = [cls.leaf(1, "ledger", 1, "node.started"), cls.leaf(2, "heal", 1, "heal.triggered"),
                      cls.leaf(3, "heal", 2, "heal.repair_started", name), cls.leaf(4, "ledger", 2, "node.heartbeat"),
                      cls.leaf(5, "heal", 3, "heal.exhausted")]
            a, b, c, d, e = [checker.leaf_hash(leaf) for leaf in leaves]
            ab, cd = checker.node_hash(a, b), checker.node_hash(c, d)
            root = checker.node_hash(checker.node_hash(ab, cd), e)
            body = f"{cls.ORIGIN}\n5\n{base64.b64encode(root).decode()}\n".encode()
            (folder / "body").write_bytes(body)
            signature = subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", *private, "-in", "body"], cwd=folder,
                                       check=True, stdout=subprocess.PIPE).stdout
        checkpoint = body + f"\n\u2014 {cls.ORIGIN} {base64.b64encode(key_id + signature).decode()}\n".encode()
        cls.files = {"README.txt": b"", "entries.jsonl": b"\n".join([leaves[1], leaves[2], leaves[4], b""]),
                     "checkpoint": checkpoint, "key": cls.key.encode() + b"\n",
                     "blobs/" + name.replace(":", "-"): content}
        for number, hashes in ((2, [a, cd, e]), (3, [d, ab, e]), (5, [checker.node_hash(ab, cd)])):
            lines = [base64.b64encode(one) for one in hashes]
            cls.files[f"proofs/{number}.tlog-proof"] = b"\n".join(
                [b"c2sp.org/tlog-proof@v1", f"index {number - 1}".encode(), *lines, b"", checkpoint])

    @classmethod
    def leaf(cls, number, stream, version, kind, output=""):
        return json.dumps({"specversion": "1.0", "id": str(number), "source": "/" + cls.ORIGIN, "type": kind,
                           "stream": stream, "version": version, "data": {"output": output}}).encode()

    def check(self, **changed):
        files = {**self.files, **{name: content for name, content in changed.get("files", {}).items()}}
        for name in changed.get("without", ()):
            del files[name]
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "heal.tar")
            with tarfile.open(path, "w") as archive:
                for name, content in files.items():
                    member = tarfile.TarInfo(name)
                    member.size = len(content)
                    archive.addfile(member, io.BytesIO(content))
            return check_bundle.check_bundle(check_bundle.bundle_files(path), [checker.Key(changed.get("key", self.key))])

    def test_a_whole_heal(self):
        self.assertEqual(self.check(), ("heal", 3, 5))

    def test_case99_and_107_what_was_touched(self):
        entries = self.files["entries.jsonl"].splitlines(keepends=True)
        blob = next(name for name in self.files if name.startswith("blobs/"))
        for files in ({"entries.jsonl": b"".join(entries[:2])}, {"entries.jsonl": b"".join(entries[1:])},
                      {"entries.jsonl": entries[0] + entries[2]}, {"entries.jsonl": b"".join(reversed(entries))},
                      {"entries.jsonl": self.files["entries.jsonl"].replace(b"exhausted", b"completed")},
                      {blob: b"another"}, {"blobs/sha256-" + hashlib.sha256(b"x").hexdigest(): b"x"},
                      {"proofs/2.tlog-proof": self.files["proofs/3.tlog-proof"]}):
            with self.assertRaises(checker.DoesNotVerify, msg=str(files)):
                self.check(files=files)
        with self.assertRaises(checker.DoesNotVerify):
            self.check(without=["proofs/5.tlog-proof"])
        with self.assertRaises(checker.DoesNotVerify):
            self.check(key=files_key())

    def test_files_that_no_bundle_has(self):
        for name in ("../outside", "/etc/passwd", "more", "blobs/x", "proofs/2.tlog-proof/x"):
            with self.assertRaises(checker.Malformed, msg=name):
                self.check(files={name: b""})


def files_key():
    """The key of another ledger, as text."""
    return (files / "key").read_text().removesuffix("\n")


class CommandLine(unittest.TestCase):
    """As an auditor calls it."""

    def ends(self, status, *arguments):
        run = subprocess.run([sys.executable, HERE / "check_ledger.py", *arguments], cwd=files, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        self.assertEqual(run.returncode, status, run.stdout)
        return run.stdout

    def test_history(self):
        good = ("history", "--key", "key", "--export", "history.jsonl")
        said = self.ends(0, *good, "checkpoints/590", "checkpoints/17")
        self.assertIn("the first 590 of 600 entries are exactly those that were signed", said)
        self.assertIn("the last 10 are not signed yet", said)
        self.ends(0, "history", "--key", (files / "key").read_text().strip(), "--leaves-hex", "leaves.hex",
                  "checkpoints/600")
        self.assertIn("DOES NOT VERIFY", self.ends(1, *good, "hostile/too-large"))
        self.ends(1, *good, "checkpoints/17", "hostile/other-key")
        self.ends(2, *good, "key")
        self.ends(2, *good, "no-such-file")
        self.ends(2, *good)

    def test_proofs(self):
        entry = ("entry", "--key", "key", "--leaf")
        self.ends(0, *entry, "vectors/leaf-5", "vectors/5.tlog-proof")
        self.ends(1, *entry, "key", "vectors/5.tlog-proof")
        self.ends(2, *entry, "vectors/leaf-5", "vectors/leaf-5")
        inclusion = ("inclusion", "--key", "key", "--checkpoint")
        self.ends(0, *inclusion, "vectors/checkpoint-8", "vectors/inclusion-5-of-8.json")
        self.ends(1, *inclusion, "vectors/checkpoint-3", "vectors/inclusion-5-of-8.json")
        consistency = ("consistency", "--key", "key", "--older", "vectors/checkpoint-3", "--newer")
        self.ends(0, *consistency, "vectors/cosigned-8", "--key", "witness-key", "vectors/consistency-3-to-8.json")
        self.ends(1, *consistency, "vectors/checkpoint-8", "vectors/consistency-4-to-8.json")


class Sumdb(unittest.TestCase):
    """The Go packages that the checksum database of Go stands on read the same files."""

    @unittest.skipUnless(os.environ.get("AUTOHEAL_LONG") == "1", "the checker in Go runs in long runs only")
    def test_every_size(self):
        go = shutil.which("go")
        self.assertIsNotNone(go, "go is missing: tools/test --long installs what tools/packages-long.txt lists")
        with tempfile.TemporaryDirectory() as build:
            surroundings = {**os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": "",
                            "GOPROXY": "off", "GOCACHE": build, "HOME": build}
            run = subprocess.run([go, "run", str(HERE / "sumdb/main.go"), str(files)], env=surroundings, text=True,
                                 cwd=build, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        self.assertEqual(run.returncode, 0, run.stdout)
        print(run.stdout, end="", file=sys.stderr)


def main():
    global files
    generator = sys.argv.pop(1)
    with tempfile.TemporaryDirectory() as folder:
        files = pathlib.Path(folder)
        subprocess.run([generator, folder], check=True)
        ended = unittest.main(exit=False, verbosity=2).result
    sys.exit(0 if ended.wasSuccessful() else 1)


if __name__ == "__main__":
    main()
