"""Filter patterns of CloudWatch Logs, matched as AWS documents them; anything that is not documented is refused.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html: regular expressions, terms, and as much of
patterns with named fields as the template's metric filter uses.
"""

from __future__ import annotations

import re
from collections.abc import Callable

MAX_CHARS = 1024
MAX_REGEX_PER_LOG_GROUP = 5
"""Patterns with a regular expression that a log group may have."""

Matcher = Callable[[str], bool]

# A term and its quantifier. AWS lists the literal symbols and the operators: ^ $ ? [ ] { } | \\ * + and the dot.
_CLASS = r"\[\^?(?:[A-Za-z0-9:_#=@/;,.*+?{}|$-]|\\[dDsSwW]|\\[^A-Za-z0-9])+\]"
_TERM = rf"(?:[A-Za-z0-9:_#=@/;,-]|\.|{_CLASS}|\\[dDsSwW]|\\x[0-9A-Fa-f]{{2}}|\\[^A-Za-z0-9])"
_PIECE = re.compile(rf"\^|\$|{_TERM}(?:[?*+]|\{{\d*,?\d*\}})?")
# Narrower than Python's: a digit is ASCII, and white space is tab, space and newline.
_PYTHON = {r"\d": "[0-9]", r"\D": "[^0-9]", r"\s": r"[\t\n ]", r"\S": r"[^\t\n ]", "$": r"\Z"}


def matcher(pattern: str) -> Matcher:
    """Returns what tells whether a message passes a pattern.

    Raises:
        ValueError: The pattern is not documented.
    """
    if len(pattern) > MAX_CHARS or not pattern.isascii():
        raise ValueError(f"too long, or not ASCII: {pattern}")
    text = pattern.strip()
    if text.startswith("["):
        return _fields(text)
    if text.startswith("%"):
        return _regex(text)
    return _terms(text)


def _regex(text: str) -> Matcher:
    if len(text) < 3 or not text.endswith("%") or "%" in text[1:-1]:
        raise ValueError(f"no regular expression between two signs: {text}")
    ways = []
    for way in text[1:-1].split("|"):
        pieces = [found[0] for found in _PIECE.finditer(way)]
        if not pieces or "".join(pieces) != way:
            raise ValueError(f"not documented: {way}")
        ways.append("".join(_translated(piece) for piece in pieces))
    compiled = re.compile("|".join(ways), re.ASCII)
    return lambda message: compiled.search(message) is not None


def _translated(piece: str) -> str:
    if piece.startswith("["):
        return piece  # a class with \s in it would differ from Python's; none of ours has one
    head = piece[: 2 if piece.startswith("\\") else 1]
    return _PYTHON.get(head, head) + piece[len(head) :]


def _terms(text: str) -> Matcher:
    words = re.findall(r'[?-]?"[^"]*"|[?-]?\w+|\S+', text)
    if bad := [word for word in words if not re.fullmatch(r'[?-]?(?:"[^"]*"|\w+)', word)]:
        raise ValueError(f"only letters and digits need no quotation marks: {bad}")
    plain = [word.lstrip("?-").strip('"') for word in words]
    any_of = [term for word, term in zip(words, plain, strict=True) if word.startswith("?")]
    none_of = [term for word, term in zip(words, plain, strict=True) if word.startswith("-")]
    all_of = [term for word, term in zip(words, plain, strict=True) if word[0] not in "?-"]
    if any_of and (none_of or all_of):
        raise ValueError("terms with ? are ignored beside other terms")
    return lambda message: (
        all(term in message for term in all_of)
        and not any(term in message for term in none_of)
        and (not any_of or any(term in message for term in any_of))
    )


def _fields(text: str) -> Matcher:
    """`[name, name=value || name=value, ...]`: as many fields as the record has, and each condition holds."""
    if not text.endswith("]"):
        raise ValueError(f"not closed: {text}")
    wanted = []
    for field in text[1:-1].split(","):
        ways = [way.strip() for way in field.split("||")]
        parsed = [re.fullmatch(r'(\w+)(?: ?= ?"?(\w+)"?)?', way) for way in ways]
        if not all(parsed) or (len(ways) > 1 and not all(way and way[2] for way in parsed)):
            raise ValueError(f"not a field with conditions: {field}")
        wanted.append({way[2] for way in parsed if way and way[2]})

    def matches(message: str) -> bool:
        fields = message.split()
        return len(fields) == len(wanted) and all(
            not values or field in values for field, values in zip(fields, wanted, strict=True)
        )

    return matches
