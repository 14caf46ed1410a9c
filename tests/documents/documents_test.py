#!/usr/bin/env python3
"""The documents are true for the program that was built: documents_test.py PROGRAM.

- Every command line, in a code block or in the text, is one that the program's own parser accepts.
- Every session is really run, in a folder of its own, and prints what the document shows.
- C++ stands below `<!-- from FILE -->` and is in that file, line by line; `// …` stands for lines left out.
- Every relative link leads to a file, and to a heading if it names one. Every file of the source that is named exists.
- docs/configuration.md is what the program prints. README.md has at most 150 lines.

A session is a block of kind `console` below a comment `<!-- session ... -->`, whose further lines are shell commands
that prepare it. The sessions of a document share one folder, shown as /tmp/try. A line `…` stands for any lines, and
`(exit status N)` for the exit status of the command above, else 0. Ids, digests, times and signatures may differ.
A comment `<!-- file NAME -->` writes the block below it into that folder. Below `<!-- run ... -->`, every line of the
block is run there, whatever it prints.

Before it checks the documents, the test plants a fault of each kind and makes sure that it is found.
"""
import grp
import os
import pathlib
import pwd
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import textwrap
import typing

ROOT = pathlib.Path(__file__).resolve().parents[2]
LONGEST_README = 150
SHOWN_FOLDER = "/tmp/try"
SECONDS = 120
# No command has it: a parser that complains of this alone accepts everything else.
NO_COMMANDS = {"ARGS", "COMMAND", "output-drain"}  # stand for one, or are called by the program itself
NO_SUCH_OPTION = "--no-command-has-this-option"


class Block(typing.NamedTuple):
    line: int  # of its first line of text
    kind: str
    text: str
    comment: str  # right above it


class Documents(typing.NamedTuple):
    root: pathlib.Path
    program: pathlib.Path

    def files(self):
        found = [self.root / "README.md", self.root / "CONTRIBUTING.md", self.root / "SECURITY.md",
                 self.root / "ARCHITECTURE.md", self.root / "CHANGELOG.md", self.root / "tests" / "README.md"]
        return [one for one in found + sorted((self.root / "docs").glob("*.md")) if one.exists()]

    def name(self, file):
        return file.relative_to(self.root).as_posix()


# ---- reading Markdown

def blocks_of(text):
    """Fenced code blocks, each with the comment right above it."""
    found, lines, number, comment = [], text.split("\n"), 0, ""
    while number < len(lines):
        line = lines[number]
        if line.startswith("<!--"):
            end = number
            while end < len(lines) and "-->" not in lines[end]:
                end += 1
            comment = "\n".join(lines[number:end + 1])
            number = end + 1
            continue
        fence = re.match(r"^( {0,3})```+(\S*)", line)
        if fence:
            end = number + 1
            while end < len(lines) and not lines[end].strip().startswith("```"):
                end += 1
            body = "\n".join(one.removeprefix(fence[1]) for one in lines[number + 1:end])
            found.append(Block(number + 2, fence[2], body, comment))
            number = end
        comment = "" if line.strip() else comment
        number += 1
    return found


def without_code(text):
    text = re.sub(r"^( {0,3})```.*?^\1```\s*$", "", text, flags=re.M | re.S)
    return re.sub(r"`[^`\n]*`", "", text)


