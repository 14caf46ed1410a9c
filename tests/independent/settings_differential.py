#!/usr/bin/python3
"""Edits of made-up JSON and YAML documents, held against readers that share no code with ours: after an edit each of them
must see the wanted value at its pointer, and everything else as before. What our judge lets pass among spoilt edits is
held against them, too. Deterministic; 2,000 documents in each run, 100,000 with AUTOHEAL_LONG=1.

    settings_differential.py PROGRAM [--documents N] [--from N] [--tell]
"""
import argparse
import collections
import copy
import json
import multiprocessing
import os
import random
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.setrecursionlimit(10000)
import settings_documents as made  # noqa: E402
import settings_readers as readers  # noqa: E402

BATCH = 500


def escaped(token):
    return token.replace("~", "~0").replace("/", "~1")


def tokens_of(pointer):
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]


# ---- places in what a reader gave

def names_in(node):
    if isinstance(node, dict):
        return [str(key[1]) if key[0] != "NoneType" else "null" for key in node if key[0] in ("str", "number", "bool", "NoneType")]
    if isinstance(node, tuple) and node[0] == "map":
        return [key for key, _ in node[1]]
    return [str(index) for index in range(len(node))] if isinstance(node, list) else []


def key_of(node, token):
    """The key of a dict that YAML text `token` stands for."""
    if ("str", token) in node:
        return ("str", token)
    if re.fullmatch(r"[0-9]+|0x[0-9a-fA-F]+", token):
        number = int(token, 16 if token.startswith("0x") else 10)
        if ("number", number) in node:
            return ("number", number)
        if ("str", str(number)) in node:  # names are texts in JavaScript, whatever was written
            return ("str", str(number))
    words = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
    if token.lower() in words and ("bool", words[token.lower()]) in node:
        return ("bool", words[token.lower()])
    if token in ("null", "~", "") and ("NoneType", None) in node:
        return ("NoneType", None)
    return ("str", token)


MISSING = object()


def child(node, token):
    if isinstance(node, dict):
        return node.get(key_of(node, token), MISSING)
    if isinstance(node, tuple) and node[0] == "map":
        return next((value for key, value in reversed(node[1]) if key == token), MISSING)
    if isinstance(node, list) and token.isdecimal() and int(token) < len(node):
        return node[int(token)]
    return MISSING


def at(node, tokens):
    for token in tokens:
        node = child(node, token)
        if node is MISSING:
            return MISSING
    return node


def with_value(node, tokens, value):
    """A copy of `node` with the value at `tokens`; None where there is no place for it."""
    if not tokens:
        return value
    token, rest = tokens[0], tokens[1:]
    if node in (None, ("NoneType", None), ("str", ""), ("str", "~"), ("str", "null"), ("str", "Null")) and not rest:
        node = {} if node is not None else ("map", [])
    below = child(node, token)
    if below is MISSING and rest:
        return None
    inner = with_value(below if rest else None, rest, value) if rest else value
    if inner is None and rest:
        return None
    if isinstance(node, dict):
        return {**node, key_of(node, token): inner}
    if isinstance(node, list):
        return node[:int(token)] + [inner] + node[int(token) + 1:] if below is not MISSING else None
    if isinstance(node, tuple) and node[0] == "map":
        pairs = list(node[1])
        last = next((index for index in range(len(pairs) - 1, -1, -1) if pairs[index][0] == token), None)
        if last is None:
            return ("map", pairs + [(token, inner)])
        pairs[last] = (token, inner)
        return ("map", pairs)
    return None


def document_meant(documents, tokens):
    written = [index for index, one in enumerate(documents) if one not in (("NoneType", None), ("str", ""))]
    if len(written) == 1:
        return written[0]
    having = [index for index in written if isinstance(at(documents[index], tokens[:-1]), (dict, list))]
    return having[0] if len(having) == 1 else None


def sees_place(documents, tokens, first):
    """js-yaml takes an empty item (`-`) at the end of a list for the beginning of another: not what we are asked about."""
    which = document_meant(documents, tokens) if len(documents) > 1 else 0
    if which is None or not documents or at(documents[which], tokens[:-1]) is MISSING:
        return False
    if not first or len(first) != len(documents):
        return True
    for length in range(len(tokens)):
        here, there = at(documents[which], tokens[:length]), at(first[which], tokens[:length])
        if isinstance(here, list) and isinstance(there, list) and len(here) != len(there):
            return False
    return at(first[which], tokens) is MISSING or at(documents[which], tokens) is not MISSING


def pointers_in(node, so_far="", depth=0):
    found = []
    if depth > 8:
        return found
    for name in names_in(node):
        pointer = so_far + "/" + escaped(name)
        found.append(pointer)
        found.extend(pointers_in(child(node, name), pointer, depth + 1))
    return found


# ---- what an edit must come to

