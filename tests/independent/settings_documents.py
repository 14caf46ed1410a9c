"""JSON and YAML texts made up from a seed, as people and programs write them, now and then spoilt by a byte."""
import json
import random

WORDS = ["host", "port", "name", "image", "debug", "level", "db", "cache", "url", "web", "api", "x-common", "env", "log"]
ODD_NAMES = ["key with spaces", "a/b", "m~n", "8080", "on", "null", "é", "日本", "k.v", "x-y_z"]
ODD_TEXTS = ["", "yes", "no", "on", "off", "y", "N", "true", "null", "~", "1.10", "1.1", "010", "0o17", "0x1F", "1_000", "1e5",
             "1.5e3", "10:20", "1:2:3.5", "2026-11-29", "2026-11-29 10:00:00", ".inf", ".nan", "-.INF", "<<", "=", "1.2.3",
             "10.0.0.1", "a: b", "a #b", "#x", "- a", "it's", 'say "hi"', "back\\slash", "tab\there", "two\nlines", "é", "日本",
             " lead", "trail ", "{a}", "[a]", "@at", "`tick", "%p", "!bang", "&amp", "*star", "|", ">", "?", "? a", ":", "::",
             "a:", ",", "x,y", "\u0085", "\u2028", "\ufeff", "\x7f", "\U0001f600", "0b1", "+1", "1,000", "0", "-0", "089", ".5",
             "5.", ".", "..", "...", "---", "1e", "e5", "0x", "/usr/bin:/bin", "http://host:80/p?q=1#f", "app:2", "nan", "inf"]
NUMBERS = ["0", "-0", "1", "80", "8080", "-5", "1.10", "1.1", "0.5", "-1.5", "1e5", "1E+5", "1.0e+5", "1.5e-3", "12345678901234567890",
           "123456789012345678901234567890", "1.0", "1e400", "0.1e-7"]


def wanted(r, json_only=False):
    kind = r.random()
    if kind < 0.3:
        return json.dumps(r.choice(["a", "web", "new-value", "/var/lib/x", "app:2", "two words"]))
    if kind < 0.6:
        return json.dumps(r.choice(ODD_TEXTS), ensure_ascii=r.random() < 0.3)
    if kind < 0.85:
        return r.choice(NUMBERS)
    return r.choice(["true", "false", "null"])


def spoilt(r, text):
    if not text or r.random() > 0.08:
        return text
    at = r.randrange(len(text))
    put = r.choice(["\t", "\0", "\r", "{", "}", "[", "]", ":", ",", "-", "'", '"', "#", "&", "*", "!", "|", "\n", " ", "\\", "? ", "%",
                    "\x01", "\ud800" if False else "é", "//", "<<: ", "---\n", "...\n", "- ", "a: "])
    how = r.random()
    if how < 0.4:
        return text[:at] + put + text[at:]
    if how < 0.7:
        return text[:at] + text[at + 1:]
    return text[:at] + put + text[at + 1:] if how < 0.9 else text[:at]


class Json:
    def __init__(self, r):
        self.r = r
        self.end = r.choice(["\n", "\n", "\r\n"])
        self.step = r.choice(["", "", "  ", "    ", "\t"])
        self.colon = r.choice([": ", ": ", ":", " : "])

    def text(self):
        r = self.r
        lead = "\ufeff" if r.random() < 0.1 else ""
        body = self.value(0) if r.random() < 0.1 else self.container(0, r.random() < 0.9)
        tail = r.choice(["", self.end, self.end, " \t"])
        if r.random() < 0.04:
            tail += r.choice(["\0\0\0", "{}", "// end", "]", "null", "x"])
        return spoilt(r, lead + body + tail)

    def value(self, depth):
        if depth < 4 and self.r.random() < 0.45:
            return self.container(depth, self.r.random() < 0.65)
        return self.scalar()

    def scalar(self):
        r = self.r
        kind = r.random()
        if kind < 0.3:
            return r.choice(NUMBERS)
        if kind < 0.45:
            return r.choice(["true", "false", "null"])
        if kind < 0.5:
            return r.choice(["NaN", "01", "+1", ".5", "'x'", "tru", "0x1", "1.", "Infinity", '"\\x41"', '"\\ud800"', '"\t"',
                             '"\\ud83d\\ude00"', '"\\/"', '"\\u0000"']) if r.random() < 0.3 else '"x"'
        return json.dumps(r.choice(ODD_TEXTS + WORDS), ensure_ascii=r.random() < 0.5)

    def container(self, depth, is_object):
        r = self.r
        opening, closing = ("{", "}") if is_object else ("[", "]")
        count = r.choice([0, 1, 1, 2, 3, 4])
        names = [r.choice(WORDS + ODD_NAMES) for _ in range(count)]
        if r.random() > 0.05:
            names = list(dict.fromkeys(names))
        items = []
        for name in names:
            value = self.value(depth + 1)
            items.append(json.dumps(name, ensure_ascii=r.random() < 0.5) + self.colon + value if is_object else value)
        if not items:
            inner = r.choice(["", "", " ", self.end + self.step * depth])
            return opening + inner + closing
        if not self.step or r.random() < 0.15:
            gap = r.choice(["", " "])
            comma = r.choice([",", ", ", ","])
            return opening + gap + comma.join(items) + (", " if r.random() < 0.01 else "") + gap + closing
        inner = self.end + self.step * (depth + 1)
        return opening + inner + ("," + inner).join(items) + self.end + self.step * depth + closing


