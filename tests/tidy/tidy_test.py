#!/usr/bin/env python3
"""Keeps the code readable: format, sizes of files and functions, declarations that nobody needs, packages that nobody
uses, the language of comments, sentences glued from many pieces, and a contract on each operation of a port. Each
check first finds a planted fault.

exceptions.txt lists what is not in order yet. It may only shrink: an exception that nothing needs is a fault, too."""
import collections
import concurrent.futures
import functools
import os
import pathlib
import re
import shutil
import subprocess
import sys

from glued import PLANTED, glued_faults

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ("engine", "store", "workflows", "replay", "tools", "tests", "docs")
EXCEPTIONS = pathlib.Path(__file__).with_name("exceptions.txt")
FORMATTER = "clang-format-19"
LONGEST_LINE = 120
LONGEST_FILE, LONGEST_TEST_FILE = 500, 600
LONGEST_FUNCTION = 70

PORTS = {
    "engine/ledger.hpp": ("LedgerView", "Ledger"),
    "engine/blob_store.hpp": ("BlobStore",),
    "engine/ports.hpp": ("Clock", "Randomness", "IdSource"),
    "engine/workflow.hpp": ("EffectPerformer",),
    "workflows/effects/host.hpp": ("Host",),
}
# A package of tools/cmake/libraries.cmake is used if a CMakeLists.txt names its target and a file includes its header.
PACKAGES = {
    "Threads": (r"Threads::Threads", r"<thread>"),
    "OpenSSL": (r"OpenSSL::", r"<openssl/"),
    "SQLite3": (r"SQLite::SQLite3", r"<sqlite3\.h>"),
    "SQLiteCpp": (r"\bSQLiteCpp\b", r"<SQLiteCpp/"),
    "nlohmann_json": (r"nlohmann_json::", r"<nlohmann/"),
    "simdjson": (r"simdjson::", r"<simdjson\.h>"),
    "Boost": (r"Boost::", r"<boost/"),
    "fmt": (r"fmt::fmt", r"<fmt/"),
    "spdlog": (r"spdlog::", r"<spdlog/"),
    "CLI11": (r"CLI11::", r"<CLI/"),
    "yaml-cpp": (r"yaml-cpp", r"<yaml-cpp/"),
    "LibArchive": (r"LibArchive::", r"<archive"),
    "PkgConfig": (r"PkgConfig::", r""),
    "re2": (r"PkgConfig::re2", r"<re2/"),
    "libyaml": (r"PkgConfig::libyaml", r"<yaml\.h>"),
    "acl": (r"PkgConfig::acl", r"<(?:sys|acl)/(?:acl|libacl)\.h>"),
    "systemd": (r"PkgConfig::systemd", r"<systemd/"),
}
# Openings that hide the subject of a sentence, and words that this project used in a sense of its own.
OPENING = re.compile(r"(?:^|(?<=[.!?] )|(?<=[.!?]\) ))(?:Of|What|Which|Whoever)\b")
PRIVATE_WORDS = re.compile(
    r"\b(?:whoever|this page|the door|at the door|(?:is|be|was) seen to|sees to|by halving|told beside|of nobody|"
    r"nobody of ours|goes by itself|heal is let go|take its wait along|of no account|tells? of besides?)\b", re.I)
LITERAL = re.compile(r'R"(\w*)\((?:.|\n)*?\)\1"|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)+\'')
COMMENT = re.compile(r"//[^\n]*|/\*(?:.|\n)*?\*/")
WORD = re.compile(r"[A-Za-z_]\w*")


def comments(text):
    """Line and text of each comment; adjacent lines are one."""
    block = None
    for number, line in enumerate(text.split("\n"), 1):
        whole = re.match(r"\s*//+ ?(.*)", line)
        if whole:
            block = (block[0], block[1] + " " + whole[1]) if block else (number, whole[1])
            continue
        if block:
            yield block
            block = None
        behind = re.search(r"(?:^|[^:\"'/])//+ (.*)", LITERAL.sub('""', line)) if "//" in line else None
        if behind:
            yield number, behind[1]
    if block:
        yield block


@functools.lru_cache(None)
def code_of(text):
    """Without comments and contents of literals; lines stay where they are."""
    def blank(match):
        return ("" if match[0].startswith("/") else '""') + "\n" * match[0].count("\n")

    return re.sub(LITERAL.pattern + "|" + COMMENT.pattern, blank, text)