def is_wanted(reader, seen, scalar):
    if seen is MISSING or seen is None and scalar != "null":
        return False
    wanted = json.loads(scalar)
    if reader == "jq" or reader == "python json":
        if isinstance(wanted, (int, float)) and not isinstance(wanted, bool):
            return seen == ("number", scalar) if reader == "python json" else \
                isinstance(seen, (int, float)) and (float(seen) == float(scalar) or abs(float(scalar)) > 1e308)
        return type(seen) is type(wanted) and seen == wanted
    if reader == "characters":
        if isinstance(wanted, str):
            return seen == ("str", wanted)
        if wanted is None:
            return seen in [("str", text) for text in ("", "~", "null", "Null", "NULL")]
        return isinstance(seen, tuple) and seen[1].lower() == scalar.lower()
    if isinstance(wanted, (int, float)) and not isinstance(wanted, bool):
        return isinstance(seen, tuple) and seen[0] == "number" and not isinstance(seen[1], str) and float(seen[1]) == float(scalar)
    return seen == (type(wanted).__name__, wanted)


def disagreement(reader, before, after, edits):
    """Why `after` is not what the edits of `before` should have made, as this reader sees both; None where it is."""
    if len(before) != len(after):
        return "%d documents became %d" % (len(before), len(after))
    expected = list(before)
    for pointer, scalar in edits:
        tokens = tokens_of(pointer)
        which = document_meant(before, tokens) if len(before) > 1 else 0
        if which is None:
            return "no document is meant by " + pointer
        seen = at(after[which], tokens)
        if not is_wanted(reader, seen, scalar):
            return "%s is %r, not %s" % (pointer, "missing" if seen is MISSING else seen, scalar)
        changed = with_value(expected[which], tokens, seen)
        if changed is None:
            return "%s had no place" % pointer
        expected[which] = changed
    return None if expected == after else "another value changed"


# ---- one batch

def make(index):
    r = random.Random("settings %d" % index)
    kind = "json" if index % 2 == 0 else "yaml"
    text = (made.Json(r) if kind == "json" else made.Yaml(r)).text()
    documents = readers.python_json(text) if kind == "json" else readers.pyyaml_texts(text)
    known = sorted(set(pointer for one in documents or [] for pointer in pointers_in(one)))
    cases = []
    for _ in range(2):
        pointer = r.choice(known) if known and r.random() < 0.75 else ""
        if not pointer or r.random() < 0.15:
            name = "/" + escaped(r.choice(made.WORDS + made.ODD_NAMES))
            pointer = (r.choice(known) if known and r.random() < 0.5 else "") + name
        cases.append({"index": index, "format": kind, "text": text, "set": [[pointer, made.wanted(r)]]})
    return cases


def ask(program, questions):
    lines = "".join(json.dumps({key: value for key, value in one.items() if key != "index"}) + "\n" for one in questions)
    run = subprocess.run([program], input=lines, capture_output=True, text=True, timeout=300)
    answers = [json.loads(line) for line in run.stdout.split("\n")[:-1]]
    if run.returncode != 0 or len(answers) != len(questions):
        raise RuntimeError("FAILED: the program ended with %d at %r\n%s" % (run.returncode, questions[len(answers)], run.stderr[-1000:]))
    return answers


def cause(message):
    message = re.sub(r"no element .*", "no element N", message)
    message = re.sub(r"^(/\S*( \S+)*?): ", "", message)
    message = re.sub(r"line \d+, column \d+", "LINE", message)
    message = re.sub(r'"[^"]*"|[&*!]\S+|/\S*', "X", message)
    return re.sub(r"\d+(\.\d+)?(e\S+)?", "N", message)[:110]


def read_all(texts, kind, deep):
    """By each reader, for each text."""
    if kind == "json":
        return {"python json": [readers.python_json(text) for text in texts], "jq": readers.jq(texts)}
    read = {"PyYAML": [readers.pyyaml(text) for text in texts],
            "characters": [None if "*" in text else readers.pyyaml_texts(text) for text in texts],
            "js-yaml": readers.js_yaml(texts)}
    if readers.ruamel:
        read["ruamel"] = [readers.ruamel_yaml(text) if deep or index % 4 == 0 else None for index, text in enumerate(texts)]
    return read


def mutated(r, text):
    place = r.randrange(len(text) + 1)
    put = r.choice(list("01ax.-:#'\"\n ,&") + ["", "", "  ", "0", "1", "_", "e"])
    return text[:place] + put + text[place + r.choice([0, 1, 1]):]


def retries(cases, answers):
    """The refusals that say what to declare beside it, done so."""
    more = []
    for case, answer in zip(cases, answers):
        told = re.match(r"declare (/.*) with the same value beside it", answer.get("hint", ""))
        if told and len(case["set"]) < 5:
            more.append({**case, "set": case["set"] + [[told.group(1), case["set"][0][1]]]})
    return more