def anchors_of(text):
    """As GitHub makes them of headings."""
    found = set()
    for title in re.findall(r"^#{1,6} (.+)$", re.sub(r"^```.*?^```\s*$", "", text, flags=re.M | re.S), flags=re.M):
        title = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title)
        found.add(re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-"))
    return found


# ---- command lines

def shell_lines(block):
    """The lines of a block that a person types, continuations joined, each with its number in the file."""
    prompt = block.kind == "console"
    number, lines = 0, block.text.split("\n")
    while number < len(lines):
        first, line = number, lines[number]
        number += 1
        if prompt and not line.startswith("$ "):
            continue
        line = line[2:] if prompt else line
        while (line.endswith("\\") or line.count('"') % 2) and number < len(lines):
            line = line.removesuffix("\\") + "\n" + lines[number]
            number += 1
        yield block.line + first, line


def command_lines(block):
    """The words of each call of autoheal in it."""
    if block.kind not in ("console", "sh", "shell", "bash", ""):
        return
    for number, line in shell_lines(block):
        if "autoheal" not in line:
            continue
        lexer = shlex.shlex(line.replace("…", "x"), posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        lexer.commenters = "#"
        words = []
        for word in list(lexer) + [";"]:
            if word and set(word) <= set(";&|()<>"):
                while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
                    words = words[1:]
                if words[:1] == ["autoheal"]:
                    yield number, words[1:]
                words = ["a file"] if set(word) & set("<>") else []
            else:
                words.append(word)


def commands_in_text(text):
    """The words of each `autoheal ...` in the text itself, with its line."""
    plain_text = re.sub(r"^( {0,3})```.*?^\1```\s*$", lambda block: "\n" * block[0].count("\n"), text,
                        flags=re.M | re.S)
    for found in re.finditer(r"`autoheal ([^`]+)`", plain_text):
        yield plain_text.count("\n", 0, found.start()) + 1, shlex.split(found[1].split(" > ")[0])


def refused(program, words, folder):
    """Why the program's parser does not take these words; empty if it does."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    if words in (["--help"], ["--version"]):
        run = subprocess.run([program, *words], cwd=folder, env=environment, capture_output=True, text=True,
                             timeout=SECONDS)
        return "" if run.returncode == 0 else run.stderr.strip()
    words = [word for word in words if word not in ("--help", "-h")] if words[-1:] in (["--help"], ["-h"]) else words
    run = subprocess.run([program, *words, NO_SUCH_OPTION], cwd=folder, env=environment, capture_output=True, text=True,
                         timeout=SECONDS, stdin=subprocess.DEVNULL)
    first = run.stderr.strip().split("\n")[0]
    if run.returncode == 2 and re.search(r"argument was not expected: " + NO_SUCH_OPTION + r"$", first):
        return ""
    return first or f"exit status {run.returncode}"


def faults_of_command_lines(documents, name, text):
    faults = []
    with tempfile.TemporaryDirectory() as folder:
        for number, words in [one for block in blocks_of(text) for one in command_lines(block)]:
            why = refused(documents.program, words, folder)
            # A command that needs arguments may be shown with its help alone.
            if why and not (" is required" in why and "--help" in words):
                faults.append(f"{name}:{number}: autoheal {' '.join(words)}: {why}")
        for number, words in commands_in_text(text):
            why = refused(documents.program, words, folder)
            # The text may name a command without its arguments.
            if why and not re.search(r": [a-z]+ is required", why) and words[0] not in NO_COMMANDS:
                faults.append(f"{name}:{number}: autoheal {' '.join(words)}: {why}")
    return faults


# ---- sessions

ANY_OF = [
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "ID"),
    (r"sha256:[0-9a-f]{7,64}", "sha256:DIGEST"),
    (r"— (\S+) [A-Za-z0-9+/=]{40,}", r"— \1 SIGNATURE"),
    (r"^[A-Za-z0-9+/]{43}=$", "HASH"),
    (r"[+-]?\d+\.\d+ (s|ms)\b", r"SOME \1"),
    (r"bridge_selftest_\d{8}_\d{6}(_\d+)?", "REPORT"),
    (r"autoheal \d+\.\d+\.\d+", "autoheal VERSION"),
    (r"nobody that this user can see; .*", "nobody"),
]


def plain(line, folder=None):
    if folder:
        line = line.replace(str(folder), SHOWN_FOLDER)
        line = line.replace(f" by {user()} ", " by root ").replace(f" {user()}:{group()}", " root:root")
    for expression, replacement in ANY_OF:
        line = re.sub(expression, replacement, line)
    return re.sub(r" +", " ", line).strip()


def user():
    return pwd.getpwuid(os.geteuid()).pw_name


def group():
    return grp.getgrgid(os.getegid()).gr_name


def first_difference(shown, out, err):
    """Where `shown`, in which `…` stands for any lines, is not what was printed; None if it is. A terminal shows both
    streams, each in its order; which comes first is not asked."""
    places = {(0, 0)}  # how much of `out` and of `err` may have been shown so far
    for line in shown:
        if line == "…":
            places = {(o, e) for first_o, first_e in places for o in range(first_o, len(out) + 1)
                      for e in range(first_e, len(err) + 1)}
            continue
        on = {(o + 1, e) for o, e in places if o < len(out) and out[o] == line} | \
             {(o, e + 1) for o, e in places if e < len(err) and err[e] == line}
        if not on:
            o, e = min(places)
            return f"shows {line!r}, but the program prints {(out[o:] + err[e:])[:1] or 'nothing more'}"
        places = on
    if (len(out), len(err)) in places:
        return None
    o, e = max(places)
    return f"shows nothing more, but the program prints {(out[o:] + err[e:])[0]!r}"


def typed(block):
    """Each command of a session with the lines that are shown below it and the exit status."""
    starts = list(shell_lines(block))
    lines = block.text.split("\n")
    for index, (number, command) in enumerate(starts):
        begin = number - block.line + 1 + command.count("\n")
        end = starts[index + 1][0] - block.line if index + 1 < len(starts) else len(lines)
        shown, status = [], 0
        for line in lines[begin:end]:
            told = re.fullmatch(r"\(exit status (\d+)\)", line.strip())
            status = int(told[1]) if told else status
            if line.strip() and not told:
                shown.append(line)
        yield number, command, shown, status


class Sessions:
    """One document's sessions, in a folder of their own."""

    def __init__(self, program):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="autoheal-documents-"))
        self.home, self.bin = self.folder / "home", self.folder / "bin"
        self.home.mkdir()
        self.bin.mkdir()
        (self.bin / "autoheal").symlink_to(program)
        self.environment = {"PATH": f"{self.bin}:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(self.home),
                            "LC_ALL": "C.UTF-8", "NO_COLOR": "1",
                            "PYTHONPATH": str(ROOT / "tools" / "python"), "PYTHONDONTWRITEBYTECODE": "1"}

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, command):
        return subprocess.run(["/bin/bash", "-c", command], cwd=self.home, env=self.environment, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, umask=0o022)

    def faults(self, name, block):
        kind, _, setup = block.comment.removeprefix("<!--").removesuffix("-->").strip().partition("\n")
        if kind.startswith("file "):
            (self.home / kind.removeprefix("file ").strip()).write_text(block.text + "\n")
            return []
        if kind not in ("session", "run"):
            return []
        if kind == "session" and block.kind != "console":
            return [f"{name}:{block.line}: a session is a block of kind console"]
        prepared = self.run("set -e\n" + setup)
        if prepared.returncode != 0:
            return [f"{name}:{block.line}: cannot be prepared: {prepared.stderr.strip()}"]
        if kind == "run":
            return [fault for number, command in shell_lines(block) if command.strip()
                    for fault in self.faults_of_run(f"{name}:{number}: {command}", self.run(command), 0)]
        faults = []
        for number, command, shown, status in typed(block):
            ran = self.run(command)
            out, err = ([plain(line, self.home) for line in stream.split("\n") if line.strip()]
                        for stream in (ran.stdout, ran.stderr))
            differs = first_difference([plain(line) for line in shown], out, err)
            ended = self.faults_of_run(f"{name}:{number}: {command}", ran, status)
            faults += ended or ([f"{name}:{number}: {command}: {differs}"] if differs else [])
        return faults

    @staticmethod
    def faults_of_run(what, ran, status):
        if ran.returncode == status:
            return []
        return [f"{what}: exit status {ran.returncode}, expected {status}: {ran.stderr.strip()}"]


