import { parser } from '@lezer/python'
import type { Random } from '../../../core/index.ts'

type SyntaxNode = ReturnType<typeof parser.parse>['topNode']

/** The program with every function's body replaced by `return None`. */
export function stubOf(source: string): string {
  const bodies: { from: number; to: number }[] = []
  const visit = (node: SyntaxNode): void => {
    const body = node.name === 'FunctionDefinition' ? node.getChild('Body') : undefined
    if (body) {
      bodies.push({ from: body.from, to: body.to })
      return
    }
    for (let child = node.firstChild; child; child = child.nextSibling) visit(child)
  }
  visit(parser.parse(source).topNode)
  return replaceAll(
    source,
    bodies.map((body) => ({ ...body, text: ': return None\n' })),
  )
}

/**
 * Up to `most` programs that differ from the source in one small fault, drawn from all that can be
 * made: another operator, another constant, a condition turned round, a wrapped result.
 */
export function mutantsOf(source: string, most: number, random: Random): string[] {
  const edits: Edit[] = []
  const results: Edit[] = []
  const visit = (node: SyntaxNode): void => {
    if (node.name === 'TypeDef' || node.name === 'ImportStatement') return
    const text = source.slice(node.from, node.to)
    const other = otherOperator(node, text)
    if (other !== undefined) edits.push({ from: node.from, to: node.to, text: other })
    if (node.name === 'ReturnStatement') results.push(...wrapResult(node, source))
    for (let child = node.firstChild; child; child = child.nextSibling) visit(child)
  }
  visit(parser.parse(source).topNode)
  const chosen = [...random.shuffle(edits), ...random.shuffle(results)].slice(0, most)
  return chosen.map((edit) => replaceAll(source, [edit]))
}

interface Edit {
  readonly from: number
  readonly to: number
  readonly text: string
}

function otherOperator(node: SyntaxNode, text: string): string | undefined {
  if (node.name === 'Number') return /^\d+$/.test(text) ? String(Number(text) + 1) : undefined
  if (node.name === 'Boolean') return text === 'True' ? 'False' : 'True'
  if (!operatorNodes.has(node.name)) return undefined
  return otherOperators[text]
}

const operatorNodes = new Set(['CompareOp', 'ArithOp', 'UpdateOp', 'and', 'or', 'BitOp'])

const otherOperators: Record<string, string> = {
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '==': '!=',
  '!=': '==',
  '+': '-',
  '-': '+',
  '*': '+',
  '/': '*',
  '//': '*',
  '%': '//',
  '+=': '-=',
  '-=': '+=',
  '*=': '+=',
  and: 'or',
  or: 'and',
  '&': '|',
  '|': '&',
}

function wrapResult(node: SyntaxNode, source: string): Edit[] {
  const value = node.firstChild?.nextSibling
  if (!value) return []
  const last = node.lastChild ?? value
  return [{ from: value.from, to: last.to, text: `[${source.slice(value.from, last.to)}]` }]
}

/** Edits must not overlap. */
function replaceAll(source: string, edits: readonly Edit[]): string {
  return edits
    .toSorted((a, b) => b.from - a.from)
    .reduce((text, { from, to, text: by }) => text.slice(0, from) + by + text.slice(to), source)
}