class Yaml:
    def __init__(self, r):
        self.r = r
        self.step = r.choice([2, 2, 2, 4, 3])
        self.zero = r.random() < 0.4
        self.anchors = []   # (name, is map)
        self.plain_only = r.random() < 0.3
        self.count = 0

    def text(self):
        r = self.r
        count = 1 if r.random() < 0.9 else r.choice([2, 3])
        out = []
        if r.random() < 0.1:
            out.append("# top of the file")
        for number in range(count):
            self.anchors = []
            if r.random() < 0.03 and (number == 0 or (out and out[-1] == "...")):
                out.append("%YAML 1.1")
                out.append("---")
            elif number > 0 or r.random() < 0.15:
                out.append("---" + (" # here" if r.random() < 0.1 else ""))
            out.extend(self.document())
            if r.random() < 0.05:
                out.append("...")
        if r.random() < 0.1:
            out.append("# the end")
        end = "\r\n" if r.random() < 0.12 else "\n"
        text = end.join(line for block in out for line in block.split("\n")) + (end if r.random() < 0.9 else "")
        return spoilt(r, ("\ufeff" if r.random() < 0.06 else "") + text)

    def document(self):
        r = self.r
        kind = r.random()
        if kind < 0.04:
            return []
        if kind < 0.1:
            return [self.flow(0)]
        if kind < 0.2:
            return self.list(0, 0)
        return self.map(0, 0)

    def name(self):
        r = self.r
        name = r.choice(WORDS) if r.random() < 0.85 else r.choice(ODD_NAMES)
        if r.random() < 0.08:
            return name, json.dumps(name, ensure_ascii=False)
        if r.random() < 0.04:
            return name, "'" + name + "'"
        return name, name

    def anchor(self, is_map):
        if self.plain_only or self.r.random() > 0.07:
            return ""
        self.count += 1
        name = "a%d" % self.count
        self.anchors.append((name, is_map))
        return "&" + name

    def comment(self):
        return self.r.choice([" # why", "  # port: 1", "\t# tab"]) if self.r.random() < 0.1 else ""

    def map(self, column, depth):
        r = self.r
        lines, pad, known = [], " " * column, set()
        if depth > 0 and not self.plain_only and r.random() < 0.2:
            maps = [name for name, is_map in self.anchors if is_map]
            if maps:
                some = r.sample(maps, min(len(maps), r.choice([1, 1, 2])))
                lines.append(pad + "<<: " + ("*" + some[0] if len(some) == 1 else "[" + ", ".join("*" + one for one in some) + "]"))
        for _ in range(r.choice([1, 2, 2, 3, 4])):
            name, written = self.name()
            if name in known and r.random() < 0.97:
                continue
            known.add(name)
            if r.random() < 0.05:
                lines.append(r.choice(["", pad + "# a comment", "# at the left", "  "]))
            lines.extend(self.entry(pad, written + r.choice([":", ":", ":", " :"]), column, depth))
        return lines or [pad + "k: v"]

    def entry(self, pad, start, column, depth):
        r = self.r
        kind = r.random()
        inner = column + self.step
        if depth < 4 and kind < 0.3:
            anchor = self.pending_anchor()
            lines = self.map(inner, depth + 1)
            self.settle(anchor, True)
            return [pad + start + (" &" + anchor if anchor else "") + self.comment()] + lines
        if depth < 4 and kind < 0.42:
            return [pad + start + self.comment()] + self.list(column if self.zero else inner, depth + 1)
        return self.leaf(pad + start, column)

    def pending_anchor(self):
        if self.plain_only or self.r.random() > 0.2:
            return ""
        self.count += 1
        return "a%d" % self.count

    def settle(self, anchor, is_map):
        if anchor:
            self.anchors.append((anchor, is_map))

    def list(self, column, depth):
        r = self.r
        pad, lines = " " * column, []
        for _ in range(r.choice([1, 2, 3])):
            kind = r.random()
            if depth < 4 and kind < 0.35:
                inner = self.map(column + 2, depth + 1)
                if inner[0].strip() and not inner[0].lstrip().startswith("#"):
                    inner[0] = pad + "- " + inner[0].lstrip(" ")
                    lines.extend(inner)
                    continue
            if depth < 4 and kind < 0.42:
                inner = self.list(column + 2, depth + 1)
                inner[0] = pad + "- " + inner[0].lstrip(" ")
                lines.extend(inner)
                continue
            lines.extend(self.leaf(pad + "-", column))
        return lines

    def leaf(self, start, column):
        r = self.r
        kind = r.random()
        inner = " " * (column + self.step)
        anchor = self.anchor(False)
        head = start + (" " + anchor if anchor else "")
        if kind < 0.08:
            return [head + self.comment()]
        if kind < 0.15 and self.anchors and not anchor and not self.plain_only:
            return [head + " *" + r.choice(self.anchors)[0] + self.comment()]
        if kind < 0.24:
            sign = r.choice("||>") + r.choice(["", "", "-", "+"])
            body = [inner + line if line else "" for line in r.choice([["one", "two"], ["x: 1", "", "  more", "y"], ["# no comment"], ["a", ""]])]
            return [head + " " + sign + self.comment().replace("\t", " ")] + body
        if kind < 0.29:
            return [head + r.choice([" two", " 'two", ' "two']).rstrip() + " words", inner + "go on"] if False else \
                self.lines_of_text(head, inner)
        if kind < 0.34:
            return [head + " " + self.flow(column) + self.comment()]
        if kind < 0.38:
            return [head + " " + r.choice(["!!str 80", "!!int 80", "!vault x", "!Ref name", "!secret 'x'", "!!str yes", "! 12", "!!null",
                                           "!!float 1.5", "!!bool true"]) + self.comment()]
        return [head + " " + self.scalar(False) + self.comment()]

    def lines_of_text(self, head, inner):
        quote = self.r.choice(["", "'", '"'])
        return [head + " " + quote + "two words", inner + "go on", "", inner + "and on" + quote]

    def scalar(self, in_flow):
        r = self.r
        kind = r.random()
        if kind < 0.2:
            return r.choice(["8080", "80", "1.10", "1.1", "010", "0o17", "0x1F", "1_000", "1e5", "10:20", "2026-11-29", ".inf", "-1", "+1", "0"])
        if kind < 0.35:
            return r.choice(["true", "false", "yes", "no", "on", "off", "True", "null", "~", "Null"])
        if kind < 0.5:
            return json.dumps(r.choice(ODD_TEXTS), ensure_ascii=r.random() < 0.7)
        if kind < 0.6:
            return "'" + r.choice(["x", "it''s", "80", "yes", "", "a: b", "# no"]) + "'"
        if in_flow:
            return r.choice(["a", "b", "web", "x-y"])
        return r.choice(["a", "web", "two words", "http://host:80/p", "a,b", "x#y", "app:1", "/usr/bin", "é", "-x", "?x", ":x", "a'b", 'a"b',
                         "a [b]", "$x", "<x>", "x=y", "a{b}"])

    def flow(self, column, depth=0):
        r = self.r
        many = r.random() < 0.25
        gap = "\n" + " " * (column + self.step) if many else r.choice(["", "", " "])
        comma = "," + (gap if many else " ")
        last = ("\n" + " " * column if column else "\n ") if many else gap
        if r.random() < 0.5:
            items = []
            for name in dict.fromkeys(self.name() for _ in range(r.choice([0, 1, 2, 3]))):
                value = self.flow(column + self.step, depth + 1) if depth < 2 and r.random() < 0.2 else self.scalar(True)
                items.append(name[1] + r.choice([": " + value] * 8 + [":", ""]))
            if not items:
                return r.choice(["{}", "{}", "{ }"])
            return "{" + gap + comma.join(items) + ("," if r.random() < 0.05 else "") + last + "}"
        items = [self.flow(column + self.step, depth + 1) if depth < 2 and r.random() < 0.2 else self.scalar(True)
                 for _ in range(r.choice([0, 1, 2, 3]))]
        return "[" + gap + comma.join(items) + last + "]" if items else "[]"
