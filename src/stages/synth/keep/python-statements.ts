import { parser } from '@lezer/python'

type SyntaxNode = ReturnType<typeof parser.parse>['topNode']

/** A statement at the top of a Python source. */
export interface Statement {
  readonly kind: 'definition' | 'import' | 'assignment' | 'other'
  /** Names that it gives, of functions, classes and variables. */
  readonly names: readonly string[]
  readonly text: string
  /** Assertions anywhere in it, those of unittest included. */
  readonly assertions: number
}

/** The statements of a Python source in order; comments between them are left out. */
export function readStatements(source: string): Statement[] {
  const statements: Statement[] = []
  for (let node = parser.parse(source).topNode.firstChild; node; node = node.nextSibling) {
    if (node.name === 'Comment') continue
    statements.push({
      ...classify(node, source),
      text: source.slice(node.from, node.to).trimEnd(),
      assertions: countAssertions(node, source),
    })
  }
  return statements
}

function classify(node: SyntaxNode, source: string): Pick<Statement, 'kind' | 'names'> {
  const name = definedName(node, source)
  if (name !== undefined) return { kind: 'definition', names: [name] }
  if (node.name === 'ImportStatement') return { kind: 'import', names: [] }
  if (node.name === 'AssignStatement') {
    return { kind: 'assignment', names: assignedNames(node, source) }
  }
  return { kind: 'other', names: [] }
}

function definedName(node: SyntaxNode, source: string): string | undefined {
  const definition =
    node.name === 'DecoratedStatement'
      ? (node.getChild('FunctionDefinition') ?? node.getChild('ClassDefinition'))
      : node
  if (definition?.name !== 'FunctionDefinition' && definition?.name !== 'ClassDefinition') {
    return undefined
  }
  const name = definition.getChild('VariableName')
  return name ? source.slice(name.from, name.to) : undefined
}

function assignedNames(node: SyntaxNode, source: string): string[] {
  const end = node.getChildren('AssignOp').at(-1)?.from ?? node.to
  return node
    .getChildren('VariableName')
    .filter((child) => child.to <= end)
    .map((child) => source.slice(child.from, child.to))
}

function countAssertions(node: SyntaxNode, source: string): number {
  let count = 0
  node.cursor().iterate((inner) => {
    if (inner.name === 'AssertStatement') count += 1
    else if (inner.name === 'MemberExpression') {
      if (/^self\.assert\w+$/.test(source.slice(inner.from, inner.to))) count += 1
    }
  })
  return count
}

/** Whether a text is a Python program from end to end, with a definition or an assignment in it. */
export function isWholePython(text: string): boolean {
  let faulty = false
  parser
    .parse(text)
    .cursor()
    .iterate((node) => {
      if (node.type.isError) faulty = true
    })
  return !faulty && readStatements(text).some(({ kind }) => kind !== 'other')
}