# ---- format and sizes

def format_faults(root, names):
    if not shutil.which(FORMATTER):
        print(f"{FORMATTER} is not installed: the format is not checked (apt-get install {FORMATTER})")
        return

    def faulty(some):
        told = subprocess.run([FORMATTER, "--dry-run", *some], cwd=root, capture_output=True, text=True).stderr
        return {name for name in re.findall(r"^([^\s:]+\.[ch]pp):\d+:\d+: (?:warning|error)", told, re.M)}

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        parts = [names[start:start + 40] for start in range(0, len(names), 40)]
        for found in pool.map(faulty, parts):
            for name in sorted(found):
                yield "format", name, 1, f"{name}: not formatted ({FORMATTER} -i {name})"


def line_faults(name, text):
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > LONGEST_LINE:
            yield "line", name, 1, f"{name}:{number}: {len(line)} columns, more than {LONGEST_LINE}"


def file_size_faults(name, text):
    lines = text.count("\n")
    most = LONGEST_TEST_FILE if name.startswith("tests/") else LONGEST_FILE
    if lines > most:
        yield "file", name, lines, f"{name}: {lines} lines, more than {most}: split it by its ideas"


def functions(text):
    """Name, first line and number of lines of each function, by the indentation that the formatter gives."""
    lines = code_of(text).split("\n")
    for start, line in enumerate(lines):
        if not line.endswith("{") or line.strip() == "{":
            continue
        head, first = line, start
        while first > 0 and head.count(")") > head.count("("):  # a head of several lines
            first -= 1
            head = lines[first] + " " + head.strip()
        indent = re.match(r" *", lines[first])[0]
        called = re.search(r"([\w:~]+|operator[^\s(]+)\([^{]*\)[^{;=]*\{$", head)
        if len(indent) > 4:
            continue
        if not called or re.match(r"\s*(?:if|for|while|switch|namespace|else|do|return|case)\b", head):
            continue
        end = next((at for at in range(start + 1, len(lines)) if lines[at].startswith(indent + "}")), start)
        yield called[1], first + 1, end - first + 1


def function_faults(name, text):
    for called, line, size in functions(text):
        if size > LONGEST_FUNCTION:
            told = f"{name}:{line}: {called} has {size} lines, more than {LONGEST_FUNCTION}"
            yield "function", f"{name}:{called}", size, told


# ---- what nobody needs

DECLARATION = re.compile(r"^ *(?!return|else|throw|delete|using|friend|typedef|co_)"
                         r"(?:\[\[nodiscard\]\] )?[\w:<>,&*\[\]\s]+?[\s&*](\w+)\((?:[^(){};]|\([^()]*\))*\)"
                         r"(?: const)?(?: noexcept)?(?: override| final)?(?: = 0)?;", re.M)


def dead_faults(texts):
    """Functions that a header declares, and that nobody defines, or nobody calls."""
    codes = {name: code_of(text) for name, text in texts.items()}
    uses = collections.Counter()
    for code in codes.values():
        uses.update(WORD.findall(code))
    for name, code in codes.items():
        if not name.endswith(".hpp"):
            continue
        for match in DECLARATION.finditer(code):
            called = match[1]
            if uses[called] == 1:
                yield "dead", f"{name}:{called}", 1, f"{name}: {called} is declared, and nobody defines or uses it"
            elif uses[called] == 2:
                other = codes.get(name[:-4] + ".cpp", "")
                if re.search(rf"[\s:&*]{called}\([^;]*?\)[^;]*?\{{", other):
                    yield "dead", f"{name}:{called}", 1, f"{name}: {called} is defined, and nobody uses it"


def package_faults(libraries, lists, texts):
    code = "\n".join(line for text in texts.values() for line in text.split("\n") if "#include" in line)
    for package in re.findall(r"(?:find_package|pkg_check_modules)\((\S+)", libraries):
        if package not in PACKAGES:
            yield "package", package, 1, f"{package}: tidy_test.py does not know what shows that it is used"
            continue
        target, header = PACKAGES[package]
        if not re.search(target, lists) or not re.search(header, code):
            yield "package", package, 1, f"tools/cmake/libraries.cmake: nothing uses {package}"


# ---- language