def faults_of_sessions(documents, name, text):
    sessions, faults = Sessions(documents.program), []
    try:
        for block in blocks_of(text):
            faults += sessions.faults(name, block)
    finally:
        sessions.close()
    return faults


# ---- links, sizes, the generated page

def faults_of_links(documents, name, text):
    faults, folder = [], (documents.root / name).parent
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(text)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (folder / path) if path else documents.root / name
        if not file.exists():
            faults.append(f"{name}: the link to {target} leads to no file")
        elif anchor and anchor not in anchors_of(text if not path else file.read_text()):
            faults.append(f"{name}: the link to {target} leads to no heading")
    return faults


def faults_of_paths(documents, name, text):
    """Files of the source that a document names are there; a module may be named without .hpp and .cpp."""
    if name.startswith("tests/") or name == "CHANGELOG.md":
        return []  # names relative to tests/; what was
    named = set(re.findall(r"(?<![\w/.])(?:engine|store|workflows|replay|tools|tests|docs)/[\w/.*-]*\w", text))
    return [f"{name}: there is no {path}" for path in sorted(named)
            if "*" not in path and not any((documents.root / (path + end)).exists() for end in ("", ".hpp", ".cpp"))]


def is_in(piece, lines):
    """Whether these lines stand there one after the other, whatever the indentation of all of them."""
    wanted = textwrap.dedent("\n".join(piece))
    return any(textwrap.dedent("\n".join(lines[at:at + len(piece)])) == wanted for at in range(len(lines)))


