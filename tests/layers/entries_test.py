#!/usr/bin/env python3
"""docs/entries.md is whole: every type of entry that the code writes or reads has its row, and no row is of a type that
the code does not know."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
TYPE = re.compile(r'"((?:heal|selftest|node|config|engine|healing|access|baseline|ledger|webhook|bus|token)\.[a-z_]+)"')
ROW = re.compile(r"^\| `([a-z]+\.[a-z_]+)` \|", re.M)
# Dotted words that are no entries: keys of the configuration.
OTHER = {"tools/autoheal/configuration/configuration_keys.cpp"}


def types_in_code():
    found = {}
    for room in ("engine", "store", "workflows", "replay", "tools/autoheal"):
        for path in sorted((ROOT / room).rglob("*.?pp")):
            name = path.relative_to(ROOT).as_posix()
            if name in OTHER or "/testing/" in name:
                continue
            for one in TYPE.findall(path.read_text()):
                found.setdefault(one, name)
    return found


def main():
    documented = set(ROW.findall((ROOT / "docs" / "entries.md").read_text()))
    known = types_in_code()
    faults = [f"{name}: entries of type {one} are not in docs/entries.md" for one, name in known.items()
              if one not in documented]
    faults += [f"docs/entries.md: no code knows {one}" for one in sorted(documented - set(known))]
    for fault in faults:
        print(fault)
    return 1 if faults or len(known) < 30 else 0


if __name__ == "__main__":
    sys.exit(main())
