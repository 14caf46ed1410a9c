"""Finds sentences that are glued together from many pieces with `+` where fmt would compose them, and headers of fmt
that cost too much. Texts that need braces of their own (JSON, YAML), SQL and absolute paths are bytes, not
sentences."""
import re

# Folders that link fmt.
COMPOSED = ("engine/", "store/", "workflows/", "replay/", "tools/")
MOST_PIECES = 3
TOKEN = re.compile(r'R"(\w*)\((?:.|\n)*?\)\1"|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)+\'|//[^\n]*|/\*(?:.|\n)*?\*/')
NO_SENTENCE = re.compile(r'[{}]|^"/\w|\b(?:SELECT|FROM|WHERE|AND|ORDER BY|UPDATE|INSERT|DELETE|PRAGMA)\b')
WORDS = re.compile(r"[A-Za-z]{2}")
SENTENCE, BYTES, OTHER = "\x01", "\x02", "\x03"
# These end a chain: everything that binds weaker than `+`. The formatter puts spaces around binary operators only.
BORDER = re.compile(r";|,| [?:] | [=!<>+*/|&-]?=|==| <=> | [<>]=? | << | >> | && | \|\| |\b(?:co_)?return\b")


def with_marks(text):
    """The code with one mark for each literal, and without comments; lines stay where they are."""
    def mark(match):
        found = match[0]
        lines = "\n" * found.count("\n")
        if found.startswith("/"):
            return lines
        if found.startswith("'"):
            return OTHER + lines
        content = re.sub(r"\\x[0-9a-fA-F]+|\\.", " ", found)
        return (BYTES if NO_SENTENCE.search(content) else SENTENCE if WORDS.search(content) else OTHER) + lines

    return re.sub(r"^#[^\n]*", "", TOKEN.sub(mark, text), flags=re.M)


def expressions(code):
    """First line and text of each part of the code that lies within one pair of brackets; an inner pair is left out."""
    open_parts, line = [[1, ""]], 1
    for char in code:
        if char in "([{":
            open_parts.append([line, ""])
        elif char in ")]}":
            if len(open_parts) > 1:
                yield open_parts.pop()
                open_parts[-1][1] += "()"
            if char == "}":
                open_parts[-1][1] += ";"
        else:
            line += char == "\n"
            open_parts[-1][1] += char
    yield from open_parts


def glued_faults(name, text):
    if not name.startswith(COMPOSED):
        return
    for header in re.findall(r"#include <(fmt/(?!core\.h>)[^>]+)>", text):
        yield "glued", name, 1, f"{name}: <{header}> costs each build seconds: <fmt/core.h> is enough for sentences"
    for first, part in expressions(with_marks(text)):
        at = 0
        for border in [*BORDER.finditer(part), None]:
            chain = part[at:border.start() if border else len(part)]
            pieces = len(re.findall(r"\s\+\s", chain)) + 1
            if pieces > MOST_PIECES and SENTENCE in chain and BYTES not in chain:
                line = first + part[:at].count("\n") + len(re.match(r"\s*", chain)[0].split("\n")) - 1
                yield ("glued", name, 1, f"{name}:{line}: a sentence of {pieces} pieces: compose it with fmt::format")
            at = border.end() if border else at


# Faulty text and fine text for each thing that the check must tell.
PLANTED = {
    "a glued sentence": ('  return "the " + name + " sat on " +\n         place;\n',
                         '  return "the " + name + " sat";\n'),
    "one beside a choice": ('f(a ? "" : "the " + b + (c ? "" : d) + e);\n', 'f(a ? "the " + b : c + d + e);\n'),
    "one with brackets in it": ('x = "the " + f(a, b) + g[1] + "y";\n', 'x = "the " + f(a + b + "c" + d);\n'),
    "one that is not SQL": ('"from " + a + " to " + b;\n', '"SELECT " + a + " FROM " + b;\n'),
    "one that is not JSON": ('"a list " + a + " of " + b;\n', '"{\\"key\\": " + a + ", " + b + "}";\n'),
    "one that is not a path": ('"lies in " + a + "/" + b;\n', '"/proc/" + a + "/" + b;\n'),
    "an expensive header": ("#include <fmt/format.h>\n", "#include <fmt/core.h>\n"),
}