def faults_of_code(documents, name, text):
    """C++ in a document is that of a file, which is compiled."""
    for block in blocks_of(text):
        if block.kind != "cpp":
            continue
        told = re.fullmatch(r"<!-- from (\S+) -->", block.comment.strip())
        file = documents.root / told[1] if told else None
        if not file or not file.is_file():
            yield f"{name}:{block.line}: C++ that is of no file: <!-- from FILE --> says of which"
            continue
        lines = file.read_text().split("\n")
        for piece in re.split(r"^ *// …\n", block.text + "\n", flags=re.M):
            shown = piece.strip("\n").split("\n")
            if shown != [""] and not is_in(shown, lines):
                yield f"{name}:{block.line}: this is not in {told[1]}: {shown[0]}"


def faults_of_size(_, name, text):
    lines = text.count("\n")
    return [f"{name} has {lines} lines, at most {LONGEST_README} are wanted"] \
        if name == "README.md" and lines > LONGEST_README else []


def faults_of_reference(documents, name, text):
    if name != "docs/configuration.md":
        return []
    printed = subprocess.run([documents.program, "config", "help", "--markdown"], capture_output=True, text=True,
                             timeout=SECONDS).stdout
    if printed == text:
        return []
    pairs = list(zip(printed.split("\n"), text.split("\n")))
    line = next((at for at, (one, other) in enumerate(pairs, 1) if one != other), len(pairs))
    return [f"{name}:{line}: is not what the program prints: autoheal config help --markdown > {name}"]


CHECKS = [faults_of_command_lines, faults_of_sessions, faults_of_links, faults_of_paths, faults_of_code,
          faults_of_size, faults_of_reference]


# ---- can it fail?

