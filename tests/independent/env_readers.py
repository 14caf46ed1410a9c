"""The programs that read .env files, asked about many texts at once; and the rules of Docker Compose and systemd, written
down once more from their documentation and sources, where the program itself cannot be asked. Shares nothing with our code.

Each function takes a list of bytes and gives a list of {name: value}, in bytes; None where the reader refuses the file."""
import ctypes
import json
import logging
import os
import re
import subprocess
import tempfile

NODE_PACKAGES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "node")


def in_files(texts, folder):
    paths = []
    for number, text in enumerate(texts):
        path = os.path.join(folder, str(number))
        with open(path, "wb") as out:
            out.write(text)
        paths.append(path)
    return paths


class Cut(dict):
    """What a shell knew when it stopped in the midst of a file."""


# What a sourced file runs must not be found; what it writes goes into a folder of its own.
SHELL = r"""
PATH=/nowhere
dump() {
  printf '@\0'
  %s
  printf '!\0'
}
i=0
while [ "$i" -lt %d ]; do
  (trap dump EXIT; . ./"$i") 2>"$i.said" </dev/null
  printf '\001\0'
  i=$((i + 1))
done
"""


def shell(program, names):
    def read(texts):
        with tempfile.TemporaryDirectory() as folder:
            in_files(texts, folder)
            for other in ("other", "other\r"):  # for files that read another
                with open(os.path.join(folder, other), "wb"):
                    pass
            dumps = "\n  ".join('if [ "${%s+x}" = x ]; then printf \'%%s=%%s\\0\' %s "$%s"; fi' % (n, n, n) for n in names)
            script = SHELL % (dumps, len(texts))
            done = subprocess.run([program, "-c", script], cwd=folder, env={}, capture_output=True, check=False)
            said = [open(os.path.join(folder, f"{n}.said"), "rb").read() for n in range(len(texts))]
        found = []
        for part, complaint in zip(done.stdout.split(b"\x01\0"), said):
            values = Cut() if re.search(rb"[Ss]yntax error|unexpected EOF", complaint) else {}
            part = part[part.rfind(b"@\0") + 2:]
            for item in part.split(b"\0"):
                if b"=" in item:
                    name, value = item.split(b"=", 1)
                    values[name] = value
            found.append(values)
        assert len(found) == len(texts), (program, len(found), len(texts), done.stderr[:500])
        return found
    return read


def python_dotenv(texts):
    import dotenv
    logging.disable(logging.CRITICAL)
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for path in in_files(texts, folder):
            try:
                values = dotenv.dotenv_values(path)
                found.append({n.encode(): v.encode() for n, v in values.items() if v is not None})
            except UnicodeDecodeError:
                found.append(None)
    return found


NODE = r"""
const util = require('util'), dotenv = require(process.argv[2] + '/node_modules/dotenv');
const lines = require('fs').readFileSync(0, 'latin1').trim().split('\n');
const out = [];
for (const line of lines) {
  const text = Buffer.from(line.slice(1), 'hex').toString('utf8');
  const hex = (o) => Object.fromEntries(Object.entries(o).map(([k, v]) => [Buffer.from(k).toString('hex'),
                                                                        Buffer.from(v).toString('hex')]));
  out.push(JSON.stringify([hex(dotenv.parse(text)), hex(util.parseEnv(text))]));
}
console.log(out.join('\n'));
"""


def both_of_node(texts):
    """(of the package dotenv, of --env-file), whose reading util.parseEnv is."""
    with tempfile.NamedTemporaryFile("w", suffix=".js") as script:
        script.write(NODE)
        script.flush()
        lines = "\n".join("=" + text.hex() for text in texts) + "\n"
        done = subprocess.run(["node", script.name, NODE_PACKAGES], input=lines.encode(), capture_output=True, check=True)
    npm, node = [], []
    for line in done.stdout.decode().splitlines():
        for into, values in zip((npm, node), json.loads(line)):
            into.append({bytes.fromhex(n): bytes.fromhex(v) for n, v in values.items()})
    return npm, node


# ---- systemd

def systemd_library():
    import glob
    for path in sorted(glob.glob("/usr/lib/*/systemd/libsystemd-shared-*.so") +
                       glob.glob("/usr/lib/systemd/libsystemd-shared-*.so")):
        try:
            library = ctypes.CDLL(path)
            library.load_env_file.argtypes = [ctypes.c_void_p, ctypes.c_char_p,
                                              ctypes.POINTER(ctypes.POINTER(ctypes.c_char_p))]
            return library
        except (OSError, AttributeError):
            continue
    return None


NAME = re.compile(rb"[A-Za-z_][A-Za-z0-9_]*\Z")


def systemd_itself(library):
    def read(texts):
        found = []
        with tempfile.TemporaryDirectory() as folder:
            for path in in_files(texts, folder):
                result = ctypes.POINTER(ctypes.c_char_p)()
                status = library.load_env_file(None, path.encode(), ctypes.byref(result))
                if status < 0:
                    found.append(None)
                    continue
                values, index = {}, 0
                while result and result[index]:
                    name, value = result[index].split(b"=", 1)
                    if NAME.match(name):
                        values[name] = value
                    index += 1
                found.append(values)
        return found
    return read


