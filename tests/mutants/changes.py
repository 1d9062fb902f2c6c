# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The small changes that can be made to a file: cosmic-ray's, and a few that guards of this code ask for."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

# Of cosmic-ray's operators, those that change a decision. Left out: comparisons of identity with equality (they rarely
# differ), arithmetic on texts and lists (it fails at
# once, and would only flatter the figure), exceptions (what it puts there is no name) and decorators.
OPERATORS = (
    "AddNot",
    "NumberReplacer",
    "ReplaceAndWithOr",
    "ReplaceBinaryOperator_BitAnd_BitOr",
    "ReplaceBinaryOperator_BitOr_BitAnd",
    "ReplaceBinaryOperator_Div_Mul",
    "ReplaceBinaryOperator_Mul_Div",
    "ReplaceBinaryOperator_Sub_Add",
    "ReplaceBreakWithContinue",
    "ReplaceComparisonOperator_Eq_NotEq",
    "ReplaceComparisonOperator_GtE_Gt",
    "ReplaceComparisonOperator_GtE_Lt",
    "ReplaceComparisonOperator_Gt_GtE",
    "ReplaceComparisonOperator_Gt_LtE",
    "ReplaceComparisonOperator_IsNot_Is",
    "ReplaceComparisonOperator_Is_IsNot",
    "ReplaceComparisonOperator_LtE_Gt",
    "ReplaceComparisonOperator_LtE_Lt",
    "ReplaceComparisonOperator_Lt_GtE",
    "ReplaceComparisonOperator_Lt_LtE",
    "ReplaceComparisonOperator_NotEq_Eq",
    "ReplaceContinueWithBreak",
    "ReplaceFalseWithTrue",
    "ReplaceOrWithAnd",
    "ReplaceTrueWithFalse",
    "ReplaceUnaryOperator_Delete_Not",
    "ZeroIterationForLoop",
)
DROPPED_CALLS = frozenset(("casefold", "lower", "lstrip", "rstrip", "strip", "upper"))

Span = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True)
class Place:
    """Where an operator can change a file: its ``occurrence``-th place there."""

    path: str
    line: int
    column: int
    operator: str
    occurrence: int


@dataclass(frozen=True)
class Mutant:
    """One change of one file: ``before`` and ``after`` are the lines that differ, stripped."""

    place: Place
    source: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.place.path}:{self.place.line}: {self.before}  ->  {self.after}"


@dataclass(frozen=True)
class Splice:
    """A replaced stretch of source, as Python's own syntax tree places it: lines from 1, columns in bytes."""

    name: str
    start: tuple[int, int]
    end: tuple[int, int]
    text: str


def places(path: str, source: str) -> list[Place]:
    """Return every place of a file where a decision can be changed."""
    tree = ast.parse(source)
    left_out, calculated = left_alone(tree), _spans(node for node in ast.walk(tree) if isinstance(node, ast.BinOp))
    return [
        Place(path, *start, operator, occurrence)
        for operator, occurrence, start in _positions(source)
        if not _inside(start, left_out)
        # A parameter list has an asterisk too, which is no multiplication.
        if not operator.startswith("ReplaceBinaryOperator") or _inside(start, calculated)
    ]


def made(place: Place, source: str) -> Mutant | None:
    """Return the mutant of a place, or None where the change changes nothing."""
    changed = mutated(source, place.operator, place.occurrence)
    before, after = _difference(source, changed)
    return None if before == after else Mutant(place, changed, before, after)


def mutated(source: str, operator: str, occurrence: int) -> str:
    """Return the source with one change made. Only this and what lists the places need cosmic-ray."""
    if operator in _OWN:
        return _spliced(source, [splice for splice in splices(source) if splice.name == operator][occurrence])
    from cosmic_ray import mutating, plugins

    changed = mutating.mutate_code(source, plugins.get_operator(f"core/{operator}")(), occurrence)
    assert changed is not None, f"{operator} has no place {occurrence}"
    return str(changed)


def _positions(source: str) -> Iterator[tuple[str, int, tuple[int, int]]]:
    from cosmic_ray import ast as trees
    from cosmic_ray import plugins

    tree = trees.get_ast(source)
    for name in OPERATORS:
        operator = plugins.get_operator(f"core/{name}")()
        places = (start for node in trees.ast_nodes(tree) for start, _end in operator.mutation_positions(node))
        for occurrence, place in enumerate(places):
            yield name, occurrence, place
    numbers: dict[str, int] = {}
    for splice in splices(source):
        numbers[splice.name] = numbers.get(splice.name, -1) + 1
        yield splice.name, numbers[splice.name], splice.start


def _difference(source: str, changed: str) -> tuple[str, str]:
    """Return the lines from the first to the last that differ, stripped, of both."""
    old, new = ([line.strip() for line in text.splitlines()] for text in (source, changed))
    first = _same(old, new)
    last = _same(old[first:][::-1], new[first:][::-1])
    return " ".join(old[first : len(old) - last]), " ".join(new[first : len(new) - last])


def _same(some: Sequence[str], others: Sequence[str]) -> int:
    """Return how many lines two texts have in common at their beginning."""
    pairs = zip(some, others, strict=False)
    return next((number for number, (one, other) in enumerate(pairs) if one != other), min(len(some), len(others)))


