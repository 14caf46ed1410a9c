"""Writes the configuration under trial from what lies in /etc, with good copies of every file.

Engines: the account files; each folder of /etc, in pieces; the loose files; each planted file. Every third one depends
on the account files and names owners, the others have numbers. Half of the folders are an engine's root themselves, the
others are reached from /etc, or from / where links lead out. Keys that the program's schema lacks are left out.
"""
import json
import os
import struct

ACCOUNTS = (b"passwd", b"group", b"shadow", b"gshadow", b"nsswitch.conf")
FILES_OF_ENGINE = 60
COPIES = "/var/lib/trial/copies"
HEAD = """version: 1
ledger: /var/lib/trial/ledger/ledger.db
reports: /var/lib/trial/reports
healing: { mode: heal, max_retries: 2, retry_delay: 0s, max_heals_per_hour: 10000, cooldown: 0s, fail_after: 1 }
include: [engines/*.yaml]
"""
# Arguments: how many links, their targets, the links. One program for all of them, whatever their number.
SAME_LINKS = ('n=$1; shift; want=$(k=0; for one; do [ $k -lt $n ] && printf "%s\\n" "$one"; k=$((k+1)); done); '
              'shift $n; [ "$(readlink -- "$@")" = "$want" ]')
# None of these files has an access list beyond its mode.
NO_LISTS = 'told=$(getfacl --absolute-names --omit-header --skip-base -- "$@" 2>&1) && [ -z "$told" ]'


def known_keys(schema):
    """The keys that the program's schema knows, as `repair.files.acl`."""
    known = set()

    def look(node, path):
        if isinstance(node, list):
            for one in node:
                look(one, path)
        elif isinstance(node, dict):
            for key, one in node.items():
                if key == "properties":
                    for name, inner in one.items():
                        known.add(".".join(path + [name]))
                        look(inner, path + [name])
                elif key == "$ref":
                    look(definition(one), path)
                elif key not in ("definitions", "$defs"):
                    look(one, path)

    def definition(reference):
        node = document
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]
        return node
    document = json.loads(schema)
    look(document, [])
    return {key.removeprefix("engines.") for key in known}


def text(value):
    """A YAML scalar in double quotes: JSON's strings are some."""
    return json.dumps(value, ensure_ascii=False)


def can_be_written(path):
    """Whether a name can stand in a YAML file."""
    try:
        return path.decode().isprintable()
    except UnicodeDecodeError:
        return False


def acl_entries(thing, names):
    """Its access list as setfacl takes it, but for what the mode says; empty where it has none."""
    raw = dict(thing.acl).get("system.posix_acl_access", b"")
    entries = []
    for place in range(4, len(raw), 8):
        tag, rights, who = struct.unpack_from("<HHI", raw, place)
        kind, named = {2: "user", 4: "group", 8: "group", 16: "mask"}.get(tag), tag in (2, 8)
        if kind:
            shown = "".join(letter if rights & bit else "-" for letter, bit in (("r", 4), ("w", 2), ("x", 1)))
            entries.append(f"{kind}:{names[kind].get(who, who) if named else ''}:{shown}")
    return entries


def names_of(etc):
    """User and group names by number, from that /etc."""
    read = {}
    for kind, file in (("user", "passwd"), ("group", "group")):
        with open(os.path.join(etc, file)) as lines:
            entries = [line.split(":") for line in lines]
        read[kind] = {int(parts[2]): parts[0] for parts in reversed(entries)}
    return read