def opening_faults(name, text):
    """The first sentence of a header says what the header is for, with a subject."""
    if not name.endswith(".hpp"):
        return
    first = re.match(r"// (\S+)", text)
    if not first:
        yield "opening", name, 1, f"{name}: a header opens with a comment that says why it exists"
    elif re.match(r"(?:Of|What|Which|Whoever|Whether|How|Who|Where|Why)\b", first[1]):
        yield "opening", name, 1, f"{name}: its first sentence starts with {first[1]}: name what it holds or does"


def sentence_faults(name, text):
    for number, comment in comments(text):
        for found in OPENING.finditer(comment):
            shown = comment[found.start():][:60]
            yield "sentence", name, 1, f"{name}:{number}: a sentence starts with {found[0]}: {shown}"
        for found in PRIVATE_WORDS.finditer(comment):
            yield "word", name, 1, f"{name}:{number}: \"{found[0]}\" is a word of our own: {comment[:60]}"


def port_faults(name, text):
    """Each operation of a port has a comment right above it."""
    for port in PORTS.get(name, ()):
        body = re.search(rf"^class {port}\b[^;{{]*\{{\n((?:.|\n)*?)^\}};", text, re.M)
        if not body:
            yield "port", f"{name}:{port}", 1, f"{name}: there is no class {port}"
            continue
        lines = body[1].split("\n")
        for at, line in enumerate(lines):
            operation = re.match(r"  (?:\[\[nodiscard\]\] )?virtual (?!~).*?(\w+)\(", line)
            if operation and not (at and lines[at - 1].startswith("  //")):
                yield "port", f"{name}:{operation[1]}", 1, f"{name}: {port}::{operation[1]} has no contract above it"


# ---- exceptions

def read_exceptions(text):
    """kind and place -> how much is excepted."""
    found = {}
    for line in text.split("\n"):
        if line and not line.startswith("#"):
            kind, place, amount = line.split()[:3]
            found[kind, place] = int(amount)
    return found


def excepted(kind, place, exceptions):
    """The exception of a place itself, or of a folder above it (sentences and words are counted by folder)."""
    while place:
        if (kind, place) in exceptions:
            return kind, place
        place = place.rpartition("/")[0]
    return None


def judged(faults, exceptions, formats=True):
    """Faults that no exception covers, and exceptions that cover nothing."""
    amounts, sentences = collections.Counter(), collections.defaultdict(list)
    for kind, place, amount, sentence in faults:
        key = excepted(kind, place, exceptions)
        if key:
            amounts[key] += amount
            sentences[key].append(sentence)
        else:
            yield sentence
    for key, most in exceptions.items():
        if amounts[key] > most:
            yield from sentences[key]
            yield f"tests/tidy/exceptions.txt: {' '.join(key)} has {amounts[key]}, {most} are excepted"
        elif amounts[key] < most and (formats or key[0] != "format"):
            now = amounts[key]
            yield (f"tests/tidy/exceptions.txt: {' '.join(key)} has {now} by now, {most} are excepted: "
                   f"{'lower it to that' if now else 'remove its line'}")


# ---- the checks themselves