def systemd_by_rules(texts):
    return [systemd_rules(text) for text in texts]


def systemd_rules(text):
    if b"\0" in text:
        return None
    values, at, size = {}, 0, len(text)
    while at < size:
        byte = text[at:at + 1]
        if byte in b" \t\r\n":
            at += 1
            continue
        if byte in b"#;":
            while at < size and text[at:at + 1] not in b"\r\n":
                at += 2 if text[at:at + 1] == b"\\" else 1
            continue
        end = at + 1  # whatever the first byte is, it is of the name
        while end < size and text[end:end + 1] not in b"=\r\n":
            end += 1
        if text[end:end + 1] != b"=":
            at = end
            continue
        name, at, value = text[at:end].rstrip(b" \t"), end + 1, b""
        while at < size and text[at:at + 1] not in b"\r\n":
            byte = text[at:at + 1]
            if byte == b"'":
                close = text.find(b"'", at + 1)
                close = size if close < 0 else close
                value += text[at + 1:close]
                at = close + 1
            elif byte == b'"':
                at += 1
                while at < size and text[at:at + 1] != b'"':
                    if text[at:at + 1] == b"\\":
                        following = text[at + 1:at + 2]
                        if following != b"\n":
                            value += following if following in b'"\\`$' else b"\\" + following
                        at += 2
                    else:
                        value += text[at:at + 1]
                        at += 1
                at += 1
            elif byte in b" \t":
                at += 1
            else:
                keep = len(value)
                while at < size and text[at:at + 1] not in b"\r\n":
                    if text[at:at + 1] == b"\\":
                        if text[at + 1:at + 2] not in b"\r\n":
                            value += text[at + 1:at + 2]
                        keep = len(value)
                        at += 2
                    else:
                        value += text[at:at + 1]
                        if text[at:at + 1] not in b" \t":
                            keep = len(value)
                        at += 1
                value = value[:keep]
                break
        try:
            (name + value).decode()
        except UnicodeDecodeError:
            return None
        if NAME.match(name):
            values[name] = value
    return values


# ---- Docker Compose

BLANK = " \t\v\f\r\x85\xa0"
TEMPLATE = re.compile(r"\$(?:(?P<escaped>\$)|(?P<named>[_a-zA-Z][_a-zA-Z0-9]*)|\{(?P<braced>[_a-zA-Z][^}]*)\}|(?P<invalid>\{))")
ESCAPE = re.compile(r'\\(?:[abcfnrtv$"\\]|0\d{0,3})')
MEANT = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", '"': '"', "\\": "\\"}


class Refused(Exception):
    pass


def compose_expanded(text, values):
    def one(match):
        if match["escaped"]:
            return "$"
        if match["invalid"]:
            raise Refused
        name = match["named"] or re.match(r"\w+", match["braced"])[0]
        return values.get(name, "")
    return TEMPLATE.sub(one, text)


def compose_escape(match):
    what = match[0][1:]
    if what == "$":
        return "$$"
    if what[0] == "0":
        return chr(int(what[1:], 8)) if re.fullmatch(r"0[0-3][0-7]{2}", what) else match[0]
    return MEANT.get(what, match[0])


def compose_rules(raw):
    text = raw.decode(errors="replace")
    if text.startswith("\ufeff"):
        text = text[1:]
    values, at = {}, 0
    try:
        while True:
            while at < len(text) and (text[at].isspace() or text[at] == "#"):
                if text[at] == "#":
                    newline = text.find("\n", at)
                    at = len(text) if newline < 0 else newline
                else:
                    at += 1
            if at >= len(text):
                break
            if re.match(r"export\s", text[at:]):
                at += 6
                while at < len(text) and text[at] in BLANK:
                    at += 1
            begin = at
            while at < len(text) and text[at] not in "=:\n":
                if text[at] not in BLANK and text[at] not in "_.-[]" and not text[at].isalnum():
                    raise Refused
                at += 1
            if at == len(text):
                break
            name = text[begin:at].rstrip()
            if " " in name:
                raise Refused
            sign = text[at]
            at += 1
            while at < len(text) and text[at] in BLANK:
                at += 1
            if sign == "\n":
                continue
            if text[at:at + 1] in ("'", '"'):
                quote, value, at = text[at], "", at + 1
                while text[at:at + 1] != quote:
                    if at >= len(text):
                        raise Refused
                    if text[at] == "\\" and at + 1 < len(text):
                        value += text[at + 1] if text[at + 1] == quote else text[at:at + 2]
                        at += 2
                    else:
                        value += text[at]
                        at += 1
                at += 1
                if quote == '"':
                    value = compose_expanded(ESCAPE.sub(compose_escape, value), values)
            else:
                end = text.find("\n", at)
                end = len(text) if end < 0 else end
                value = compose_expanded(text[at:end].split(" #")[0].rstrip(), values)
                at = end
            values[name] = value
    except Refused:
        return None
    return {name.encode(): value.encode() for name, value in values.items()}


def compose_by_rules(texts):
    return [compose_rules(text) for text in texts]
