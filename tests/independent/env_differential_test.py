#!/usr/bin/python3
"""Edits of .env files, judged by the programs that read them.

Documents are made by a grammar of what people write, edits by another; our program edits or refuses each. Then bash, dash,
python-dotenv, node --env-file, the package dotenv of npm and systemd's own code (where it is installed; else its rules) and
the rules of Docker Compose read them before and after. Where an edit was made, every reader that the file has must read what
was set as it was set, must not see what was unset, and must read all else as before. Our models of the readers are held
against them, too. AUTOHEAL_LONG=1 makes 100,000 edits; the seed is fixed, AUTOHEAL_SEED is another.

usage: env_differential_test.py ENV_EDITS"""
import collections
import functools
import json
import os
import random
import re
import subprocess
import sys

import env_readers

NAMES = ["A", "B", "PORT", "API_KEY", "Z9", "_X", "DB_URL", "MODE"]
ALL = ["shell", "systemd", "compose", "python", "npm", "node"]
DIALECTS = {"shell": {"shell"}, "systemd": {"systemd"}, "compose": {"compose"}, "dotenv": {"python", "npm", "node"}}
PLAIN = ["1", "80", "x", "abc", "a-b", "/usr/bin", "1.10", "a@b.c", "http://h:80/p", "a=b", "true"]
ODD = ["a b", "it's", 'say "hi"', "a\\b", "a\\\\b", "c:\\new", "$5", "a$REF", "${REF}", "`x`", "#x", "a #b", "a;b", "a&b",
       "(x)", "[1]", '{"a": 1}', "*", "~", "~/x", "!x", "é", "日本", "tab\there", " lead", "trail ", "a\nb", "\n", "a'b\"c",
       "a'$b", "a'b\nc", "back\\", "\\n", "\\'", "-----BEGIN\nabc\n-----END", "%d", "a|b", "<x>", "\\$x", "x\"", "'x", "a`b'c"]


class Statement:
    """`names`: what it may assign for some reader; `not_for`: readers that it shows not to be its own."""

    def __init__(self, text, names=(), not_for=(), common=False):
        self.text, self.names, self.not_for, self.common = text, set(names), set(not_for), common


@functools.lru_cache(None)
def no_shell_takes(text):
    done = subprocess.run(["bash", "-n", "-c", text], capture_output=True, check=False)
    return b"unexpected token" in done.stderr


def quoted(random_, value):
    style = random_.choice("'\"nn")
    if style == "n":
        return value
    return style + value + style


def statement(random_, name):
    value = random_.choice(PLAIN)
    odd = random_.choice(ODD)
    kind = random_.randrange(40)
    if kind < 8:
        return Statement(f"{name}={value}", [name], common=True)
    if kind < 12:
        quote = random_.choice("'\"")
        return Statement(f"{name}={quote}{random_.choice([value, 'a b', ' x '])}{quote}", [name], common=True)
    if kind == 12:
        return Statement(f"{name}=", [name], common=True)
    if kind == 13:
        return Statement(f"{name}={value} # {random_.choice(['note', 'it is', 'A=1'])}", [name], ["systemd"])
    if kind == 14:
        return Statement(f"export {name}={value}", [name], ["systemd"], common=True)
    if kind == 15:
        return Statement(f"{name} = {value}", [name], ["shell"])
    if kind == 16:
        return Statement(f"{name}: {value}", [name], ["shell", "systemd", "python", "node"])
    if kind == 17:
        return Statement(f"export {name}", [name], ["systemd", "python", "node"])
    if kind == 18:
        return Statement(f'{name}="-----BEGIN\nKEY{random_.randrange(9)}\n-----END"', [name], common=True)
    if kind == 19:
        return Statement(f"{name}='one\ntwo=2\n# three'", [name])
    if kind == 20:
        return Statement(f"{name}={value}\\\n{value}", [name])
    if kind == 21:
        other = random_.choice(NAMES)
        return Statement(f"export {name}={value} {other}={random_.choice(PLAIN)}", [name, other], ["systemd"])
    if kind == 22:
        other = random_.choice(NAMES)
        return Statement(f"{name}={value} {other}={random_.choice(PLAIN)}", [name, other])
    if kind == 23:
        return Statement(f"{name}={quoted(random_, odd)}{quoted(random_, random_.choice(PLAIN))}", [name])
    if kind < 29:
        return Statement(f"{name}={quoted(random_, odd)}", [name])
    if kind == 29:
        return Statement(random_.choice(["  ", "\t"]) + f"{name}={value}", [name])
    if kind == 30:
        return Statement(f"{name}=`{value}`", [name])
    if kind == 31:
        return Statement(f"{name}+={value}", [name])
    if kind == 32:
        return Statement(f"{name}={value}; {random_.choice(NAMES)}=2", [name])
    if kind == 33:
        return Statement(f"{name}=$(echo {random_.choice(NAMES)}=1)", [name])
    if kind == 34:
        return Statement(f"export  {name}={value}", [name], ["systemd"])
    if kind == 35:
        return Statement(f"{name}= {value}", [name], ["shell"])
    if kind == 36:
        return Statement(f"{name}='{value}' # it's", [name], ["systemd"])
    if kind == 37:
        return Statement(f'{name}="a\\nb"', [name])
    if kind == 38:
        return Statement(f"{name}.sub={value}")
    return Statement(f"{name}=''", [name], common=True)


