#!/usr/bin/env python3
"""Editors and copying programs write a watched file beside `autoheal serve`, each with a good and with a bad result.

Nothing that anybody wrote may be lost: every content lies in the file, beside it (.autoheal, what an editor keeps), or
in the vault. A good result leads to no heal, a bad one to one that puts the good content back. Judged by this script
alone: it compares bytes and counts what the log says was certified; it shares no code with the program.

usage: writers_trial.py PROGRAM [--rounds N] [--loaded] [--only WRITER] [--seed N]
"""
import argparse
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import waiting

GOOD = "PORT=80\nNAME=x\nSECRET={}\n"
BAD = "PORT=81\nNAME=x\nSECRET={}\n"


def runs(*argv, **more):
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   timeout=60, **more)


def vim(file, new, *more):
    runs("vim", "-u", "NONE", "-N", "-es", *more, "-c", "%d", "-c", f"call setline(1, readfile('{new}'))", "-c", "wq", file)


def vim_in_place(file, new):
    vim(file, new, "-c", "set backupcopy=yes")


def emacs(file, new):
    runs("emacs", "-Q", "--batch", file, "--eval",
         f'(progn (erase-buffer) (insert-file-contents "{new}") (save-buffer))')


def copy(file, new):
    runs("cp", new, file)


def copy_removing(file, new):
    runs("cp", "--remove-destination", new, file)


def install(file, new):
    runs("install", "-m", "644", new, file)


def sed(file, new):
    port = new.read_text().splitlines()[0].split("=")[1]
    secret = new.read_text().splitlines()[2]
    runs("sed", "-i", "-e", f"s/^PORT=.*/PORT={port}/", "-e", f"s/^SECRET=.*/{secret}/", file)


def rsync(file, new):
    runs("rsync", "--ignore-times", new, file)


def rsync_in_place(file, new):
    runs("rsync", "--ignore-times", "--inplace", new, file)


def scp(file, new):
    # The protocol's own receiver, as a remote scp starts it.
    content = new.read_bytes()
    told = b"C0644 %d %s\n" % (len(content), file.name.encode()) + content + b"\0"
    subprocess.run(["scp", "-t", file], input=told, check=True, stdout=subprocess.DEVNULL, timeout=60)


def redirect(file, new):
    runs("sh", "-c", f'cat "{new}" > "{file}"')


def slow_pipe(file, new):
    runs("sh", "-c", f'(sleep 0.3; cat "{new}") > "{file}"')


def in_pieces(file, new):
    runs("sh", "-c", f'(while IFS= read -r line; do printf "%s\\n" "$line"; sleep 0.2; done < "{new}") > "{file}"')


def emptied_first(file, new):
    runs("sh", "-c", f': > "{file}"; sleep 0.3; cat "{new}" > "{file}"')


def renamed(file, new):
    runs("sh", "-c", f'cat "{new}" > "{file}.new" && mv "{file}.new" "{file}"')


def moved_away(file, new):
    runs("sh", "-c", f'mv "{file}" "{file}.old"; sleep 0.2; cat "{new}" > "{file}"')


WRITERS = {"vim": vim, "vim in place": vim_in_place, "emacs": emacs, "cp": copy, "cp --remove": copy_removing,
           "install": install, "sed -i": sed, "rsync": rsync, "rsync --inplace": rsync_in_place, "scp": scp,
           "program > file": redirect, "slow pipe": slow_pipe, "in pieces": in_pieces, "emptied first": emptied_first,
           "rename": renamed, "moved away": moved_away}
NEEDS = {"vim": "vim", "vim in place": "vim", "emacs": "emacs", "rsync": "rsync", "rsync --inplace": "rsync",
         "scp": "scp"}


