#!/usr/bin/env python3
"""The folders are the architecture: reads every #include and fails on an arrow that arrows.txt does not allow, on a
circle between modules, on a private header that is used elsewhere, and on a folder that has grown too large."""
import collections
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ("engine", "store", "workflows", "replay", "tools")
ARROWS = pathlib.Path(__file__).with_name("arrows.txt")
# Libraries and system headers that a folder must stay free of.
FOREIGN = {
    "engine": re.compile(r"nlohmann|sqlite|SQLiteCpp|yaml|boost/(?!asio)|CLI/|re2/"),
    "workflows": re.compile(r"sqlite|SQLiteCpp|boost/beast|CLI/|unistd|sys/|fstream|filesystem"),
    "store": re.compile(r"yaml|boost/|CLI/|nlohmann"),
}
ASIO_IN_ENGINE = {"engine/runtime.hpp", "engine/runtime.cpp", "engine/boot_timer.hpp", "engine/boot_timer.cpp"}
BUILT_ON_TESTS = "tools/simulator/"  # a program around tests/simulation, never installed
MOST_ENTRIES = 40
# Folders of data: the number of their files is no matter of design.
DATA = ("tests/unit/config/broken", "tests/ledgers", "tests/fuzz/corpus")
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.M)
PRIVATE = re.compile(r"\s+(?://\s+)?".join("Only the store includes this header".split()))


def includes_of(text):
    """The target of each include; an installed header by its place in the tree."""
    return [target.removeprefix("autoheal/") for target in INCLUDE.findall(text)]


def folder_of(name):
    return str(pathlib.PurePosixPath(name).parent)


def module_of(name):
    return str(pathlib.PurePosixPath(name).with_suffix(""))


def is_ours(target):
    return target.split("/")[0] in FOLDERS and "/" in target


def allowed_arrows(text):
    """Of arrows.txt: folder -> folders that it may include."""
    arrows = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            folder, targets = line.split(":")
            arrows[folder] = set(targets.split())
    return arrows


def arrow_faults(files, allowed):
    """Includes that no line of the table allows, and arrows of the table that nobody needs."""
    used = collections.defaultdict(set)
    for name, text in files.items():
        folder = folder_of(name)
        used[folder]  # has to have a line, even without includes
        for target in includes_of(text):
            if not is_ours(target) or folder_of(target) == folder:
                continue
            used[folder].add(folder_of(target))
            if folder_of(target) not in allowed.get(folder, ()):
                yield f"{name}: {folder} may not include {target} (tests/layers/arrows.txt)"
    for folder in sorted(allowed.keys() | used.keys()):
        if folder not in allowed:
            yield f"tests/layers/arrows.txt: no line for {folder}"
        for unused in sorted(allowed.get(folder, set()) - used[folder]):
            yield f"tests/layers/arrows.txt: {folder} does not include {unused} any more"


def foreign_faults(name, text):
    top = name.split("/")[0]
    for target in includes_of(text):
        if target.startswith("tests/") and not name.startswith(BUILT_ON_TESTS):
            yield f"{name}: nothing outside tests/ may include {target}"
        if top in FOREIGN and FOREIGN[top].search(target):
            yield f"{name}: {target} does not belong into {top}/"
        if top == "engine" and target.startswith("boost/asio") and name not in ASIO_IN_ENGINE:
            yield f"{name}: Asio belongs into engine/runtime and boot_timer only"
        if top == "engine" and target.startswith("fmt/") and name.endswith(".hpp"):
            yield f"{name}: everything includes the engine's headers, so they stay free of fmt"


def circles(graph):
    """Each set of nodes that reach each other, once."""
    reached = {}
    for start in graph:
        seen, todo = set(), list(graph[start])
        while todo:
            node = todo.pop()
            if node not in seen:
                seen.add(node)
                todo.extend(graph.get(node, ()))
        reached[start] = seen
    done = set()
    for start in sorted(graph):
        circle = {node for node in reached[start] if start in reached.get(node, ())}
        if circle and start not in done:
            done |= circle
            yield sorted(circle)


def circle_faults(files):
    modules, folders = collections.defaultdict(set), collections.defaultdict(set)
    for name, text in files.items():
        for target in includes_of(text):
            if not is_ours(target):
                continue
            if module_of(target) != module_of(name):
                modules[module_of(name)].add(module_of(target))
            if folder_of(target) != folder_of(name):
                folders[folder_of(name)].add(folder_of(target))
    for kind, graph in (("modules", modules), ("folders", folders)):
        for circle in circles(graph):
            yield f"{kind} include each other in a circle: {', '.join(circle)}"


def header_faults(files):
    for name, text in files.items():
        if name.endswith(".hpp") and not text.startswith("//"):
            yield f"{name}: a header opens with why it exists"
    private = {name for name, text in files.items() if PRIVATE.search(text)}
    for name, text in files.items():
        for target in includes_of(text):
            if target in private and name.split("/")[0] != target.split("/")[0]:
                yield f"{name}: {target} is private to {target.split('/')[0]}/"


