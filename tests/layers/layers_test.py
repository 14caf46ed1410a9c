#!/usr/bin/env python3
"""The folders are the architecture: reads every #include and fails on an arrow that runs the wrong way."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
ALLOWED = {
    "engine": {"engine"},
    "store": {"store", "engine"},
    "workflows": {"workflows", "engine"},
    "replay": {"replay", "engine", "store", "workflows"},
    "tools": {"tools", "replay", "engine", "store", "workflows"},
}
# A room that must stay free of an outside format or library.
FOREIGN = {
    "engine": re.compile(r"nlohmann|sqlite|SQLiteCpp|yaml|boost/(?!asio)|CLI/|spdlog|re2/"),
    "workflows": re.compile(r"sqlite|SQLiteCpp|boost/beast|CLI/|spdlog|unistd|sys/|fstream|filesystem"),
    "store": re.compile(r"yaml|boost/|CLI/|spdlog|nlohmann"),
}
ASIO_IN_ENGINE = {"engine/runtime.hpp", "engine/runtime.cpp", "engine/boot_timer.hpp", "engine/boot_timer.cpp"}
MADE_FOR_TESTS = "tools/simulator/"  # a program around tests/simulation, never installed
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def included_by(text):
    """Kind and target of each include; what is installed is named without the prefix that it has there."""
    return [(kind, target.removeprefix("autoheal/")) for kind, target in INCLUDE.findall(text)]


def faults_of(name, text):
    """Every wrong include of the file `name` (relative to the root)."""
    room = name.split("/")[0]
    for kind, target in included_by(text):
        aimed = target.split("/")[0]
        if kind == '"' and aimed in ALLOWED and aimed not in ALLOWED[room]:
            yield f"{name}: {room} may not include {target}"
        if kind == '"' and aimed == "tests" and not name.startswith(MADE_FOR_TESTS):
            yield f"{name}: nothing outside tests/ may include {target}"
        if room in FOREIGN and FOREIGN[room].search(target):
            yield f"{name}: {target} does not belong into {room}/"
        if room == "engine" and target.startswith("boost/asio") and name not in ASIO_IN_ENGINE:
            yield f"{name}: Asio belongs into engine/runtime and boot_timer only"


def header_cycles(includes):
    """Names of headers that reach themselves."""
    for start in includes:
        seen, todo = set(), list(includes[start])
        while todo:
            name = todo.pop()
            if name == start:
                yield f"{start}: includes itself through {sorted(seen)}"
                break
            if name not in seen:
                seen.add(name)
                todo.extend(includes.get(name, ()))


def self_check():
    """The check can fail: planted faults are found."""
    planted = {
        "engine/a.hpp": '#include "store/b.hpp"',
        "store/a.cpp": '#include "workflows/b.hpp"',
        "workflows/a.cpp": '#include <sys/stat.h>',
        "replay/a.cpp": '#include "tools/b.hpp"',
    }
    missed = [name for name, text in planted.items() if not list(faults_of(name, text))]
    return [f"planted fault in {name} was not found" for name in missed]


def main():
    faults, includes = self_check(), {}
    for room in ALLOWED:
        for path in sorted((ROOT / room).rglob("*")):
            if path.suffix not in (".hpp", ".cpp"):
                continue
            name = path.relative_to(ROOT).as_posix()
            text = path.read_text(encoding="utf-8")
            faults.extend(faults_of(name, text))
            includes[name] = [target for kind, target in included_by(text) if kind == '"']
            if path.suffix == ".hpp" and not text.startswith("//"):
                faults.append(f"{name}: a header opens with why it exists")
    faults.extend(header_cycles(includes))
    print("\n".join(faults) if faults else f"{len(includes)} files, every arrow runs the right way")
    return 1 if faults else 0


sys.exit(main())
