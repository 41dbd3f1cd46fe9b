"""Expressions: a text read as arithmetic, held to a grammar, and differentiated, with nothing in it evaluated as code.

- What ``read`` returns is a syntax tree of Python's parser that holds only what the grammar names.
- ``is_derivative`` computes with complex numbers of the machine, so no text can make it long or large.
"""

import ast
import cmath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

MAX_LENGTH = 1000
"""Characters; what is longer is no expression."""
MAX_DEPTH = 200
"""Nodes within nodes, such as the terms of a sum; what is deeper is no expression."""


@dataclass(frozen=True, slots=True)
class Grammar:
    """What there may be beside integers, ``+ - * /`` and parentheses."""

    decimals: bool = False
    letters: bool = False
    """Names of one letter."""
    powers: Literal["none", "small", "any"] = "none"
    """small: by an integer of at most 99, and of what holds no power, so that integers stay of a size."""
    functions: bool = False
    """Elementary functions of one argument, and ``pi``."""


ARITHMETIC = Grammar()
POLYNOMIALS = Grammar(decimals=True, letters=True, powers="small")
FUNCTIONS = Grammar(decimals=True, letters=True, powers="any", functions=True)

_ALPHABET = re.compile(r"[a-zA-Z0-9.+\-*/() ]+")
_MAX_EXPONENT = 99


def read(text: str, grammar: Grammar) -> ast.expr | None:
    """The syntax tree of an expression; None where the text is none, or holds anything else."""
    if len(text) > MAX_LENGTH or not _ALPHABET.fullmatch(text):
        return None
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    level = [tree]
    for _ in range(MAX_DEPTH):
        parts = [_parts(node, grammar) for node in level]
        if None in parts:
            return None
        level = [part for own in parts for part in own or ()]
        if not level:
            return tree
    return None


def arithmetic(text: str) -> float | None:
    """What arithmetic comes to, as a float tells; None where a text is no arithmetic of plain numbers."""
    tree = read(text, Grammar(decimals=True))
    try:
        return None if tree is None else _dual(tree, {})[0].real
    except (ZeroDivisionError, OverflowError):
        return None


def _parts(node: ast.expr, grammar: Grammar) -> list[ast.expr] | None:
    """What a node is made of; None where the grammar has no such node."""
    parts: list[ast.expr] | None = None
    match node:
        case ast.Constant(value=value) if type(value) is int or (type(value) is float and grammar.decimals):
            parts = []
        case ast.Name(id=name) if (grammar.letters and len(name) == 1) or (grammar.functions and name == "pi"):
            parts = []
        case ast.UnaryOp(op=ast.UAdd() | ast.USub(), operand=operand):
            parts = [operand]
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div(), right=right):
            parts = [left, right]
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            if grammar.powers == "any" or (grammar.powers == "small" and _is_small(left, right)):
                parts = [left, right]
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]):
            if grammar.functions and name in _FUNCTIONS:
                parts = [argument]
    return parts


def _is_small(base: ast.expr, exponent: ast.expr) -> bool:
    return (
        isinstance(exponent, ast.Constant)
        and isinstance(exponent.value, int)
        and exponent.value <= _MAX_EXPONENT
        and not any(isinstance(node, ast.Pow) for node in ast.walk(base))
    )


# Differentiating ----------------------------------------------------------------------------------------------------

_POINTS = (0.37 + 0.21j, -0.58 + 0.43j, 0.91 - 0.34j, -1.13 - 0.72j, 0.19 - 1.07j)
"""Where functions are compared: in every quadrant, as roots and logarithms have branches, and near no likely pole."""
_POINTS_NEEDED = 3
_CONSTANT = 0.3
"""What an unknown letter stands for: a constant of integration."""

_Dual = tuple[complex, complex]
"""A value and its derivative, computed together."""

_FUNCTIONS: Mapping[str, tuple[Callable[[complex], complex], Callable[[complex], complex]]] = {
    "exp": (cmath.exp, cmath.exp),
    "log": (cmath.log, lambda z: 1 / z),
    "ln": (cmath.log, lambda z: 1 / z),
    "sqrt": (cmath.sqrt, lambda z: 0.5 / cmath.sqrt(z)),
    "sin": (cmath.sin, cmath.cos),
    "cos": (cmath.cos, lambda z: -cmath.sin(z)),
    "tan": (cmath.tan, lambda z: 1 / cmath.cos(z) ** 2),
    "sec": (lambda z: 1 / cmath.cos(z), lambda z: cmath.sin(z) / cmath.cos(z) ** 2),
    "csc": (lambda z: 1 / cmath.sin(z), lambda z: -cmath.cos(z) / cmath.sin(z) ** 2),
    "cot": (lambda z: 1 / cmath.tan(z), lambda z: -1 / cmath.sin(z) ** 2),
    "asin": (cmath.asin, lambda z: 1 / cmath.sqrt(1 - z * z)),
    "acos": (cmath.acos, lambda z: -1 / cmath.sqrt(1 - z * z)),
    "atan": (cmath.atan, lambda z: 1 / (1 + z * z)),
    "sinh": (cmath.sinh, cmath.cosh),
    "cosh": (cmath.cosh, cmath.sinh),
    "tanh": (cmath.tanh, lambda z: 1 / cmath.cosh(z) ** 2),
}
"""Each with its derivative."""


def is_derivative(of: ast.expr, antiderivative: ast.expr, variable: str) -> bool:
    """Whether ``of`` is the derivative of ``antiderivative``, as far as numbers tell; both come from ``read``."""
    compared = 0
    for point in _POINTS:
        names: dict[str, _Dual] = {"E": (cmath.e, 0), "I": (1j, 0), "pi": (cmath.pi, 0), variable: (point, 1)}
        try:
            wanted, found = _dual(of, names)[0], _dual(antiderivative, names)[1]
        except (ZeroDivisionError, OverflowError, ValueError):
            continue  # no value here
        if not cmath.isclose(found, wanted, rel_tol=1e-8, abs_tol=1e-12):
            return False
        compared += 1
    return compared >= _POINTS_NEEDED


def _dual(node: ast.expr, names: Mapping[str, _Dual]) -> _Dual:
    match node:
        case ast.Constant(value=int() | float() as number):
            return complex(number), 0
        case ast.Name(id=name):
            return names.get(name, (_CONSTANT, 0))
        case ast.UnaryOp(op=op, operand=operand):
            value, slope = _dual(operand, names)
            return (-value, -slope) if isinstance(op, ast.USub) else (value, slope)
        case ast.Call(func=ast.Name(id=name), args=[argument]):
            value, slope = _dual(argument, names)
            function, derivative = _FUNCTIONS[name]
            return function(value), derivative(value) * slope
        case ast.BinOp(left=left, op=op, right=right):
            return _combined(op, _dual(left, names), _dual(right, names))
    raise TypeError(f"no arithmetic: {ast.dump(node)}")


def _combined(op: ast.operator, one: _Dual, other: _Dual) -> _Dual:
    (a, da), (b, db) = one, other
    match op:
        case ast.Add():
            return a + b, da + db
        case ast.Sub():
            return a - b, da - db
        case ast.Mult():
            return a * b, da * b + a * db
        case ast.Div():
            return a / b, (da * b - a * db) / (b * b)
        case _:
            return a**b, b * a ** (b - 1) * da + (a**b * cmath.log(a) * db if db else 0)