class Writer:
    def __init__(self, root, things, keys):
        self.root, self.things, self.keys = root, things, keys
        self.names = names_of(os.path.join(root, "etc"))
        self.engines = {}  # name -> paths below /etc that it declares

    def declare(self, path):
        """Whether a path is one that a configuration can hold."""
        return self.things[path].kind in ("file", "link") and can_be_written(path)

    def groups(self):
        """Names of engines, the folder that is the root of each, and its paths."""
        declared = [path for path in self.things if self.declare(path)]
        special = [path for path in declared if path.startswith(b"trial-specials/")]
        accounts = [path for path in declared if path in ACCOUNTS]
        folders = {}
        for path in declared:
            if path not in accounts and path not in special:
                folders.setdefault(path.partition(b"/")[0] if b"/" in path else b"", []).append(path)
        if accounts:
            yield "accounts", b"", accounts
        for path in special:
            yield "special-" + os.path.basename(path)[:40].decode().replace(" ", "_"), b"trial-specials", [path]
        for number, (folder, paths) in enumerate(sorted(folders.items())):
            own_root = folder if number % 2 else b""
            for piece in range(0, len(paths), FILES_OF_ENGINE):
                name = (folder.decode() or "loose").replace(" ", "_").lstrip(".")
                yield f"etc-{name}" + (f"-{piece // FILES_OF_ENGINE}" if len(paths) > FILES_OF_ENGINE else ""), \
                    own_root, paths[piece:piece + FILES_OF_ENGINE]

    def copy(self, path):
        """The good copy of a file, with its rights."""
        thing, full = self.things[path], os.path.join(os.fsencode(self.root + COPIES), path)
        os.makedirs(os.path.dirname(full), mode=0o755, exist_ok=True)
        with open(full, "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(thing.content)
        os.chown(full, thing.uid, thing.gid)
        os.chmod(full, thing.mode)
        return f"{COPIES}/{path.decode()}"

    def rights(self, thing, numbers, where):
        of = {"user": {}, "group": {}} if numbers else self.names
        owner = f"{of['user'].get(thing.uid, thing.uid)}:{of['group'].get(thing.gid, thing.gid)}"
        told = f', mode: "{thing.mode:04o}", owner: {text(owner)}'
        if f"{where}.acl" in self.keys:
            entries = acl_entries(thing, of)
            told += f", acl: {json.dumps(entries) if entries else 'none'}"
        return told

    def leads_out(self, path, root):
        """Whether a link leads outside that folder, by itself or through others."""
        for _ in range(10):
            thing = self.things.get(path)
            if thing is None or thing.kind != "link":
                return False
            full = os.path.normpath(os.path.join(b"/etc", os.path.dirname(path), thing.content))
            if not full.startswith(root.encode() + b"/"):
                return True
            path = os.path.relpath(full, b"/etc")
        return False

    def engine(self, name, own_root, paths):
        numbers = len(self.engines) % 3 > 0 or name == "accounts"
        inner = {path: path[len(own_root) + 1 if own_root else 0:].decode() for path in paths}
        root = "/etc" + (f"/{own_root.decode()}" if own_root else "")
        if any(self.leads_out(path, root) for path in paths) and not name.startswith("special-"):
            root, inner = "/", {path: f"etc/{path.decode()}" for path in paths}
        probes, files, links, targets = [], [], {}, []
        for number, path in enumerate(paths):
            thing = self.things[path]
            if thing.kind == "link":
                target = thing.content.decode()
                replace = ", replace: true" if "repair.links.replace" in self.keys else ""
                links[inner[path]] = f"        - {{ path: {text(inner[path])}, target: {text(target)}{replace} }}"
                targets.append(target)
                if "self_test.link" in self.keys:
                    probes.append(f"      - {{ name: link{number}, link: {{ path: {text(inner[path])}, "
                                  f"target: {text(target)} }} }}")
                continue
            copy = self.copy(path)
            replace = ", replace: true" if "repair.files.replace" in self.keys else ""
            probes.append(f"      - {{ name: file{number}, file: {{ path: {text(inner[path])}, baseline: {text(copy)}"
                          f"{self.rights(thing, numbers, 'self_test.file')} }} }}")
            files.append(f"        - {{ path: {text(inner[path])}, baseline: {text(copy)}"
                         f"{self.rights(thing, numbers, 'repair.files')}{replace} }}")
        plain = [inner[path] for path in paths if self.things[path].kind == "file" and not self.things[path].acl]
        if plain and "repair.files.acl" in self.keys and "self_test.file.acl" not in self.keys:
            probes.append(f"      - {{ name: lists, command: [/bin/sh, -c, {text(NO_LISTS)}, lists, "
                          f"{', '.join(map(text, plain))}] }}")
        if links and "self_test.link" not in self.keys:
            given = ", ".join(map(text, [str(len(links)), *targets, *links]))
            probes.append(f"      - {{ name: links, command: [/bin/sh, -c, {text(SAME_LINKS)}, links, {given}] }}")
        lines = [f"  - name: {text(name)}", f"    root: {text(root)}", "    strategy: arie", "    every: 60s"]
        lines += [] if numbers else ["    depends_on: [accounts]"]
        lines += ["    self_test:", *probes, "    repair:"]
        lines += (["      files:", *files] if files else []) + (["      links:", *links.values()] if links else [])
        setid = [inner[path] for path in paths if self.things[path].kind == "file" and self.things[path].mode & 0o6000]
        if setid:
            paths = ", ".join(map(text, setid))
            lines.append(f"    certify: {{ security: {{ paths: [{paths}], allow_setid: true }} }}")
        return "\n".join(lines) + "\n"

    def write(self, most_files):
        """The configuration and its good copies; `most_files` takes only so many files and links."""
        place = os.path.join(self.root, "etc-trial-configuration")
        os.makedirs(os.path.join(place, "engines"), mode=0o700)
        begin = "version: 1\nengines:\n"
        text_of_part, parts, left = begin, [], most_files
        for name, own_root, paths in self.groups():
            paths = paths[:left]
            if not paths:
                break
            left -= len(paths)
            engine = self.engine(name, own_root, paths)
            self.engines[name] = paths
            if len(text_of_part) + len(engine) > 900_000:
                parts.append(text_of_part)
                text_of_part = begin
            text_of_part += engine
        for number, part in enumerate([*parts, text_of_part]):
            with open(os.path.join(place, "engines", f"{number:02}.yaml"), "w") as file:
                file.write(part)
        with open(os.path.join(place, "autoheal.yaml"), "w") as file:
            file.write(HEAD)
        return "/etc-trial-configuration/autoheal.yaml"