class Trial:
    def __init__(self, program, loaded):
        self.program = os.path.realpath(program)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="writers"))
        self.file = self.folder / "app" / ".env"
        self.file.parent.mkdir()
        self.number = 0
        self.told = ""  # by the newest test
        self.file.write_text(self.content(GOOD))
        (self.folder / "autoheal.yaml").write_text(
            "version: 1\n"
            "healing: { max_heals_per_hour: 10000, cooldown: 0s }\n"
            "engines:\n"
            "  - name: E\n"
            "    root: app\n"
            "    self_test: [ { name: e, env: { file: .env, require: [NAME], equals: { PORT: 80 } } } ]\n"
            "    repair: { env: [ { file: .env, set: { PORT: \"80\", NAME: x } } ] }\n")
        self.log = open(self.folder / "log", "w")
        self.daemon = subprocess.Popen([self.program, "serve"], cwd=self.folder, stderr=self.log, stdout=self.log)
        self.load = [subprocess.Popen(["sh", "-c", "while :; do :; done"]) for _ in range(2 * (os.cpu_count() or 1))] \
            if loaded else []
        self.until(lambda: "passed" in (self.folder / "log").read_text(), "the daemon tests it")

    def end(self):
        for one in self.load:
            one.kill()
            one.wait()
        self.daemon.send_signal(signal.SIGTERM)
        ended = self.daemon.wait(60)
        self.log.close()
        return ended

    def content(self, form):
        self.number += 1
        return form.format(f"secret-{self.number}-{os.urandom(4).hex()}")

    def until(self, holds, what, limit=60):
        deadline = time.monotonic() + limit
        with waiting.Changes(self.folder, self.file.parent) as changes, waiting.end_of(self.daemon.pid) as end:
            while not holds():
                # Also without a change: the daemon is asked, too, and what it answers may depend on the time alone.
                changes.wait(min(1, deadline - time.monotonic()), end)
                if time.monotonic() > deadline or self.daemon.poll() is not None:
                    raise SystemExit(f"in vain: {what}\n{self.told}" + (self.folder / "log").read_text())

    def heals(self):
        """How many ended, however."""
        told = (self.folder / "log").read_text()
        return told.count(" certified") + told.count("healing failed") + told.count("is not healed")

    def is_at_rest(self):
        """A test since the edit passes and no heal is open: one that was not needed began with an earlier test."""
        if not self.none_is_open():
            return False
        tested = self.ask("selftest", "--no-heal", "--engine", "E")
        self.told = f"{tested.stdout}{tested.stderr}"
        return tested.returncode == 0 and self.none_is_open()  # what ended before the test is in the log by now

    def none_is_open(self):
        newest = json.loads(self.ask("heals", "--limit", "1", "--output", "json").stdout)
        return all(heal["state"] in ("Complete", "Exhausted") for heal in newest)

    def ask(self, *words):
        return subprocess.run([self.program, *words], cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=60)

    def is_somewhere(self, text):
        """In the file, beside it, or in the vault: the very bytes."""
        places = [self.file.parent] + [path for path in self.folder.rglob("*.vault") if path.is_dir()]
        return any(path.read_bytes() == text.encode()
                   for place in places for path in place.rglob("*") if path.is_file())

    def round(self, write, good):
        """Bytes lost and heals that were not needed, of one edit."""
        before = self.heals()
        text = self.content(GOOD if good else BAD)
        new = self.folder / "new"
        new.write_text(text)
        write(self.file, new)
        if not good:
            self.until(lambda: self.heals() > before and "PORT=80" in self.file.read_text(), "a bad one is healed")
        self.until(self.is_at_rest, "no heal is open")
        self.until(lambda: self.file.exists() and "PORT=80" in self.file.read_text(), "it is good")
        lost = 0 if self.is_somewhere(text) else len(text)
        if good and self.file.read_text() != text and not lost:
            print("  what was written is not in place, but kept beside")
        return lost, self.heals() - before - (0 if good else 1)


def main():
    parse = argparse.ArgumentParser()
    parse.add_argument("program")
    long = os.environ.get("AUTOHEAL_LONG") == "1"
    parse.add_argument("--rounds", type=int, default=50 if long else 2)
    parse.add_argument("--loaded", action="store_true", default=long)
    parse.add_argument("--only")
    parse.add_argument("--seed", type=int, default=0)
    options = parse.parse_args()
    chance = random.Random(options.seed)
    lost = needless = edits = 0
    trial = Trial(options.program, options.loaded)
    try:
        for name, write in WRITERS.items():
            if options.only and name != options.only:
                continue
            if name in NEEDS and shutil.which(NEEDS[name]) is None:
                print(f"{name:18} skipped: {NEEDS[name]} is not installed")
                continue
            kinds = [True, False] * options.rounds
            chance.shuffle(kinds)
            results = [trial.round(write, good) for good in kinds]
            its_lost, its_needless = sum(one for one, _ in results), sum(one for _, one in results)
            print(f"{name:18} {len(kinds):4} edits, {its_lost} bytes lost, {its_needless} needless heals", flush=True)
            edits, lost, needless = edits + len(kinds), lost + its_lost, needless + its_needless
    finally:
        ended = trial.end()
    print(f"{'all':18} {edits:4} edits, {lost} bytes lost, {needless} needless heals"
          f"{', on a loaded machine' if options.loaded else ''}")
    if lost or needless or ended != 0 or edits == 0:
        print((trial.folder / "log").read_text()[-20000:])
        print(f"kept: {trial.folder}")
        return 1
    shutil.rmtree(trial.folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
