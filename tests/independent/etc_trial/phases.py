"""One phase: damage, heal, compare with the reference, put right again."""
import collections
import os
import random

import damages
import reference
import running

# What libraries open in every program, or cron every minute: whoever opens a FIFO in its place waits for ever.
READ_BY_ALL = {b"passwd", b"group", b"nsswitch.conf", b"shadow", b"gshadow", b"ld.so.cache", b"localtime", b"hosts",
               b"host.conf", b"resolv.conf", b"services", b"protocols", b"rpc", b"networks", b"gai.conf",
               b"locale.alias", b"crontab"}


def read_by_all(path):
    return path in READ_BY_ALL or path.startswith(b"cron.d/")


class Findings:
    """What went wrong, counted by kind, each with its first examples."""

    def __init__(self, log):
        self.log = log
        self.counts = collections.Counter()
        self.kinds = collections.defaultdict(lambda: [0, []])

    def add(self, sort, kind, example):
        self.counts[sort] += 1
        entry = self.kinds[sort, kind]
        if not entry[0]:
            self.log(f"{sort}: {kind}: {example}")
        entry[0] += 1
        if len(entry[1]) < 3 and example not in entry[1]:
            entry[1].append(example)


def shown(path):
    return path.decode(errors="backslashreplace")


def told(thing):
    """A thing in a few words."""
    if thing is None:
        return "nothing"
    attributes = "".join(f" {name}={value.hex()}" for name, value in thing.acl + thing.xattrs)
    flags = f" flags {thing.flags:#x}" if thing.flags else ""
    return f"{thing.kind} {thing.mode:04o} {thing.uid}:{thing.gid} {len(thing.content)} B inode {thing.inode}" + \
        attributes + flags