def size_faults(tracked):
    entries = collections.defaultdict(set)
    for name in tracked:
        parts = name.split("/")
        for depth in range(1, len(parts)):
            entries["/".join(parts[:depth])].add(parts[depth])
    for folder, inside in sorted(entries.items()):
        if len(inside) > MOST_ENTRIES and not folder.startswith(DATA):
            yield f"{folder} has {len(inside)} entries, more than {MOST_ENTRIES}: make folders of its parts"


def architecture_faults(document, allowed):
    """The sentence in ARCHITECTURE.md that says which top folder includes which, against the table."""
    tops = collections.defaultdict(set)
    for folder, targets in allowed.items():
        tops[folder.split("/")[0]] |= {target.split("/")[0] for target in targets} - {folder.split("/")[0], "tests"}
    for top in FOLDERS:
        said = re.search(rf"^\| `{top}/` \|[^|]*\| ([^|]*) \|", document, re.M)
        named = set(re.findall(r"`(\w+)/`", said[1])) if said else None
        if named != tops[top]:
            yield f"ARCHITECTURE.md: {top}/ includes {sorted(tops[top])}, the table says {sorted(named or ())}"


def self_check():
    """Each check can fail: planted faults are found."""
    clean = {"engine/a.hpp": "// why\n", "store/b.cpp": '#include "autoheal/engine/a.hpp"\n'}
    table = {"engine": set(), "store": {"engine"}}
    planted = {
        "an arrow": list(arrow_faults({**clean, "engine/c.cpp": '#include "autoheal/store/b.hpp"'}, table)),
        "an arrow in angle brackets":
            list(arrow_faults({**clean, "engine/c.cpp": "#include <autoheal/store/b.hpp>"}, table)),
        "an unused arrow": list(arrow_faults({"engine/a.hpp": "// why\n"}, table)),
        "a foreign header": list(foreign_faults("workflows/a.cpp", "#include <sys/stat.h>")),
        "fmt in a header of the engine": list(foreign_faults("engine/a.hpp", "#include <fmt/core.h>")),
        "an include of tests": list(foreign_faults("replay/a.cpp", '#include "tests/b.hpp"')),
        "a circle": list(circle_faults({"store/a.cpp": '#include "store/b.hpp"',
                                        "store/b.cpp": '#include "store/a.hpp"'})),
        "a circle of folders": list(circle_faults({"store/x/a.cpp": '#include "store/y/b.hpp"',
                                                   "store/y/c.cpp": '#include "store/x/d.hpp"'})),
        "no opening comment": list(header_faults({"store/a.hpp": "#pragma once\n"})),
        "a private header": list(header_faults({"store/a.hpp": "// Why. Only the store\n// includes this header.\n",
                                                "tools/b.cpp": '#include "autoheal/store/a.hpp"'})),
        "a large folder": list(size_faults([f"tools/x/{number}.cpp" for number in range(MOST_ENTRIES + 1)])),
        "a false sentence": list(architecture_faults("| `store/` | it keeps | nothing |", table)),
    }
    found = [f"the check does not find {what}" for what, faults in planted.items() if not faults]
    return found + list(arrow_faults(clean, table)) + list(circle_faults(clean)) + list(header_faults(clean))


def tracked_files():
    """As git tracks them; all there are where this is no checkout."""
    git = ["git", "-c", "safe.directory=*", "ls-files"]
    if (ROOT / ".git").exists() and shutil.which("git"):
        return subprocess.run(git, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\n")
    names = (path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*") if path.is_file())
    return [name for name in names
            if not name.startswith("build/") and "node_modules/" not in name and "__pycache__" not in name]


def main():
    tracked = subprocess.run(["git", "-c", "safe.directory=*", "ls-files"], cwd=ROOT, check=True, capture_output=True,
                             text=True).stdout.split("\n")
    files = {name: (ROOT / name).read_text(encoding="utf-8") for name in tracked
             if name.split("/")[0] in FOLDERS and name.endswith((".hpp", ".cpp")) and (ROOT / name).exists()}
    allowed = allowed_arrows(ARROWS.read_text(encoding="utf-8"))
    if sys.argv[1:] == ["--print"]:  # the table as the tree is: to be read before it is committed
        used = collections.defaultdict(set)
        for name, text in files.items():
            used[folder_of(name)] |= {folder_of(target) for target in includes_of(text)
                                      if is_ours(target) and folder_of(target) != folder_of(name)}
        print("\n".join(f"{folder}: {' '.join(sorted(used[folder]))}".rstrip() for folder in sorted(used)))
        return 0
    faults = self_check()
    for name, text in files.items():
        faults.extend(foreign_faults(name, text))
    faults.extend(arrow_faults(files, allowed))
    faults.extend(circle_faults(files))
    faults.extend(header_faults(files))
    faults.extend(size_faults(tracked))
    faults.extend(architecture_faults((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"), allowed))
    print("\n".join(faults) if faults else f"{len(files)} files, every arrow is allowed, no circle")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
