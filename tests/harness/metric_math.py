"""CloudWatch's metric math, as far as the template uses it. For the model of the alarms and the image of the dashboard.

A missing value counts as 0 in a comparison and in the SUM of a list, and makes any other result missing. EPOCH has a value for
each period.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

MINUTE = 60

_BINARY: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
}
_COMPARE: dict[type, Callable[[Any, Any], Any]] = {
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
}


def _sum_of_list(series: list[np.ndarray]) -> np.ndarray:
    """Adds metrics period by period. A period in which none has a value has none."""
    if not isinstance(series, list):
        raise ValueError("not supported: the sum over a range")
    stacked = np.stack(series)
    return np.where(np.isnan(stacked).all(axis=0), np.nan, np.nansum(stacked, axis=0))


def evaluate(expression: str, known: dict[str, np.ndarray], times: np.ndarray | None = None) -> np.ndarray:
    """Evaluates an expression. `times` are the starts of the periods in minutes, for EPOCH.

    Raises:
        ValueError: the expression has an unsupported part.
    """
    functions: dict[str, Callable[..., Any]] = {
        "FILL": lambda series, value: np.where(np.isnan(series), value, series),
        "RUNNING_SUM": np.cumsum,
        "DIFF": lambda series: np.concatenate([[np.nan], np.diff(series)]),
        "MAX": lambda series: np.nanmax(series),
        "SUM": _sum_of_list,
        "EPOCH": lambda _: times * float(MINUTE),
        "IF": lambda condition, yes, no: np.where(condition, yes, no),
    }

    def value(node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=number):
                return float(number)
            case ast.Name(id=name) if name in known:
                return known[name]
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
                return _BINARY[type(op)](value(left), value(right))
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return _COMPARE[type(op)](np.nan_to_num(value(left)), np.nan_to_num(value(right)))
            case ast.BoolOp(op=ast.And(), values=parts):
                return np.logical_and.reduce([value(part) for part in parts])
            case ast.List(elts=parts):
                return [value(part) for part in parts]
            case ast.Call(func=ast.Name(id=name), args=arguments) if name in functions:
                return functions[name](*map(value, arguments))
        raise ValueError(f"not supported: {ast.unparse(node)}")

    return np.asarray(value(_parsed(expression)), dtype=float)


@cache
def _parsed(expression: str) -> ast.expr:
    return ast.parse(expression.replace(" AND ", " and "), mode="eval").body
