#!/usr/bin/env python3
"""The printed schema agrees with the loader: python3 schema_agreement.py SCHEMA FOLDER."""
import json
import pathlib
import sys

import jsonschema
import yaml


def problem_of(schema, text):
    """Why the schema (or YAML itself) refuses `text`; empty if it does not."""
    try:
        documents = list(yaml.safe_load_all(text))
    except (yaml.YAMLError, RecursionError) as error:
        return str(error)
    if len(documents) != 1:
        return "not one document"
    error = jsonschema.exceptions.best_match(jsonschema.Draft7Validator(schema).iter_errors(documents[0]))
    return error.message if error else ""


def main():
    schema = json.loads(pathlib.Path(sys.argv[1]).read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    folder = pathlib.Path(sys.argv[2])
    wrong, seen = [], 0
    for file in sorted((folder / "broken").glob("*.yaml")):
        text = file.read_text()
        seen += 1
        problem = problem_of(schema, text)
        if "\n# schema: accepts\n" in text:
            if problem:
                wrong.append(f"{file.name}: only its meaning is wrong, but the schema says: {problem}")
        elif not problem:
            wrong.append(f"{file.name}: the loader refuses it, the schema does not")
    for file in sorted((folder / "good").glob("*.yaml")):
        problem = problem_of(schema, file.read_text())
        if problem:
            wrong.append(f"{file.name}: the loader takes it, the schema says: {problem}")
    print("\n".join(wrong) or f"{seen} broken files, the schema agrees on all of them")
    return 1 if wrong or seen < 30 else 0


if __name__ == "__main__":
    sys.exit(main())
