"""Whether a program keeps nothing from one call to the next, so that calls may be made by different
processes. Only what is plainly so counts: functions of their arguments, constants, and modules that
have no state.
"""

import ast
import builtins

MODULES = {"math", "cmath", "itertools", "collections", "heapq", "bisect", "string", "typing"}
NOT_ALLOWED = set(
    "open exec eval compile globals locals vars dir setattr delattr getattr input id memoryview "
    "breakpoint help exit quit __import__ __build_class__ object type super".split()
)
BUILTINS = {name for name in dir(builtins) if name not in NOT_ALLOWED and not name.startswith("_")}
LONGEST = 20_000
# Kinds of nodes; of those that stand for several, such as `ast.operator`, all that there are.
NODES = (
    ast.Module, ast.FunctionDef, ast.arguments, ast.arg, ast.Return, ast.Assign, ast.AugAssign,
    ast.AnnAssign, ast.For, ast.While, ast.If, ast.Break, ast.Continue, ast.Pass, ast.Expr, ast.Raise,
    ast.Try, ast.ExceptHandler, ast.Assert, ast.Delete, ast.BoolOp, ast.NamedExpr, ast.BinOp,
    ast.UnaryOp, ast.Lambda, ast.IfExp, ast.Dict, ast.Set, ast.ListComp, ast.SetComp, ast.DictComp,
    ast.GeneratorExp, ast.Yield, ast.YieldFrom, ast.Compare, ast.Call, ast.FormattedValue,
    ast.JoinedStr, ast.Constant, ast.Attribute, ast.Subscript, ast.Starred, ast.Name, ast.List,
    ast.Tuple, ast.Slice, ast.comprehension, ast.keyword, ast.Import, ast.ImportFrom, ast.alias,
    ast.expr_context, ast.boolop, ast.operator, ast.unaryop, ast.cmpop, ast.Nonlocal,
)  # fmt: skip
KINDS = {kind for each in NODES for kind in (each, *each.__subclasses__())}


def keeps_nothing(program):
    if len(program) > LONGEST:
        return False
    try:
        tree = ast.parse(program)
        return all(_is_definition(each) for each in tree.body) and all(
            _is_allowed(node) for node in ast.walk(tree)
        )
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


def _is_definition(node):
    """At the top: functions, imports, and names for what cannot change."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Assign):
        return _is_constant(node.value) and all(isinstance(t, ast.Name) for t in node.targets)
    return isinstance(node, (ast.FunctionDef, ast.Import, ast.ImportFrom))


def _is_constant(node):
    if isinstance(node, ast.Tuple):
        return all(_is_constant(each) for each in node.elts)
    if isinstance(node, ast.UnaryOp):
        return _is_constant(node.operand)
    return isinstance(node, ast.Constant)


def _is_allowed(node):
    if type(node) not in KINDS:
        return False
    if isinstance(node, (ast.FunctionDef, ast.Lambda)):
        arguments = node.args
        defaults = [*arguments.defaults, *(each for each in arguments.kw_defaults if each)]
        return all(_is_constant(each) for each in defaults) and not getattr(
            node, "decorator_list", []
        )
    if isinstance(node, ast.Attribute):
        return isinstance(node.ctx, ast.Load) and not node.attr.startswith("_")
    if isinstance(node, ast.Name):
        known = not hasattr(builtins, node.id) or node.id in BUILTINS
        return known and not node.id.startswith("__")
    if isinstance(node, ast.Import):
        return all(each.name in MODULES for each in node.names)
    if isinstance(node, ast.ImportFrom):
        return node.module in MODULES and node.level == 0
    return True
