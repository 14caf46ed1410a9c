#!/usr/bin/env python3
"""A client of tiled logs and a witness, neither of which knows Autoheal, beside a real daemon: tlog_test.py PROGRAM

They follow a ledger that grows, is archived, killed, put back from a backup and made to fork.
"""
import concurrent.futures
import json
import os
import pathlib
import signal
import sys
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]
sys.dont_write_bytecode = True
import check_bundle  # noqa: E402
import check_ledger as ledger  # noqa: E402
import tlog_client as tlog  # noqa: E402
from ledger_test_base import LedgerTest  # noqa: E402
from served_daemon import READY_WITHIN_S  # noqa: E402


class TiledLedger(LedgerTest):
    def reload_until(self, status):
        """The new configuration counts, once the checkpoint is answered so."""
        self.daemon.process.send_signal(signal.SIGHUP)
        limit = time.monotonic() + READY_WITHIN_S
        while self.ask("GET", "/tlog/checkpoint")[0] != status:
            self.assertLess(time.monotonic(), limit)

    def follower(self):
        return tlog.Follower(self.fetch, self.key)

    # ---- a monitor

    def test_a_monitor_follows_a_growing_ledger(self):
        monitor = self.follower()
        sizes = []
        for entries in (1, 5, 250, 1, 40, 230, 3):
            self.grow(entries)
            self.assertGreaterEqual(monitor.follow(), entries)
            sizes.append(monitor.size)
        self.assertGreater(monitor.size, 2 * tlog.WIDTH)
        self.assertEqual(sizes, sorted(set(sizes)))
        # The same entries as the program exports, and the same for who comes late.
        exported = self.autoheal("ledger", "export").stdout.split(b"\n")
        self.assertEqual(monitor.leaves, exported[:monitor.size])
        late = self.follower()
        late.follow()
        self.assertEqual(late.leaves[:monitor.size], monitor.leaves)

    def test_what_is_not_there_is_not_found_and_what_is_no_path_is_refused(self):
        self.grow(3)
        size, _ = ledger.open_checkpoint(self.fetch("checkpoint"), [self.key])
        for name in ("tile/0/000", "tile/0/001.p/1", "tile/1/000.p/1", "tile/entries/000", "tile/entries/x001/000"):
            self.assertEqual(self.ask("GET", f"/tlog/{name}")[0], 404, name)
        for name in ("", "tile", "tile/0/0", "tile/00/000", "tile/0/x000/000", "tile/0/000.p/0", "tile/0/000.p/256",
                     "checkpoint?x=1", "tile/entries/000.p/01", "../v1/status"):
            self.assertEqual(self.ask("GET", f"/tlog/{name}")[0], 400, name)
        self.assertEqual(self.ask("POST", "/tlog/checkpoint", "{}")[0], 405)
        self.assertEqual(len(self.fetch(f"tile/0/000.p/{size}")), size * tlog.HASH)

    def test_who_is_told_that_it_is_signed_finds_it_so(self):
        """Also who asks while an older head is being signed."""
        def grow_and_sign(_):
            for _ in range(20):
                self.grow(1)

        with concurrent.futures.ThreadPoolExecutor(4) as askers:
            list(askers.map(grow_and_sign, range(4)))

    def test_archived_entries_are_read_out_of_their_file(self):
        self.grow(5)
        monitor = self.follower()
        monitor.follow()
        self.autoheal("ledger", "archive", "--before", "2999-01-01", "--reason", "to see what becomes of them")
        self.grow(1)
        late = self.follower()
        late.follow()
        self.assertEqual(late.leaves[:monitor.size], monitor.leaves)
        archive, = (self.folder / "var").glob("*.archive-*.tar.gz")
        archive.rename(self.folder / "elsewhere")
        with self.assertRaises(tlog.Unanswered) as gone:
            self.follower().follow()
        self.assertEqual(gone.exception.status, 404)
        self.assertEqual(len(self.fetch("tile/0/000.p/5")), 5 * tlog.HASH, "hashes stay")

    def test_only_observers_read_it_unless_it_is_public(self):
        self.grow(1)
        nobody = "principals: [ { name: autoheal, role: admiral, os_user: nobody-here } ]\n"
        self.configure(nobody)
        self.reload_until(403)
        for name in ("checkpoint", "tile/0/000.p/1", "tile/entries/000.p/1"):
            status, _, body = self.ask("GET", f"/tlog/{name}")
            self.assertEqual(status, 403)
            self.assertNotIn(b"specversion", body)
        self.configure(nobody + "tlog: public\n")
        self.reload_until(200)
        self.assertGreater(self.follower().follow(), 0)
        self.assertEqual(self.ask("GET", "/metrics")[0], 403, "nothing else is")

    # ---- witnesses

    def request(self, old):
        return self.autoheal("ledger", "witness", "request", "--old-size", old).stdout

    def cosigned(self, witness, old):
        """What the witness made of the newest checkpoint."""
        body = self.request(old)
        status, _, lines = witness.add_checkpoint(body)
        self.assertEqual(status, 200)
        return body.partition(b"\n\n")[2] + lines

    def witness(self, name="witness.example/w1", **more):
        return tlog.Witness(name, [self.key], **more)

    def accept(self, note, code=0):
        return self.autoheal("ledger", "witness", "accept", "-", given=note, code=code)

    def accept_answer(self, witness, old, code=0):
        """As an operator does it with curl."""
        request, answer = self.folder / "request", self.folder / "answer"
        request.write_bytes(self.request(old))
        status, _, body = witness.add_checkpoint(request.read_bytes())
        answer.write_bytes(body)
        self.autoheal("ledger", "witness", "accept", request, "--answer", answer, "--status", status, code=code)

    def signers(self, note, *witnesses):
        keys = [self.key, *(ledger.Key(one.key) for one in witnesses)]
        return [key.name for key in ledger.open_note(note, keys)[1]]

    def test_a_witness_cosigns_and_the_daemon_keeps_it(self):
        witness = self.witness()
        self.autoheal("ledger", "witness", "add", witness.key, "--reason", "agreed")
        self.grow(3)
        self.accept(self.cosigned(witness, 0))
        size, _ = ledger.open_checkpoint(self.fetch("checkpoint"), [self.key])
        self.assertEqual(witness.seen[self.key.name][0], size)
        self.assertEqual(self.signers(self.fetch("checkpoint"), witness), [self.key.name, witness.name])
        self.follower().follow()  # who knows nothing of it reads it as before

        # A crash right behind it, and a newer checkpoint, take nothing away.
        self.daemon.end(signal.SIGKILL)
        self.start()
        self.grow(2)
        listed, = json.loads(self.autoheal("ledger", "witness", "list", "-o", "json").stdout)
        self.assertEqual([listed[one] for one in ("witness", "saw_entries", "key")],
                         [witness.name, str(size), witness.key])
        self.assertTrue(listed["added_by"])
        # It asks from where it was.
        self.assertEqual(witness.add_checkpoint(self.request(0)), (409, "text/x.tlog.size", f"{size}\n".encode()))
        self.accept_answer(witness, 0, code=1)
        self.accept_answer(witness, size)
        self.assertIn(b"there already", self.accept(self.fetch("checkpoint")).stderr)
        self.autoheal("ledger", "verify")

    def test_cosignatures_of_others_and_false_ones_are_not_kept(self):
        witness, stranger = self.witness(), self.witness("stranger.example/w")
        late = self.witness(now=lambda: 4_102_444_800)  # in 2100
        for one in (witness, late):
            self.autoheal("ledger", "witness", "add", one.key)
        self.grow(1)
        note = self.cosigned(stranger, 0)
        self.accept(note, code=4)
        good = self.cosigned(witness, 0).split(b"\n")[-2]
        where = good.rindex(b" ") + 60
        false = good[:where] + (b"A" if good[where:where + 1] != b"A" else b"B") + good[where + 1:]
        self.accept(note + false + b"\n", code=2)
        self.accept(self.cosigned(late, 0), code=2)
        self.assertEqual(len(self.signers(self.fetch("checkpoint"), witness, stranger)), 1)
        # Of a note with both, only the known one is kept.
        self.accept(note + good + b"\n")
        self.assertEqual(self.signers(self.fetch("checkpoint"), witness, stranger)[1:], [witness.name])
        self.autoheal("ledger", "witness", "remove", witness.key)
        self.grow(1)
        again = self.cosigned(witness, witness.seen[self.key.name][0])
        self.accept(again, code=4)

    def test_evidence_carries_what_witnesses_signed(self):
        witness = self.witness(now=lambda: 1_700_000_000)
        self.autoheal("ledger", "witness", "add", witness.key)
        (self.folder / "etc/app.conf").write_text("damaged\n")
        self.autoheal("heal", "EnvRecon")
        self.grow(1)
        self.accept(self.cosigned(witness, 0))
        self.grow(1)
        heal = json.loads(self.autoheal("heals", "-o", "jsonl").stdout.splitlines()[0])["heal"]
        bundle = self.folder / "evidence.tar.gz"
        self.autoheal("show", heal, "--evidence", bundle)
        files = check_bundle.bundle_files(str(bundle))
        check_bundle.check_bundle(files, [self.key])
        self.assertEqual(self.signers(files["checkpoint"], witness), [self.key.name, witness.name])
        told = self.autoheal("ledger", "check", bundle, "--key", self.key_text(), "--key", witness.key).stdout.decode()
        self.assertIn("witness.example/w1 saw it, by its own clock at 2023-11-14T22:13:20", told)
        self.assertRegex(told, r"the newest cosignature is [0-9]+ days old")
        told = self.autoheal("ledger", "check", bundle, "--key", self.key_text()).stdout.decode()
        self.assertIn("not proved  that witness.example/w1 saw it", told)

    def key_text(self):
        return self.autoheal("ledger", "key").stdout.decode().removesuffix("\n")

    # ---- a ledger that is not what it was

    def test_a_ledger_that_was_put_back_is_refused(self):
        witness, monitor = self.witness(), self.follower()
        self.autoheal("ledger", "witness", "add", witness.key)
        self.grow(2)
        backup = self.backup()
        self.grow(5)
        monitor.follow()
        self.cosigned(witness, 0)
        seen = witness.seen[self.key.name]

        self.put_back(backup)
        with self.assertRaisesRegex(tlog.NotFollowed, "it had"):
            monitor.follow()
        self.autoheal("ledger", "witness", "request", "--old-size", seen[0], code=4)
        older = self.request(0)
        self.assertEqual(witness.add_checkpoint(older)[0], 409)
        self.assertEqual(witness.add_checkpoint(older.replace(b"old 0", f"old {seen[0]}".encode(), 1))[0], 400)

        # Its owner signs another history, which is as long at last: nobody who saw the first one takes it.
        self.autoheal("ledger", "checkpoint", "--accept-rollback", "--reason", "restored")
        self.grow(20)
        with self.assertRaisesRegex(tlog.NotFollowed, "not those that were signed before"):
            monitor.follow()
        self.assertEqual(witness.add_checkpoint(self.request(seen[0]))[0], 422)
        self.assertEqual(witness.seen[self.key.name], seen)
        self.follower().follow()  # who comes new cannot know