def planted_faults():
    """Each check can fail: a planted fault is found, and the same text in order is not."""
    long_body = "int far() {\n" + "  step();\n" * LONGEST_FUNCTION + "}\n"
    long_method = ("class A {\n  int far(int a,\n          int b) const {\n" + "    step();\n" * LONGEST_FUNCTION +
                   "  }\n};\n")
    port = "class BlobStore {\n  virtual void a();\n};\n"
    pairs = {
        "a long line": (line_faults, ("a.cpp", "x" * 121), ("a.cpp", "x" * 120)),
        "a long file": (file_size_faults, ("store/a.cpp", "\n" * 501), ("tests/a.cpp", "\n" * 501)),
        "a long function": (function_faults, ("a.cpp", long_body), ("a.cpp", "int near() {\n  step();\n}\n")),
        "a long method": (function_faults, ("a.hpp", long_method),
                          ("a.hpp", "class A {\n" + "  int b;\n" * 90 + "};\n")),
        "a dead declaration": (dead_faults, ({"a.hpp": "int gone(int);\n"},),
                               ({"a.hpp": "int used(int);\n", "a.cpp": "int used(int) {\n}\n", "b.cpp": "used(1);"},)),
        "an unused function": (dead_faults, ({"a.hpp": "int idle(int);\n", "a.cpp": "int idle(int) {\n}\n"},),
                               ({"a.hpp": "// int idle(int);\n"},)),
        "an unused package": (package_faults, ("find_package(fmt REQUIRED)", "", {}),
                              ("find_package(fmt REQUIRED)", "fmt::fmt", {"a.cpp": "#include <fmt/core.h>"})),
        "an unknown package": (package_faults, ("find_package(magic)", "", {}), ("", "", {})),
        "no opening comment": (opening_faults, ("a.hpp", "#pragma once\n"), ("a.cpp", "int a;\n")),
        "a riddle at the top": (opening_faults, ("a.hpp", "// What a heal is.\n"), ("a.hpp", "// A heal.\n")),
        "a sentence without subject": (sentence_faults, ("a.cpp", "// Read. Of this\n// nothing stays.\n"),
                                       ("a.cpp", "// Nothing of it stays.\n")),
        "one behind code": (sentence_faults, ("a.cpp", "int a;  // What is left.\n"), ("a.cpp", 'f("// What");\n')),
        "a private word": (sentence_faults, ("a.cpp", "// Ends for whoever waits.\n"), ("a.cpp", "// Whose is it?\n")),
        "a port without contract": (port_faults, ("engine/blob_store.hpp", port),
                                    ("engine/blob_store.hpp", port.replace("{\n", "{\n  // Acts.\n"))),
        "a lost port": (port_faults, ("engine/blob_store.hpp", ""), ("engine/other.hpp", "")),
        **{what: (glued_faults, ("store/a.cpp", faulty), ("store/a.cpp", fine))
           for what, (faulty, fine) in PLANTED.items()},
        "too many of an exception": (judged, ([("word", "a/b.cpp", 1, "x")] * 2, {("word", "a"): 1}),
                                     ([("word", "a/b.cpp", 1, "x")], {("word", "a"): 1})),
        "an exception of nothing": (judged, ([], {("word", "a"): 1}), ([], {})),
    }
    for what, (check, faulty, fine) in pairs.items():
        if not list(check(*faulty)):
            yield f"the check does not find {what}"
        if list(check(*fine)):
            yield f"the check finds {what} where there is none"
    if shutil.which(FORMATTER):
        told = subprocess.run([FORMATTER, "--dry-run", "--Werror", "--assume-filename=a.cpp"], input="int  a ;\n",
                              cwd=ROOT, capture_output=True, text=True)
        if told.returncode == 0:
            yield "the check does not find a line that is not formatted"


def all_faults(texts):
    names = sorted(name for name in texts if name.endswith((".cpp", ".hpp")))
    yield from format_faults(ROOT, names)
    for name in sorted(texts):
        if name.endswith((".cpp", ".hpp", ".py")):
            yield from line_faults(name, texts[name])
    cpp = {name: texts[name] for name in names}
    for name, text in cpp.items():
        for check in (file_size_faults, function_faults, opening_faults, sentence_faults, port_faults, glued_faults):
            yield from check(name, text)
    yield from dead_faults(cpp)
    lists = "\n".join(text for name, text in texts.items() if name.endswith("CMakeLists.txt"))
    libraries = texts["tools/cmake/libraries.cmake"]
    yield from package_faults(libraries, lists + libraries.partition("add_library")[2], cpp)


def main():
    texts = {}
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            name = path.relative_to(ROOT).as_posix()
            if "node_modules" in name:
                continue
            if path.suffix in (".cpp", ".hpp", ".py", ".cmake") or path.name == "CMakeLists.txt":
                texts[name] = path.read_text(encoding="utf-8")
    if sys.argv[1:] == ["--count"]:  # for exceptions.txt
        counts = collections.Counter()
        for kind, place, amount, _ in all_faults(texts):
            counts[kind, place] += amount
        print("\n".join(f"{kind} {place} {count}" for (kind, place), count in sorted(counts.items())))
        return 0
    exceptions = read_exceptions(EXCEPTIONS.read_text(encoding="utf-8"))
    faults = [*planted_faults(), *judged(all_faults(texts), exceptions, bool(shutil.which(FORMATTER)))]
    print("\n".join(faults) if faults else f"{len(texts)} files are tidy, but for {len(exceptions)} exceptions")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
