"""What other readers make of JSON and YAML texts. None of them shares code with ours. Each gives, for a text, its
documents in one form: maps as dicts (JSON as lists of pairs, in their order), scalars as (type, value); None where it
cannot read the text."""
import datetime
import json
import math
import os
import subprocess
import warnings

import yaml

try:
    import ruamel.yaml as ruamel
except ImportError:
    ruamel = None

warnings.simplefilter("ignore")  # of numbers that look like those of YAML 1.1
HERE = os.path.dirname(os.path.abspath(__file__))


def without_mark(text):
    return text[1:] if text.startswith("\ufeff") else text


def refuse_constant(word):
    raise ValueError(word)


# ---- JSON

def python_json(text):
    """Numbers as they are written, all members in their order."""
    try:
        return [json.loads(without_mark(text), parse_int=lambda n: ("number", n), parse_float=lambda n: ("number", n),
                           parse_constant=refuse_constant, object_pairs_hook=lambda pairs: ("map", pairs))]
    except (ValueError, RecursionError):
        return None


def jq(texts):
    """One process for all; numbers are doubles, of equal names the last one counts."""
    lines = "".join(json.dumps(without_mark(text)) + "\n" for text in texts)
    run = subprocess.run(["jq", "-c", 'try [fromjson] catch "unreadable"'], input=lines, capture_output=True, text=True, check=True)
    read = [json.loads(line, object_pairs_hook=lambda pairs: ("map", pairs)) for line in run.stdout.split("\n")[:-1]]
    assert len(read) == len(texts), "jq answered %d of %d" % (len(read), len(texts))
    return [None if one == "unreadable" else one for one in read]


# ---- YAML

class Loader(yaml.SafeLoader):
    pass


def any_tag(loader, suffix, node):
    if isinstance(node, yaml.ScalarNode):
        return ("tag", node.tag, loader.construct_scalar(node))
    if isinstance(node, yaml.SequenceNode):
        return ("tag", node.tag, loader.construct_sequence(node, deep=True))
    return ("tag", node.tag, loader.construct_mapping(node, deep=True))


Loader.add_multi_constructor("", any_tag)


class TooMuch(Exception):
    pass


def form(value, left):
    """Aliases written out, types told."""
    left[0] -= 1
    if left[0] < 0:
        raise TooMuch()
    if value is None or isinstance(value, (bool, str)):
        return (type(value).__name__, value)
    if isinstance(value, int):
        return ("number", value)
    if isinstance(value, float):
        return ("number", "nan" if math.isnan(value) else value)
    if isinstance(value, dict):
        return {form(key, left): form(inner, left) for key, inner in value.items()}
    if isinstance(value, list):
        return [form(inner, left) for inner in value]
    if isinstance(value, (datetime.date, datetime.datetime, bytes)):
        return (type(value).__name__, str(value))
    if isinstance(value, tuple) and value and value[0] == "tag":
        return ("tag", value[1], json.dumps(form(value[2], left), default=str, sort_keys=True))
    return (type(value).__name__, str(value))


def pyyaml(text):
    try:
        return [form(document, [20000]) for document in yaml.load_all(without_mark(text), Loader)]
    except (yaml.YAMLError, ValueError, TypeError, RecursionError, TooMuch, AttributeError, OverflowError, KeyError):
        return None


def pyyaml_texts(text):
    """Every scalar as its characters: tells 1.10 from 1.1."""
    try:
        return [form(document, [20000]) for document in yaml.load_all(without_mark(text), yaml.BaseLoader)]
    except (yaml.YAMLError, ValueError, TypeError, RecursionError, TooMuch):
        return None


def ruamel_yaml(text):
    """The safe loader of YAML 1.2."""
    try:
        reader = ruamel.YAML(typ="safe", pure=True)
        reader.Constructor.add_constructor(None, lambda loader, node: ("tag", node.tag, str(node.value)))
        return [form(document, [20000]) for document in reader.load_all(without_mark(text))]
    except Exception:  # its constructors raise whatever they meet
        return None


def js_form(value):
    if isinstance(value, list):
        return [js_form(inner) for inner in value]
    if isinstance(value, dict):
        kind = value[""]
        if kind == "map":
            return {("str", key): js_form(inner) for key, inner in value["pairs"]}
        if kind == "tag":
            return ("tag", value["tag"], json.dumps(value["data"], sort_keys=True))
        return (kind, float(value["text"]) if kind == "number" and value["text"] != "NaN" else value["text"])
    if isinstance(value, int) and not isinstance(value, bool):
        return ("number", value)
    return (type(value).__name__, value)


def js_yaml(texts):
    lines = "".join(json.dumps(without_mark(text)) + "\n" for text in texts)
    run = subprocess.run(["node", os.path.join(HERE, "read_yaml.js")], input=lines, capture_output=True, text=True, check=True)
    read = [json.loads(line) for line in run.stdout.split("\n")[:-1]]
    assert len(read) == len(texts), "js-yaml answered %d of %d" % (len(read), len(texts))
    return [None if "error" in one else [js_form(document) for document in one["documents"]] for one in read]
