"""JSON that is read by line: a row is a line."""

import json


def as_lines(document):
    return "{\n" + ",\n".join(f"{json.dumps(key)}: {lines(value)}" for key, value in document.items()) + "\n}\n"


def rounded(value):
    return float(f"{value:.6g}")


def lines(value):
    if isinstance(value, list) and value and isinstance(value[0], dict | list):
        return "[\n" + ",\n".join(json.dumps(row, separators=(",", ":"), ensure_ascii=False) for row in value) + "\n]"
    return json.dumps(value, ensure_ascii=False)
