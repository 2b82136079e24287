"""Pickles that hold literals, read without a pickle machine and written without a memo.

PyTables stores what HDF5 has no type for (None, lists, dicts) as protocol 0 pickles: a text of
one-letter commands for a stack. `loads` obeys the commands that build literals. A pickle also
names functions and asks for them to be called; here a name is only ever a `Name`, and the few
calls that plain data needs (sets, bytes, numpy's scalars and their types) are imitated. Nothing
is imported and nothing that the text names is run.

`dumps` writes the same language with neither memo nor key order, so that equal values give equal
bytes, which `pickle` does not promise.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import numpy as np

MAX_DEPTH = 32
#: Bytes that a value may take when it is written out, everything shared counted as often as used.
MAX_EXPANDED = 4 * 2**20

_SCALARS = (str, bytes, int, float, bool, type(None))
_MARK = object()


class NotLiteral(ValueError):
    """Not a pickle, or one that asks for more than literals."""


@dataclass(frozen=True, slots=True)
class Name:
    """Something that a pickle refers to by its dotted name: inert, whatever is done with it."""

    name: str


@dataclass(frozen=True, slots=True)
class _NumpyType:
    """A numpy type as far as it is known: its code (`f8`), and its byte order once that comes."""

    code: str
    order: str = "="

    def scalar(self, raw: bytes) -> Any:
        if self.code[:1] not in "biufSU":
            raise NotLiteral(f"it holds a numpy scalar of type {self.code[:20]!r}")
        dtype = np.dtype(self.order + self.code)
        if dtype.itemsize != len(raw):
            raise NotLiteral("it holds a numpy scalar that is cut short")
        return np.ndarray((), dtype, raw or None).item()


def loads(text: bytes, allowed: Collection[str] = ()) -> Any:
    """The value that a protocol 0 pickle describes: literals, nested at most `MAX_DEPTH` deep.

    numpy scalars come back as Python's. Names that begin with one of `allowed` stay in the value
    as inert `Name`s. Raises NotLiteral for any other name, and for what is no such pickle.
    """
    return _Expansion(tuple(allowed)).expand(_Machine(text).run())


def dumps(value: Any) -> bytes:
    """A protocol 0 pickle of None, bool, int, float, str, bytes, list, tuple and dict.

    Dictionaries are written in the order of their keys' representations.
    """
    return b"".join(_commands(value)) + b"."


def _commands(value: Any) -> list[bytes]:
    match value:
        case None:
            return [b"N"]
        case bool():
            return [b"I01\n" if value else b"I00\n"]
        case int():
            return [b"L%dL\n" % value if value.bit_length() > 31 else b"I%d\n" % value]
        case float():
            return [b"F%s\n" % repr(float(value)).encode()]
        case str():
            return [b"V", _escaped(value), b"\n"]
        case bytes():
            return [b"c_codecs\nencode\n(V", _escaped(value.decode("latin-1")), b"\nVlatin1\ntR"]
        case list():
            return [b"(l", *(part for item in value for part in (*_commands(item), b"a"))]
        case tuple():
            return [b"(", *(part for item in value for part in _commands(item)), b"t"]
        case dict():
            pairs = sorted(value.items(), key=lambda pair: repr(pair[0]))
            return [b"(d", *(part for pair in pairs for part in _pair(*pair))]
    raise NotLiteral(f"a {type(value).__name__} is not a literal")


def _pair(key: Any, value: Any) -> list[bytes]:
    return [*_commands(key), *_commands(value), b"s"]


def _escaped(text: str) -> bytes:
    for character in "\\\0\n\r\x1a":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text.encode("raw-unicode-escape")


class _Expansion:
    """Copies a value into a tree, so that neither loops nor a thicket of sharing are left."""

    def __init__(self, allowed: tuple[str, ...]) -> None:
        self.allowed = allowed
        self.room = MAX_EXPANDED

    def expand(self, value: Any, depth: int = 0) -> Any:
        self._pay(value, depth)
        match value:
            case list():
                return [self.expand(item, depth + 1) for item in value]
            case tuple():
                return tuple(self.expand(item, depth + 1) for item in value)
            case dict():
                return {key: self.expand(item, depth + 1) for key, item in value.items()}
            case Name() if value.name.startswith(self.allowed) and self.allowed:
                return value
            case Name():
                raise NotLiteral(f"it names {value.name[:80]!r}, and only literals are read")
            case set() | str() | bytes() | bool() | int() | float() | None:
                return value
        raise NotLiteral("it holds something unfinished")

    def _pay(self, value: Any, depth: int) -> None:
        size = len(value) if isinstance(value, str | bytes | set) else 0
        if isinstance(value, int):
            size = value.bit_length() // 8
        self.room -= 16 + size
        if depth > MAX_DEPTH:
            raise NotLiteral(f"it is nested more than {MAX_DEPTH} deep")
        if self.room < 0:
            raise NotLiteral(f"it takes more than {MAX_EXPANDED:,} bytes when written out")


class _Machine:
    """The stack that the commands work on, and the memo of what may be used again."""

    def __init__(self, text: bytes) -> None:
        self.text = text
        self.at = 0
        self.stack: list[Any] = []
        self.memo: dict[bytes, Any] = {}

    def run(self) -> Any:
        try:
            while (command := self.text[self.at : self.at + 1]) != b".":
                self.at += 1
                _COMMANDS[command](self)
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            if isinstance(error, NotLiteral):
                raise
            raise NotLiteral("it is no pickle of literals") from error
        if len(self.stack) != 1 or self.at != len(self.text) - 1:
            raise NotLiteral("it is no pickle of literals")
        return self.stack[0]

    def line(self) -> bytes:
        end = self.text.index(b"\n", self.at)
        line, self.at = self.text[self.at : end], end + 1
        return line

    def items(self) -> list[Any]:
        """All that was put on the stack since the last mark, which goes too."""
        at = len(self.stack) - 1
        while self.stack[at] is not _MARK:
            at -= 1
            if at < 0:
                raise NotLiteral("it is no pickle of literals")
        items = self.stack[at + 1 :]
        del self.stack[at:]
        return items

    def integer(self) -> None:
        line = self.line()
        self.stack.append(line == b"01" if line in (b"00", b"01") else int(line))

    def put(self) -> None:
        index = self.line()
        if int(index) > len(self.text):
            raise NotLiteral("it numbers what it remembers in a way of its own")
        self.memo[index] = self.stack[-1]

    def append(self) -> None:
        item = self.stack.pop()
        self.stack[-1].append(item)

    def set_item(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self.stack[-1][_key(key)] = value

    def build_dict(self) -> None:
        items = iter(self.items())
        self.stack.append({_key(key): value for key, value in zip(items, items, strict=True)})

    def call(self) -> None:
        arguments, function = self.stack.pop(), self.stack.pop()
        if not isinstance(function, Name) or not isinstance(arguments, tuple):
            raise NotLiteral("it calls what is not a function")
        imitation = _CALLS.get(function.name)
        self.stack.append(function if imitation is None else imitation(*arguments))

    def build(self) -> None:
        state, target = self.stack.pop(), self.stack.pop()
        if isinstance(target, _NumpyType):
            target = _NumpyType(target.code, {"<": "<", ">": ">"}.get(state[1], "="))
        elif not isinstance(target, Name):
            raise NotLiteral("it gives a state to what has none")
        self.stack.append(target)

    def name(self) -> None:
        module, attribute = self.line().decode("ascii"), self.line().decode("ascii")
        self.stack.append(Name(f"{module}.{attribute}".replace("__builtin__.", "builtins.", 1)))


def _key(key: Any) -> Any:
    # Scalars alone: the hash of nested tuples can take for ever.
    if not isinstance(key, _SCALARS):
        raise NotLiteral("it has a key that is neither text nor number")
    return key


def _encode(text: str, encoding: str) -> bytes:
    if encoding not in ("latin1", "latin-1"):
        raise NotLiteral("it encodes text in a way of its own")
    return text.encode("latin-1")


def _numpy_scalar(dtype: Any, raw: Any) -> Any:
    if not isinstance(dtype, _NumpyType) or not isinstance(raw, bytes):
        raise NotLiteral("it holds a numpy scalar that is none")
    return dtype.scalar(raw)


def _numpy_type(code: Any, *_: Any) -> _NumpyType:
    if not isinstance(code, str):
        raise NotLiteral("it holds a numpy type that is none")
    return _NumpyType(code)


_CALLS: dict[str, Callable[..., Any]] = {
    "builtins.bytes": lambda: b"",
    "builtins.set": lambda items: {_key(item) for item in items},
    "_codecs.encode": _encode,
    "numpy.dtype": _numpy_type,
    "numpy._core.multiarray.scalar": _numpy_scalar,
    "numpy.core.multiarray.scalar": _numpy_scalar,
}

_COMMANDS: dict[bytes, Callable[[_Machine], None]] = {
    b"(": lambda m: m.stack.append(_MARK),
    b"N": lambda m: m.stack.append(None),
    b"I": _Machine.integer,
    b"L": lambda m: m.stack.append(int(m.line().removesuffix(b"L"))),
    b"F": lambda m: m.stack.append(float(m.line())),
    b"V": lambda m: m.stack.append(m.line().decode("raw-unicode-escape")),
    b"l": lambda m: m.stack.append(m.items()),
    b"t": lambda m: m.stack.append(tuple(m.items())),
    b"d": _Machine.build_dict,
    b"a": _Machine.append,
    b"s": _Machine.set_item,
    b"p": _Machine.put,
    b"g": lambda m: m.stack.append(m.memo[m.line()]),
    b"c": _Machine.name,
    b"R": _Machine.call,
    b"b": _Machine.build,
}