class Trial:
    def __init__(self, root, healer, engines, services, started, replaces, log):
        """`replaces`: it was told to replace what is of another kind, so that a mix may hold some."""
        self.root, self.etc, self.healer, self.engines, self.log = root, os.path.join(root, "etc"), healer, engines, log
        self.services, self.started, self.replaces = services, started, replaces
        self.wanted = reference.things_below(self.etc)
        self.findings, self.figures = Findings(log), collections.Counter()
        self.reasons = collections.Counter()

    def damage(self, chosen):
        """Does each damage; name of the damage by path, for those that could be done."""
        done = {}
        for number, (path, function) in enumerate(sorted(chosen.items())):
            full, thing = os.path.join(os.fsencode(self.etc), path), self.wanted[path]
            flags = thing.flags if thing.kind == "file" else 0
            if flags:
                reference.set_flags(full, 0)
            if function(full, thing, number):
                done[path] = function.__name__
            if flags and reference.thing_at(full) and reference.thing_at(full).kind == "file":
                reference.set_flags(full, flags)
        return done

    def all_with(self, name):
        """Every declared file and link damaged in one way; a link in the way of links, if there is one of that name."""
        chosen = {}
        for path in self.declared():
            table = damages.OF_FILES if self.wanted[path].kind == "file" else damages.OF_LINKS
            if name in table and not (name == "fifo_instead" and read_by_all(path)):
                chosen[path] = table[name]
        return chosen

    def mix(self, seed, share=0.5):
        """A random half of all, each in a way of its own."""
        chance = random.Random(seed)
        tables = {kind: sorted((name, function) for name, function in table.items()
                               if self.replaces or name not in damages.OF_KIND)
                  for kind, table in (("file", damages.OF_FILES), ("link", damages.OF_LINKS))}
        chosen = {path: chance.choice(tables[self.wanted[path].kind])[1] for path in self.declared()
                  if chance.random() < share}
        return {path: function for path, function in chosen.items()
                if not (function is damages.fifo_instead and read_by_all(path))}

    def declared(self):
        return [path for paths in self.engines.values() for path in paths]

    def phase(self, name, chosen, daemon=False):
        if not chosen:
            return
        before, serial = dict(self.findings.counts), self.healer.last_entry()
        done = self.damage(chosen)
        hurt = reference.things_below(self.etc)
        if daemon and not self.healer.quiet(serial, 300):
            self.findings.add("healer", "the daemon was not quiet after 300 s", name)
        words = self.healer.self_test(*(["--no-heal"] if daemon else []))
        found = reference.things_below(self.etc)
        kinds, heals = collections.Counter(), self.healer.heals_after(serial)
        if daemon:
            words = self.words_of_daemon(words, heals)
        for engine, paths in self.engines.items():
            word, heal, _ = words.get(engine, ("not told", None, ""))
            if any(path in done for path in paths):
                kinds[word] += 1
                self.judge(name, engine, word, paths, done, hurt, found, daemon)
                if word not in ("certified", "passed"):
                    why = self.healer.why(heals.get(heal, []))
                    self.reasons[why] += 1
                    self.log(f"{name}{' (daemon)' if daemon else ''}: {engine}: {word}: {why}")
        self.look_beside(name, found, hurt)
        self.look_at_services(name)
        self.restore(found, daemon)
        new = {sort: count - before.get(sort, 0) for sort, count in self.findings.counts.items()
               if count > before.get(sort, 0)}
        told_of = ", ".join(f"{count} {word}" for word, count in [*sorted(kinds.items()), *sorted(new.items())])
        print(f"{name}{' (daemon)' if daemon else ''}: {len(done)} damaged in {sum(kinds.values())} engines: {told_of}",
              flush=True)

    def words_of_daemon(self, words, heals):
        """What the daemon's heals of this phase came to: an engine that passes and was healed was certified."""
        certified, newest = set(), {}
        for heal, entries in heals.items():
            newest[entries[0].get("engine")] = heal
            if any(entry["type"] == "heal.certified" for entry in entries):
                certified.add(entries[0].get("engine"))
        return {engine: ("certified" if word == "passed" and engine in certified else word, newest.get(engine), error)
                for engine, (word, _, error) in words.items()}

    def judge(self, name, engine, word, paths, done, hurt, found, daemon):
        for path in paths:
            damage, wanted, was, now = done.get(path, "none"), self.wanted[path], hurt.get(path), found.get(path)
            example = f"{engine}: {shown(path)}: wanted {told(wanted)}; damaged {told(was)}; found {told(now)}"
            self.figures["damaged"] += path in done
            if word in ("certified", "passed"):
                sort = "certified wrong" if word == "certified" else "not noticed"
                wrong = reference.differences(wanted, now)
                beyond = reference.beyond_declaring(wanted, was, now, wrong)
                if beyond:
                    self.findings.add("beyond declaring", f"{damage}: {', '.join(beyond)}", example)
                wrong = [one for one in wrong if one not in beyond]
                if wrong:
                    self.findings.add(sort, f"{damage}: {', '.join(wrong)}", example)
                elif path in done:
                    self.figures["healed"] += 1
                kept = damage == "none" or damage in damages.OF_INODE
                if kept and now and was and now.inode != was.inode:
                    self.findings.add(sort, f"{damage}: another inode though the content was right", example)
            else:
                self.figures["refused"] += path in done
                if not daemon and (reference.differences(was, now) or (now and now.inode != was.inode)):
                    wrong = ", ".join(reference.differences(was, now)) or "another inode"
                    self.findings.add("not put back", f"{damage}: {wrong}", example)

    def look_beside(self, name, found, hurt):
        """What no engine declares must be as it was; folders, too; names of one file stay together."""
        declared = set(self.declared())
        for path in sorted((self.wanted.keys() | found.keys()) - declared):
            if any(path.startswith(other + b"/") for other in declared):
                continue
            wrong = reference.differences(self.wanted.get(path), found.get(path))
            if wrong:
                self.findings.add("touched though not declared", f"{', '.join(wrong)}", f"{name}: {shown(path)}: "
                                  f"{told(self.wanted.get(path))} -> {told(found.get(path))}")
        for names in reference.linked_names(hurt) - reference.linked_names(found):
            self.findings.add("names of one file parted", name, ", ".join(map(shown, sorted(names))))

    def look_at_services(self, name):
        for service, identity in list(self.started.items()):
            if not running.still_there(identity):
                self.findings.add("service ended", service, name)
                del self.started[service]
        if self.healer.daemon and self.healer.daemon.poll() is not None:
            raise SystemExit(f"the daemon ended with {self.healer.daemon.returncode} in phase {name}")

    def restore(self, found, daemon):
        """By our own hands, so that every phase begins with the same, the names of one file, too."""
        serial = self.healer.last_entry() if daemon else 0
        for path in sorted(found.keys() - self.wanted.keys(), reverse=True):
            reference.put_back(self.etc, path, None)
        for path in sorted(self.wanted):
            if reference.differences(self.wanted[path], found.get(path)):
                reference.put_back(self.etc, path, self.wanted[path])
        for names in reference.linked_names(self.wanted):
            first, *others = sorted(os.path.join(os.fsencode(self.etc), path) for path in names)
            for other in others:
                if os.stat(first).st_ino != os.stat(other).st_ino:
                    os.unlink(other)
                    os.link(first, other)
        if daemon:
            self.healer.quiet(serial, 120)
        now = reference.things_below(self.etc)
        wrong = [path for path in self.wanted.keys() | now.keys()
                 if reference.differences(self.wanted.get(path), now.get(path))]
        if wrong:
            raise SystemExit(f"the trial itself could not put back {shown(wrong[0])}: {told(now.get(wrong[0]))}, "
                             f"wanted {told(self.wanted.get(wrong[0]))}")