PLANTED = {
    "an unknown command": ("docs/a.md", "```sh\nautoheal frobnicate\n```\n", "autoheal frobnicate"),
    "an unknown option": ("docs/a.md", "```sh\nautoheal heal app --slowly\n```\n", "--slowly"),
    "an unknown command in the text": ("docs/a.md", "Run `autoheal frobnicate`.\n", "autoheal frobnicate"),
    "an unknown option in the text": ("docs/a.md", "Run `autoheal heals --engin app`.\n", "--engin"),
    "an unknown option behind a pipe": ("docs/a.md", "```sh\ntrue | autoheal audit --fellow\n```\n", "--fellow"),
    "a missing argument": ("docs/a.md", "```console\n$ autoheal heal\n```\n", "required"),
    "a value that is none": ("docs/a.md", "```sh\nautoheal heals -o xml\n```\n", "xml"),
    "another output": ("docs/a.md", "<!-- session\n-->\n```console\n$ echo one\ntwo\n```\n", "shows 'two'"),
    "more output": ("docs/a.md", "<!-- session\n-->\n```console\n$ printf 'one\\ntwo\\n'\none\n```\n", "prints 'two'"),
    "less output": ("docs/a.md", "<!-- session\n-->\n```console\n$ echo one\n…\ntwo\n```\n", "shows 'two'"),
    "another exit status": ("docs/a.md", "<!-- session\n-->\n```console\n$ autoheal heals -c missing.yaml\n…\n```\n",
                            "exit status 78, expected 0"),
    "a session that cannot be prepared": ("docs/a.md", "<!-- session\nfalse\n-->\n```console\n$ true\n```\n",
                                          "cannot be prepared"),
    "a command that fails": ("docs/a.md", "<!-- run\n-->\n```sh\nautoheal heals -c missing.yaml\n```\n",
                             "exit status 78, expected 0"),
    "a link to nothing": ("docs/a.md", "[there](missing.md)\n", "leads to no file"),
    "a link to no heading": ("docs/a.md", "# Here\n[there](#there)\n", "leads to no heading"),
    "a path to nothing": ("docs/a.md", "See `engine/no_such_module`.\n", "there is no engine/no_such_module"),
    "code of no file": ("docs/a.md", "```cpp\nint a;\n```\n", "of no file"),
    "code of another file": ("docs/a.md", "<!-- from docs/a.cpp -->\n```cpp\n  int b;\n```\n", "is not in docs/a.cpp"),
    "code with a line too few": ("docs/a.md", "<!-- from docs/a.cpp -->\n```cpp\nint a;\nint c;\n```\n",
                                 "is not in docs/a.cpp"),
    "a long README": ("README.md", "a line\n" * (LONGEST_README + 1), "lines"),
    "an old reference": ("docs/configuration.md", "# Configuration reference\n", "is not what the program prints"),
}

ACCEPTED = """# Here

A [link](#here), `[none](in-code.md)`.

```sh
autoheal heal EnvRecon --dry-run -o json   # a comment with --no-option
autoheal ledger checkpoint | tee monday.checkpoint && autoheal --version
autoheal init --help
```

<!-- from docs/a.cpp -->
```cpp
int a;
// …
int c;
```

<!-- file words -->
```text
one
```

<!-- session
echo two >> words
-->
```console
$ cat words
one
two
$ printf "one
    two"
one
    two
$ seq 5
1
…
5
$ echo out; echo err >&2
err
out
$ VALUE=1 autoheal --version > version; install version autoheal
$ false
(exit status 1)
```
"""


def faults_of(documents, name, text):
    return [fault for check in CHECKS for fault in check(documents, name, text)]


def faults_of_this_test(program):
    with tempfile.TemporaryDirectory() as folder:
        documents = Documents(pathlib.Path(folder), program)
        (documents.root / "docs").mkdir()
        (documents.root / "docs" / "a.md").write_text(ACCEPTED)
        (documents.root / "docs" / "a.cpp").write_text("struct A {\n  int a;\n\n  int c;\n};\n")
        faults = [f"what is right is refused: {fault}" for fault in faults_of(documents, "docs/a.md", ACCEPTED)]
        for what, (name, text, part) in PLANTED.items():
            (documents.root / name).write_text(text)
            found = faults_of(documents, name, text)
            if not any(part in fault for fault in found):
                faults.append(f"{what} is not found: {found}")
            (documents.root / name).unlink()
    return faults


def main():
    documents = Documents(ROOT, pathlib.Path(sys.argv[1]).resolve())
    faults = faults_of_this_test(documents.program)
    files = documents.files()
    if len(files) < 12:
        faults.append(f"only {len(files)} documents were found")
    sessions = 0
    for file in files:
        text = file.read_text()
        sessions += text.count("\n<!-- session")
        faults += faults_of(documents, documents.name(file), text)
    if sessions < 5:
        faults.append(f"only {sessions} sessions were found")
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