def filler(random_):
    kind = random_.randrange(17)
    if kind < 5:
        return Statement("", common=True)
    if kind < 11:
        return Statement(random_.choice(["# note", "# it's", '# say "x', "#A=1", "# PORT=80", "#"]), common=True)
    if kind == 11:
        return Statement("  # indented")
    if kind == 12:
        return Statement("# on \\")
    if kind == 13:
        return Statement("  ")
    if kind == 14:
        return Statement(random_.choice(["set -a", "just text", "unset MODE", ". ./other", "eval x"]))
    if kind == 15:
        return Statement("; systemd", not_for=["shell"])
    separator, name = random_.choice("\u2028\u2029"), random_.choice(NAMES)  # begin a line for JavaScript alone
    return random_.choice([Statement(f"# a{separator}{name}=1", [name]), Statement(f"{name}='1'{separator}{name}=2", [name]),
                           Statement(f"{name}=1 # b{separator} {name}=3", [name], ["systemd"])])


def document(random_):
    statements = []
    for _ in range(random_.randrange(1, 7)):
        tame = random_.random() < 0.6
        made = None
        while made is None or (tame and not made.common):
            made = filler(random_) if random_.random() < 0.25 else statement(random_, random_.choice(NAMES))
        statements.append(made)
    newline = "\r\n" if random_.random() < 0.07 else "\n"
    text = "\n".join(one.text for one in statements)
    if random_.random() < 0.9:
        text += "\n"
    if newline == "\r\n":
        text = text.replace("\n", "\r\n")
    raw = text.encode()
    if random_.random() < 0.04:
        raw = b"\xef\xbb\xbf" + raw
    if random_.random() < 0.01:
        raw = raw.replace(b"a", random_.choice([b"\0", b"\xe9", b"\r"]), 1)
    return raw, statements


def edit(random_, statements):
    used = [name for one in statements for name in sorted(one.names)]
    name = random_.choice(used) if used and random_.random() < 0.8 else random_.choice(NAMES)
    dialect = random_.choice(["", "", "", "", "shell", "systemd", "compose", "dotenv"])
    if random_.random() < 0.35:
        return {"set": {}, "unset": [name], "dialect": dialect}
    value = random_.choice(PLAIN + ODD + [""])
    chosen = {name: value}
    if random_.random() < 0.15:
        chosen[random_.choice(NAMES)] = random_.choice(PLAIN)
    return {"set": chosen, "unset": [], "dialect": dialect}


def category(message):
    message = re.sub(r"line \d+, column \d+", "PLACE", message)
    message = re.sub(r"\b(%s)\b" % "|".join(NAMES), "NAME", message)
    return re.sub(r"; it can be written where .*|; if only one of them .*", "", message)


def shells(text):
    """An array is of bash alone; dash reads nothing of a file that has one."""
    return ("bash",) if re.search(rb"=\(", text) else ("bash", "dash")


