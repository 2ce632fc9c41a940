"""Turns the output of a model into a clean program, with the results of EvalPlus's sanitizer.

Standard input: a JSON list of [text, entry point]. Standard output: a JSON list of programs.
"""

import ast
import io
import json
import keyword
import re
import sys
import tokenize
import warnings

ANSI_ESCAPE = re.compile(r"\x1B(?:[@-Z\\-_]|\[[0-?]*[ -/]*[@-~])")
BESIDE = re.compile(rb"[ \t]*(?:;[ \t]*)?#.*|[ \t]*;|")
INDENTED_COMMENT = re.compile(rb"[ \t]+#")
# Faults that the parser meets at the last token it has read: whatever follows does not help.
FINAL_FAULTS = (
    "unexpected indent",
    "unindent does not match",
    "unterminated string literal",
    "invalid character",
    "invalid non-printable character",
    "invalid decimal literal",
)


def sanitize(text, entry_point):
    block = longest_block(ANSI_ESCAPE.sub("", text))
    return select_definitions(block, entry_point).strip() or block


def longest_block(text):
    """The lines, two or more in a row, that parse as Python and hold the most that is not blank;
    of equal ones the first, then the shortest. The first line when nothing parses."""
    lines = text.split("\n")
    filled = [0]
    for line in lines:
        filled.append(filled[-1] + bool(line.strip()))
    best, found = 0, (0, 0)
    for start in range(len(lines)):
        if filled[-1] - filled[start] <= best:
            break
        end = last_parsed(lines, start, lambda end: filled[end + 1] - filled[start] > best)
        if end is None:
            continue
        best = filled[end + 1] - filled[start]
        shortest = next(
            other
            for other in range(start + 1, end + 1)
            if filled[other + 1] - filled[start] == best and fault_line(lines, start, other) is None
        )
        found = (start, shortest)
    return "\n".join(lines[found[0] : found[1] + 1])


def last_parsed(lines, start, is_longer):
    """The last line at which a block from `start` may end, while it is longer than the best."""
    end = len(lines) - 1
    while end > start and is_longer(end):
        fault = fault_line(lines, start, end)
        if fault is None:
            return end
        end = min(end, fault) - 1
    return None


def fault_line(lines, start, end):
    """None when lines parse; else a line such that no block from `start` that reaches it parses."""
    try:
        ast.parse("\n".join(lines[start : end + 1]))
    except SyntaxError as error:
        final = error.lineno is not None and is_final(str(error.msg))
        return start + error.lineno - 1 if final else end
    except (MemoryError, RecursionError, ValueError):
        return end
    return None


def is_final(message):
    """Whether the parser met the fault at the last token that it read."""
    if message.startswith("invalid syntax"):
        return message == "invalid syntax"
    return message.startswith(FINAL_FAULTS)


def select_definitions(block, entry_point):
    """Imports, and those definitions that the entry point reaches; the first of a name counts."""
    try:
        tree = ast.parse(block)
    except (SyntaxError, MemoryError, RecursionError, ValueError):
        return ""
    source = block.encode("utf-8", "surrogatepass").split(b"\n")
    imports, definitions, names = [], [], set()
    for node in tree.body:
        if isinstance(node, ast.Import) or is_import_from(node):
            imports.append(node)
        elif is_definition(node):
            name = name_of(node, source)
            if name not in names:
                names.add(name)
                definitions.append((name, node))
    if entry_point:
        reached = reachable(entry_point, definitions, source)
        definitions = [(name, node) for name, node in definitions if name in reached]
    kept = imports + [node for _, node in definitions]
    return "\n".join(text_of(node, source) + remarks_after(node, source) for node in kept)


def is_import_from(node):
    return isinstance(node, ast.ImportFrom) and node.module != "__future__"


def is_definition(node):
    if isinstance(node, ast.ClassDef):
        return not node.decorator_list
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        has_return = any(isinstance(inner, ast.Return) for inner in ast.walk(node))
        return not node.decorator_list and has_return
    return isinstance(node, (ast.Assign, ast.AnnAssign))


def name_of(node, source):
    """The name of a definition; of an assignment, the first side that is a bare name."""
    if not isinstance(node, (ast.Assign, ast.AnnAssign)):
        return node.name
    first = node.targets[0] if isinstance(node, ast.Assign) else node.target
    if isinstance(first, ast.Name) and text_of(node, source).startswith(first.id):
        return first.id
    if isinstance(node, ast.Assign) and len(node.targets) > 1:
        return None
    value = node.value
    bare = isinstance(value, ast.Name) and text_of(node, source).endswith(value.id)
    return value.id if bare else None


def reachable(entry_point, definitions, source):
    uses = {name: identifiers(node, source) for name, node in definitions}
    reached, queue = {entry_point}, [entry_point]
    while queue:
        for name in uses.get(queue.pop(), ()):
            if name not in reached:
                reached.add(name)
                queue.append(name)
    return reached


def identifiers(node, source):
    """Every identifier in the text of a node: names, attributes, parameters, keywords of calls."""
    found = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.FormattedValue):
            found |= tokens_of(ast.unparse(inner.value))
    return found | tokens_of(text_of(node, source))


def tokens_of(text):
    names = set()
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.NAME and not keyword.iskeyword(token.string):
                names.add(token.string)
    except (tokenize.TokenError, SyntaxError):
        pass
    return names


def text_of(node, source):
    """Columns of the syntax tree count bytes."""
    lines = source[node.lineno - 1 : node.end_lineno]
    lines[-1] = lines[-1][: node.end_col_offset]
    lines[0] = lines[0][node.col_offset :]
    return b"\n".join(lines).decode("utf-8", "surrogatepass")


def remarks_after(node, source):
    """What a function or class takes along: the comment beside its last line, and indented ones
    below it."""
    if not isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
        return ""
    beside = BESIDE.match(source[node.end_lineno - 1][node.end_col_offset :])
    end = node.end_lineno
    for number in range(node.end_lineno, len(source)):
        if source[number].strip() == b"":
            continue
        if not INDENTED_COMMENT.match(source[number]):
            break
        end = number + 1
    kept = b"\n".join([beside[0], *source[node.end_lineno : end]])
    return kept.decode("utf-8", "surrogatepass")


def main():
    warnings.simplefilter("ignore")
    orders = json.load(sys.stdin)
    json.dump([sanitize(text, entry_point) for text, entry_point in orders], sys.stdout)


if __name__ == "__main__":
    main()