class TheClient(unittest.TestCase):
    """What it takes from a log that lies."""

    def log(self, size):
        leaves = [b"entry %d" % number for number in range(size)]
        full = {}

        def root(first, last):
            if last - first == 1:
                return ledger.leaf_hash(leaves[first])
            split = first + ledger.split_of(last - first)
            return ledger.node_hash(root(first, split), root(split, last))

        def fetch(name):
            level, rest = name.removeprefix("tile/").split("/", 1)
            number, _, width = rest.partition(".p/")
            number, width = int(number.replace("x", "").replace("/", "")), int(width or 256)
            each = 256 ** int(level)
            full[name] = b"".join(root(at * each, (at + 1) * each)
                                  for at in range(number * 256, number * 256 + width))
            return full[name]

        return tlog.Tiles(fetch, size, {}), root, full

    def test_it_asks_for_the_tiles_that_the_specification_names(self):
        tiles, root, asked = self.log(70_000)
        self.assertEqual(tiles.root(0, 70_000), root(0, 70_000))
        self.assertEqual(sorted(asked), ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"])
        self.assertEqual(tlog.tile_name(1234067, 256), "x001/x234/067")

    def test_its_proofs_are_those_of_the_rfc(self):
        for size in (1, 2, 7, 8, 255, 256, 257, 513):
            tiles, root, _ = self.log(size)
            whole = root(0, size)
            for old in {1, size // 2, size - 1, size} - {0}:
                ledger.check_consistency(old, root(0, old), size, whole, tiles.consistency(old, 0, size))
            for index in {0, size // 3, size - 1}:
                ledger.check_inclusion(index, b"entry %d" % index, size, whole, tiles.inclusion(index, 0, size))


if __name__ == "__main__":
    LedgerTest.program = os.path.abspath(sys.argv.pop(1))
    unittest.main()