class Comparison:
    def __init__(self):
        self.failures = []
        self.counts = collections.Counter()
        self.refused = collections.Counter()

    def fail(self, case, what):
        if len(self.failures) < 25:
            shown = {key: value for key, value in case["edit"].items()}
            self.failures.append(f"{what}\n  edit {shown}\n  before {case['before']!r}\n  after  {case.get('after')!r}")
        self.counts["failures"] += 1

    def scope(self, case):
        edit_ = case["edit"]
        if edit_["dialect"]:
            return DIALECTS[edit_["dialect"]]
        readers = set(ALL)
        declared = set(edit_["set"]) | set(edit_["unset"])
        mark = "\ufeff" if case["before"].startswith(b"\xef\xbb\xbf") else ""
        for index, one in enumerate(case["statements"]):
            if (no_shell_takes((mark if index == 0 else "") + one.text) or re.match(r"\w+= \S", one.text)) and not one.names & declared:
                readers.discard("shell")
            whole = one.text.startswith("export")
            if whole or not one.names & declared:
                readers -= one.not_for
        if case["before"].startswith(b"\xef\xbb\xbf") and not case["statements"][0].names & declared:
            readers.discard("node")
        if b"\r\n" in case["before"]:
            readers.discard("shell")
        return readers

    def judge(self, case, readings):
        before, after = readings[case["before"]], readings[case["after"]]
        edit_ = case["edit"]
        declared = {name.encode() for name in list(edit_["set"]) + edit_["unset"]}
        for family in self.scope(case):
            for reader in shells(case["after"]) if family == "shell" else (family,):
                self.reader_agrees(case, reader, before[reader], after[reader], declared)
        if edit_["dialect"]:
            return
        for reader, values in after.items():
            for name in edit_["unset"]:
                if values is not None and name.encode() in values:
                    self.fail(case, f"{reader} still sees {name}")

    def reader_agrees(self, case, reader, before, after, declared):
        if after is None:
            # A file that it never could read, for what is not of the edit.
            if before is not None or case["edit"]["dialect"]:
                self.fail(case, f"{reader} can no longer read the file")
            return
        for name, value in case["edit"]["set"].items():
            if after.get(name.encode()) != value.encode():
                self.fail(case, f"{reader} reads {after.get(name.encode())!r} for {name}")
        for name in case["edit"]["unset"]:
            if name.encode() in after:
                self.fail(case, f"{reader} still sees {name}")
        if isinstance(after, env_readers.Cut) and not isinstance(before, env_readers.Cut):
            self.fail(case, f"{reader} no longer understands the file")
        if before is None or isinstance(before, env_readers.Cut):
            return
        # A name that node joined to the lines before it, and no longer does, was meant to be there.
        joined = {re.sub(rb"^\s*export\s+", b"", name.rsplit(b"\n", 1)[-1]).strip(): value for name, value in before.items()} if reader == "node" else {}
        for name in map(str.encode, NAMES):
            if name in declared or before.get(name) == after.get(name):
                continue
            if name not in before and after.get(name) == joined.get(name):
                continue
            self.fail(case, f"{reader} read {before.get(name)!r} for {name.decode()}, now {after.get(name)!r}")


def readers_of():
    library = env_readers.systemd_library()
    systemd = env_readers.systemd_itself(library) if library else env_readers.systemd_by_rules
    print("systemd:", "its own code" if library else "by its rules")
    single = {"bash": env_readers.shell("bash", NAMES), "dash": env_readers.shell("dash", NAMES), "systemd": systemd,
              "compose": env_readers.compose_by_rules, "python": env_readers.python_dotenv}

    def read(texts):
        readings = {text: {} for text in texts}
        for reader, function in single.items():
            for text, values in zip(texts, function(texts)):
                readings[text][reader] = values
        for reader, values_of in zip(("npm", "node"), env_readers.both_of_node(texts)):
            for text, values in zip(texts, values_of):
                readings[text][reader] = values
        if library:  # the rules that are written down here are those
            for text, values in zip(texts, env_readers.systemd_by_rules(texts)):
                assert values == readings[text]["systemd"], (text, values, readings[text]["systemd"])
        return readings
    return read


