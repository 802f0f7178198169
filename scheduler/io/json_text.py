"""JSON text, read strictly and written for people."""

from __future__ import annotations

import json
from collections.abc import Iterator

from scheduler.errors import Defect, FormatError

LINE_LENGTH = 120
_flat = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
RECORD_LENGTH = 240
"""Longest line of an object that holds nothing nested: a record reads best on one line."""
_NESTED = frozenset((dict, list))
_BARE_KEY = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")


def parse_json(text: str, source: str) -> object:
    """Return the value of a JSON text.

    Stricter than `json.loads`: a key that stands twice in one object and the numbers NaN and Infinity are refused.

    Raises
    ------
    FormatError
        If the text is not JSON; a syntax error is given with line and column.
    """
    repeated: list[tuple[dict[str, object], str]] = []
    constants: list[float] = []

    def to_object(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) < len(pairs):
            unseen = set(found)
            for name, _ in pairs:
                if name in unseen:
                    unseen.remove(name)
                else:
                    repeated.append((found, name))
        return found

    def to_constant(name: str) -> float:
        constants.append(float(name))
        return constants[-1]

    try:
        tree = json.loads(text, object_pairs_hook=to_object, parse_constant=to_constant)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        raise _json_error(source, "E107", where, f"not JSON: {_lowered(error.msg)}", "correct the text there") from None
    except RecursionError:
        cause = "lists and objects are nested too deeply"
        raise _json_error(source, "E110", "$", cause, "write the structure of docs/file-format.md") from None
    except ValueError:
        # The only other complaint of `json.loads`: an integer of thousands of digits.
        raise _json_error(source, "E111", "$", "a number has thousands of digits", "write a smaller number") from None
    defects = _repeated_keys(tree, repeated) + _constants(tree, constants)
    if defects:
        raise FormatError(source, tuple(defects))
    return tree


def json_path(*parts: str | int) -> str:
    """Return a place in a JSON document, for example ``$.jobs[3].operations[0]``."""
    path = "$"
    for part in parts:
        if isinstance(part, int):
            path += f"[{part}]"
        elif part and _BARE_KEY.issuperset(part):
            path += f".{part}"
        else:
            path += f"[{json.dumps(part, ensure_ascii=False)}]"
    return path


def dump_json(document: object) -> str:
    """Return the JSON text of a document, where what fits on one line stays on one line."""
    return _indented(document, "", 0) + "\n"


def _indented(value: object, margin: str, used: int) -> str:
    if not isinstance(value, (dict, list)) or not value:
        return _flat(value)
    is_record = isinstance(value, dict) and _NESTED.isdisjoint(map(type, value.values()))
    room = (RECORD_LENGTH if is_record else LINE_LENGTH) - len(margin) - used
    if len(value) < room and _least_length(value) < room:  # what is far too long is not written twice
        flat = _flat(value)
        if len(flat) <= room:
            return flat
    inner = margin + "  "
    if isinstance(value, list):
        lines = _records(value, inner) or [inner + _indented(item, inner, 1) for item in value]
        return "[\n" + ",\n".join(lines) + f"\n{margin}]"
    lines = []
    for key, item in value.items():
        name = _flat(key) + ": "
        lines.append(inner + name + _indented(item, inner, len(name) + 1))
    return "{\n" + ",\n".join(lines) + f"\n{margin}}}"


def _least_length(value: dict[str, object] | list[object]) -> int:
    """Return how many characters a value takes at least: one for each item of what is in it."""
    items = value.values() if isinstance(value, dict) else value
    return sum(len(item) if isinstance(item, (dict, list, str)) else 1 for item in items)


def _records(values: list[object], margin: str) -> list[str]:
    """Return the lines of objects that hold nothing nested and fit on a line each; none where that is not so.

    All are encoded at once, which is faster, and the text is cut between them. That is safe if there is no bracket but
    those of the list and its objects, not even in a string.
    """
    if set(map(type, values)) != {dict}:
        return []
    text = _flat(values)
    if text.count("{") != len(values) or text.count("[") != 1:
        return []
    lines = text[1:-1].replace("}, {", "}\n{").split("\n")
    return [margin + line for line in lines] if max(map(len, lines)) < RECORD_LENGTH - len(margin) else []


def _repeated_keys(tree: object, repeated: list[tuple[dict[str, object], str]]) -> list[Defect]:
    if not repeated:
        return []
    path_by_object = {id(value): path for path, value in _walk(tree) if isinstance(value, dict)}
    # An object that was itself overwritten by a repeated key is no longer in the tree.
    return [
        Defect(
            "E108",
            json_path(*path_by_object[id(found)], name),
            f"key {name!r} stands twice in one object",
            "remove one of them",
        )
        for found, name in repeated
        if id(found) in path_by_object
    ]


def _constants(tree: object, constants: list[float]) -> list[Defect]:
    if not constants:
        return []
    known = {id(constant) for constant in constants}
    return [
        Defect("E109", json_path(*path), f"{json.dumps(value)} is not a number in JSON", "write a whole number or null")
        for path, value in _walk(tree)
        if id(value) in known
    ]


def _walk(tree: object) -> Iterator[tuple[tuple[str | int, ...], object]]:
    """Every value of a JSON tree with its path, in file order (without recursion: the tree may be deep)."""
    waiting: list[tuple[tuple[str | int, ...], object]] = [((), tree)]
    while waiting:
        path, value = waiting.pop()
        yield path, value
        if isinstance(value, dict):
            waiting.extend(((*path, key), item) for key, item in reversed(value.items()))
        elif isinstance(value, list):
            waiting.extend(((*path, index), value[index]) for index in reversed(range(len(value))))


def _json_error(source: str, code: str, where: str, cause: str, fix: str) -> FormatError:
    return FormatError(source, (Defect(code, where, cause, fix),))


def _lowered(message: str) -> str:
    return message[:1].lower() + message[1:]
