#!/usr/bin/env python3
"""Within one room a name is defined in one file: files are compiled several at a time, and two types, constants or
functions of the same name would clash as soon as their files are compiled together. Readers are spared a guess, too."""
import collections
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ("engine", "store", "workflows", "replay", "tools", "tests", "docs")
EACH_FILE_A_PROGRAM = ("tests/fuzz", "tests/crash", "tests/independent")

TYPE = re.compile(r"^(?:class|struct|enum class|enum) (\w+)(?: final)?(?: :[^;{]*)? ?\{", re.M)
TEST = re.compile(r"^TEST(?:_F|_P)?\((\w+), (\w+)\)", re.M)
CONSTANT = re.compile(r"^(?:static )?(?:constexpr|const) [\w:<>, *]+? (\w+)(?:\[\w*\])?\s*[={]", re.M)
FUNCTION = re.compile(
    r"^(?!\s|return|else|template|using|namespace|class|struct|[A-Z_]+\()"
    r"[\w:<>,&*\[\] ]+?[ &*](\w+)\(([^;{}]*?)\)(?: const)?(?: noexcept)? \{", re.M)
NAME_OF_PARAMETER = re.compile(r"\s*\b\w+$")
DEFAULT = re.compile(r"\s*=.*")


def room_of(name):
    """What is compiled together: a library or a program."""
    parts = name.split("/")
    if parts[:2] == ["tests", "unit"]:
        return "/".join(parts[:3])
    return "/".join(parts[:2]) if parts[0] in ("tools", "tests") else parts[0]


def definitions(text):
    """What a file defines at the left margin: what is in namespaces, and not in classes."""
    for kind, pattern in (("type", TYPE), ("constant", CONSTANT)):
        for match in pattern.finditer(text):
            yield f"{kind} {match[1]}"
    for match in TEST.finditer(text):
        yield f"test {match[1]}.{match[2]}"
    for match in FUNCTION.finditer(text):
        types = [NAME_OF_PARAMETER.sub("", DEFAULT.sub("", one).strip()) for one in match[2].split(",")]
        yield f"function {match[1]}({', '.join(types)})"


def clashes(texts):
    """`texts`: the text by the name of its file."""
    found = collections.defaultdict(set)
    for name, text in texts.items():
        for definition in definitions(text):
            found[room_of(name), definition].add(name)
    for (_, definition), names in sorted(found.items()):
        if len(names) > 1:
            yield f"{definition} is defined in {' and '.join(sorted(names))}"


def self_check():
    """The check can fail: planted clashes are found, and nothing else."""
    for definition in ("class Row {\n};", "constexpr int most = 3;", "bool is_far(const Place& one, int by = 1) {\n}",
                       "TEST(Row, Is) {\n}"):
        if not list(clashes({"store/a.cpp": definition, "store/b.cpp": definition})):
            yield f"a planted clash was not found: {definition}"
    if list(clashes({"store/a.cpp": "int f(int a) {\n}", "store/b.cpp": "int f(char a) {\n}",
                      "replay/c.cpp": "int f(int a) {\n}"})):
        yield "what does not clash was found"


def main():
    texts = {}
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.?pp")):
            name = path.relative_to(ROOT).as_posix()
            if not name.startswith(EACH_FILE_A_PROGRAM) and "node_modules" not in name:
                texts[name] = path.read_text(encoding="utf-8")
    faults = [*self_check(), *clashes(texts)]
    print("\n".join(faults) if faults else f"{len(texts)} files, every name once in its room")
    return 1 if faults else 0


sys.exit(main())