def ask(program, questions):
    lines = "\n".join(json.dumps(one) for one in questions) + "\n"
    done = subprocess.run([program], input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


MODELS = {"a shell": ("bash", "dash"), "systemd": ("systemd",), "Docker Compose": ("compose",),
          "python-dotenv": ("python",), "dotenv of npm": ("npm",), "node --env-file": ("node",)}


def models_hold(program, readings, comparison):
    """What our models say of a text is what the reader says, where they say something."""
    texts = [text for text in readings if b"\0" not in text and is_utf8(text)]
    for text, told in zip(texts, ask(program, [{"read": text.hex()} for text in texts])):
        for model, readers in MODELS.items():
            if "problem" in told[model]:
                continue
            names = {bytes.fromhex(n): v if v is None else bytes.fromhex(v) for n, v in told[model]["names"].items()}
            for reader in readers:
                if reader == "dash" and reader not in shells(text):
                    continue
                real = readings[text][reader]
                if real is None:
                    comparison.fail({"edit": {}, "before": text}, f"{reader} refuses what the model reads")
                    continue
                for name in map(str.encode, NAMES):
                    if name in names and names[name] is None or b"unset " + name in text:
                        continue
                    if names.get(name) != real.get(name):
                        comparison.fail({"edit": {}, "before": text}, f"{reader} reads {real.get(name)!r} for "
                                        f"{name.decode()}, our model {names.get(name)!r}")


def is_utf8(text):
    try:
        text.decode()
        return True
    except UnicodeDecodeError:
        return False


def must_go(case):
    """Nothing stands in the way of this edit."""
    hard = any(c in value for value in case["edit"]["set"].values() for c in "'\"\\$\n`")
    return (not hard and all(one.common for one in case["statements"]) and not case["before"].startswith(b"\xef\xbb\xbf")
            and is_utf8(case["before"]) and b"\0" not in case["before"] and b"\r" not in case["before"]
            and case["edit"]["dialect"] in ("", "dotenv"))


def round_of(program, random_, count, comparison, read):
    cases = []
    for _ in range(count):
        before, statements = document(random_)
        cases.append({"before": before, "statements": statements, "edit": edit(random_, statements)})
    answers = ask(program, [{"text": case["before"].hex(), "unset": case["edit"]["unset"],
                             "set": [[n, v.encode().hex()] for n, v in case["edit"]["set"].items()],
                             "dialect": case["edit"]["dialect"]} for case in cases])
    texts = {case["before"] for case in cases}
    for case, answer in zip(cases, answers):
        if "edited" in answer:
            case["after"] = bytes.fromhex(answer["edited"])
            texts.add(case["after"])
            comparison.counts["unchanged" if case["after"] == case["before"] else "edited"] += 1
        else:
            comparison.counts["refused"] += 1
            comparison.refused[category(answer["refused"])] += 1
            if must_go(case):
                comparison.fail(case, "refused without need: " + answer["refused"])
    readings = read(sorted(texts))
    for case in cases:
        if "after" in case:
            comparison.judge(case, readings)
    models_hold(program, readings, comparison)


def main():
    program = sys.argv[1]
    if not os.path.isdir(os.path.join(env_readers.NODE_PACKAGES, "node_modules", "dotenv")):
        sys.exit("the packages of npm are missing: run `. tools/prepare.sh; install_node_packages tests/independent/node`")
    count = int(os.environ.get("AUTOHEAL_EDITS", 100000 if os.environ.get("AUTOHEAL_LONG") == "1" else 2000))
    random_ = random.Random(int(os.environ.get("AUTOHEAL_SEED", "13")))
    comparison, read, at_once = Comparison(), readers_of(), 2000
    for begin in range(0, count, at_once):
        round_of(program, random_, min(at_once, count - begin), comparison, read)
    counts = comparison.counts
    print(f"{count} edits: {counts['edited']} made, {counts['unchanged']} were right, {counts['refused']} refused")
    for reason, number in comparison.refused.most_common():
        print(f"  {number:6} {reason}")
    for failure in comparison.failures:
        print("FAILED:", failure)
    assert counts["edited"] > count // 4, "too few edits to say anything"
    if counts["failures"]:
        sys.exit(f"{counts['failures']} disagreements")


if __name__ == "__main__":
    main()