# -- own changes -------------------------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=4)
def splices(source: str) -> list[Splice]:
    """Return what cosmic-ray does not change: guards are forced, operands, exceptions, calls and statements dropped."""
    tree = ast.parse(source)
    return [splice for node in ast.walk(tree) for change in _OWN.values() for splice in change(node, source)]


def _forced(node: ast.AST, _source: str) -> Iterator[Splice]:
    tests: list[ast.expr] = []
    if isinstance(node, (ast.If, ast.IfExp)):
        tests = [node.test]
    elif isinstance(node, ast.comprehension):
        tests = node.ifs
    for test in tests:
        for value in ("True", "False"):
            yield _over("ForceCondition", test, f"({value})")


def _operands(node: ast.AST, source: str) -> Iterator[Splice]:
    if isinstance(node, ast.BoolOp):
        word = " and " if isinstance(node.op, ast.And) else " or "
        for left_out in node.values:
            kept = [f"({ast.get_source_segment(source, value)})" for value in node.values if value is not left_out]
            yield _over("DropOperand", node, f"({word.join(kept)})")


def _calls(node: ast.AST, source: str) -> Iterator[Splice]:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in DROPPED_CALLS:
        yield _over("DropCall", node, f"({ast.get_source_segment(source, node.func.value)})")


def _statements(node: ast.AST, _source: str) -> Iterator[Splice]:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield _over("DropStatement", node, "None")


def _membership(node: ast.AST, source: str) -> Iterator[Splice]:
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], (ast.In, ast.NotIn)):
        word = "not in" if isinstance(node.ops[0], ast.In) else "in"
        left, right = (ast.get_source_segment(source, side) for side in (node.left, node.comparators[0]))
        yield _over("SwapMembership", node, f"(({left}) {word} ({right}))")


def _exceptions(node: ast.AST, source: str) -> Iterator[Splice]:
    """An exception is no longer caught: of several each in turn, a single one becomes one that nothing raises."""
    if not isinstance(node, ast.ExceptHandler) or node.type is None:
        return
    if isinstance(node.type, ast.Tuple):
        for left_out in node.type.elts:
            kept = [f"{ast.get_source_segment(source, name)}, " for name in node.type.elts if name is not left_out]
            yield _over("DropException", node.type, f"({''.join(kept)})")
    else:
        yield _over("DropException", node.type, "StopAsyncIteration")


_OWN = {
    "DropException": _exceptions,
    "ForceCondition": _forced,
    "DropOperand": _operands,
    "DropCall": _calls,
    "DropStatement": _statements,
    "SwapMembership": _membership,
}


def _over(name: str, node: ast.expr | ast.stmt, text: str) -> Splice:
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return Splice(name, (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset), text)


def _spliced(source: str, splice: Splice) -> str:
    lines = source.encode().splitlines(keepends=True)
    (first, start), (last, end) = splice.start, splice.end
    head, tail = lines[first - 1][:start], lines[last - 1][end:]
    return b"".join([*lines[: first - 1], head, splice.text.encode(), tail, *lines[last:]]).decode()


def _is_time(value: ast.expr) -> bool:
    """Tell whether a constant is a length of time, in seconds as a float: a test that knew it would only repeat it."""
    if isinstance(value, ast.Call):
        return ast.unparse(value.func) == "datetime.timedelta"
    if isinstance(value, (ast.Tuple, ast.BinOp)):
        return any(_is_time(part) for part in ast.iter_child_nodes(value) if isinstance(part, ast.expr))
    return isinstance(value, ast.Constant) and isinstance(value.value, float)


def _is_for_types(node: ast.If | ast.Subscript) -> bool:
    if isinstance(node, ast.If):
        return ast.unparse(node.test) == "TYPE_CHECKING"
    return ast.unparse(node.value) in ("Callable", "Optional", "Union")


def left_alone(tree: ast.Module) -> list[Span]:
    """Return the stretches that decide nothing at run time: annotations, decorators, what only a type checker reads.

    zip's ``strict`` belongs to them: it asserts that two lists are of one length, which they are. So does what an
    f-string words by itself, such as a plural, how long is waited, and how far a document is indented.
    """
    nodes: list[ast.AST | None] = []
    nodes += [node.value for node in tree.body if isinstance(node, ast.Assign) and _is_time(node.value)]
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            nodes += [*node.decorator_list, node.returns]
        elif isinstance(node, ast.ClassDef):
            nodes += node.decorator_list
        elif isinstance(node, (ast.arg, ast.AnnAssign)):
            nodes.append(node.annotation)
        elif isinstance(node, ast.JoinedStr):
            nodes.append(node)
        elif isinstance(node, ast.keyword) and node.arg in ("strict", "indent"):
            nodes.append(node.value)
        elif isinstance(node, (ast.If, ast.Subscript)):
            nodes.append(node if _is_for_types(node) else None)
    return _spans(nodes)


def _spans(nodes: Iterable[ast.AST | None]) -> list[Span]:
    spans = []
    for node in nodes:
        if isinstance(node, (ast.expr, ast.stmt)) and node.end_lineno is not None and node.end_col_offset is not None:
            spans.append(((node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)))
    return spans


def _inside(place: tuple[int, int], spans: list[Span]) -> bool:
    return any(first <= place < end for first, end in spans)
