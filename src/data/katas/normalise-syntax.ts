import { parser } from '@lezer/python'

type SyntaxNode = ReturnType<typeof parser.parse>['topNode']

/**
 * The syntax of a Python source as text, without docstrings, comments and chosen names: two sources
 * give the same text exactly when one is a renaming of the other. With `literals` `'abstract'`
 * numbers and strings are left out too, so that another constant makes no difference.
 */
export function normaliseSyntax(source: string, literals: 'keep' | 'abstract' = 'keep'): string {
  return normaliseNode(parser.parse(source).topNode, source, literals)
}

/** The normalised syntax of each top-level function of a source, one by one. */
export function functionKeys(source: string, literals: 'keep' | 'abstract' = 'keep'): string[] {
  const keys: string[] = []
  for (let node = parser.parse(source).topNode.firstChild; node; node = node.nextSibling) {
    if (node.name === 'FunctionDefinition') keys.push(normaliseNode(node, source, literals))
  }
  return keys
}

function normaliseNode(top: SyntaxNode, source: string, literals: 'keep' | 'abstract'): string {
  const bound = boundNames(top, source)
  const numbers = new Map<string, number>()
  const parts: string[] = []
  const visit = (node: SyntaxNode): void => {
    if (node.name === 'Comment' || isBareString(node)) return
    const text = source.slice(node.from, node.to)
    if (node.name === 'VariableName') {
      if (!bound.has(text) && builtins.has(text)) parts.push(text)
      else parts.push(`$${numberOf(numbers, text)}`)
    } else if (literals === 'abstract' && node.name === 'Number') parts.push('#')
    else if (literals === 'abstract' && node.name === 'String') parts.push('""')
    else if (!node.firstChild) parts.push(text === '' ? node.name : text)
    else {
      parts.push(`${node.name}(`)
      for (let child: SyntaxNode | null = node.firstChild; child; child = child.nextSibling) {
        visit(child)
      }
      parts.push(')')
    }
  }
  visit(top)
  return parts.join(' ')
}

function numberOf(numbers: Map<string, number>, name: string): number {
  const known = numbers.get(name)
  if (known !== undefined) return known
  numbers.set(name, numbers.size)
  return numbers.size - 1
}

/** Names that the source itself gives: functions, parameters, targets of assignments and loops. */
function boundNames(top: SyntaxNode, source: string): Set<string> {
  const names = new Set<string>()
  const addAll = (node: SyntaxNode): void => {
    if (node.name === 'VariableName') names.add(source.slice(node.from, node.to))
    if (node.name === 'MemberExpression' || node.name === 'CallExpression') return
    for (let child = node.firstChild; child; child = child.nextSibling) addAll(child)
  }
  const visit = (node: SyntaxNode): void => {
    const parent = node.parent?.name ?? ''
    if (node.name === 'VariableName' && definers.has(parent)) addAll(node)
    else if (node.name === 'AssignStatement') addTargets(node, 'AssignOp', addAll)
    else if (node.name === 'for') addUntilIn(node, addAll)
    for (let child = node.firstChild; child; child = child.nextSibling) visit(child)
  }
  visit(top)
  return names
}

function addTargets(node: SyntaxNode, end: string, add: (node: SyntaxNode) => void): void {
  const last = node.getChildren(end).at(-1)
  for (
    let child = node.firstChild;
    child && child.from < (last?.from ?? 0);
    child = child.nextSibling
  ) {
    add(child)
  }
}

function addUntilIn(keyword: SyntaxNode, add: (node: SyntaxNode) => void): void {
  for (let node = keyword.nextSibling; node && node.name !== 'in'; node = node.nextSibling)
    add(node)
}

function isBareString(node: SyntaxNode): boolean {
  const only = node.firstChild
  return node.name === 'ExpressionStatement' && only?.name === 'String' && !only.nextSibling
}

const definers = new Set(['FunctionDefinition', 'ClassDefinition', 'ParamList'])

const builtins = new Set([
  ...['abs', 'all', 'any', 'bin', 'bool', 'chr', 'dict', 'divmod', 'enumerate', 'filter', 'float'],
  ...['frozenset', 'hash', 'hex', 'int', 'isinstance', 'iter', 'len', 'list', 'map', 'max', 'min'],
  ...['next', 'oct', 'ord', 'pow', 'print', 'range', 'repr', 'reversed', 'round', 'set', 'slice'],
  ...['sorted', 'str', 'sum', 'tuple', 'type', 'zip', 'date', 'datetime', 'timedelta', 'math'],
])