def batch(arguments):
    program, first, count, deep = arguments
    tally, failures = collections.Counter(), []
    cases = [case for index in range(first, first + count) for case in make(index)]
    answers = ask(program, cases)
    for _ in range(4):
        more = retries(cases, answers)
        if not more:
            break
        known = {json.dumps(case, sort_keys=True) for case in cases}
        more = [case for case in more if json.dumps(case, sort_keys=True) not in known]
        cases, answers = cases + more, answers + (ask(program, more) if more else [])
    for kind in ("json", "yaml"):
        edited = []
        for case, answer in zip(cases, answers):
            if case["format"] != kind:
                continue
            if "refused" in answer:
                tally[kind, "refused", cause(answer["refused"])] += 1
            elif answer["reasons"]:
                tally[kind, "refused by the judge", cause(answer["reasons"][0])] += 1
                if os.environ.get("TELL_JUDGE"):
                    print("judge:", case, answer, file=sys.stderr)
            else:
                edited.append((case, answer["text"]))
                tally[kind, "edited" if answer["text"] != case["text"] else "right already", ""] += 1
                if not answer["stays"]:
                    failures.append(("a second edit changes it", case, answer["text"], ""))
        compare(kind, edited, deep, tally, failures)
        spoil(program, kind, edited, deep, tally, failures)
    return tally, failures


def compare(kind, edited, deep, tally, failures):
    before = read_all([case["text"] for case, _ in edited], kind, deep)
    after = read_all([text for _, text in edited], kind, deep)
    for index, (case, text) in enumerate(edited):
        able = 0
        for reader in before:
            was, now = before[reader][index], after[reader][index]
            if was is None:
                continue
            able += 1
            tokens, first = tokens_of(case["set"][0][0]), before.get("PyYAML", [None] * len(edited))[index]
            if reader in ("js-yaml", "ruamel", "characters") and not sees_place(was, tokens, first):
                tally[kind, "read differently before the edit", reader] += 1
                continue
            if now is None and text != case["text"] and not (reader == "characters" and "*" in text):
                failures.append((reader + " reads it no more", case, text, ""))
            elif now is not None:
                why = disagreement(reader, was, now, case["set"])
                if why:
                    failures.append((reader, case, text, why))
                tally[kind, "compared", reader] += 1
        if able == 0:
            tally[kind, "read by none of the others", ""] += 1


def spoil(program, kind, edited, deep, tally, failures):
    """Edits with a byte changed somewhere: where the judge finds them right, the others must, too."""
    questions = []
    for case, text in edited:
        r = random.Random("spoil %d %s" % (case["index"], case["set"]))
        questions += [{**case, "after": mutated(r, text)} for _ in range(2)]
    judged = ask(program, questions) if questions else []
    # Where a line ends that has a carriage return alone, js-yaml has an opinion of its own.
    passed = [one for one, answer in zip(questions, judged)
              if not answer["judged"] and "\r" not in one["after"].replace("\r\n", "")]
    tally[kind, "spoilt edits that the judge refused", ""] += len(questions) - len(passed)
    tally[kind, "spoilt edits that mean the same", ""] += len(passed)
    before = read_all([one["text"] for one in passed], kind, deep)
    after = read_all([one["after"] for one in passed], kind, deep)
    for index, one in enumerate(passed):
        for reader in before:
            was, now = before[reader][index], after[reader][index]
            if was is None or now is None:
                continue
            if reader in ("js-yaml", "ruamel", "characters") and not sees_place(was, tokens_of(one["set"][0][0]), before.get("PyYAML", [None] * len(passed))[index]):
                continue
            why = disagreement(reader, was, now, one["set"])
            if why:
                failures.append(("the judge, held against " + reader, one, one["after"], why))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--documents", type=int, default=100000 if os.environ.get("AUTOHEAL_LONG") == "1" else 2000)
    parser.add_argument("--from", dest="first", type=int, default=0)
    parser.add_argument("--tell", action="store_true", help="every failure, not the first ones alone")
    given = parser.parse_args()
    jobs = [(given.program, first, min(BATCH, given.first + given.documents - first), given.documents > 2000)
            for first in range(given.first, given.first + given.documents, BATCH)]
    tally, failures = collections.Counter(), []
    with multiprocessing.Pool(2) as pool:
        for counted, failed in pool.imap(batch, jobs):
            tally.update(counted)
            failures += failed
    for (kind, what, why), count in sorted(tally.items(), key=lambda item: (item[0][0], item[0][1], -item[1])):
        print("%s %-36s %7d  %s" % (kind, what, count, why))
    for reader, case, after, why in failures if given.tell else failures[:10]:
        print("FAILED: %s: %s\n  document %d: %r\n  set %r\n  after %r" % (reader, why, case["index"], case["text"], case["set"], after))
    made_edits = {kind: tally[kind, "edited", ""] for kind in ("json", "yaml")}
    if not failures and min(made_edits.values()) < given.documents // 10:
        print("FAILED: too few edits were made for a test")
        return 1
    print("%d failures" % len(failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
