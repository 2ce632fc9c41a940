import { parser } from '@lezer/python'
import type { Random } from '../../../core/index.ts'
import { applyEdits, drawMutants, type Edit, faultFor } from './mutation.ts'

type SyntaxNode = ReturnType<typeof parser.parse>['topNode']

/** The program with every function's body replaced by `return None`; undefined where there are none. */
export function stubPython(source: string): string | undefined {
  const bodies: Edit[] = []
  const visit = (node: SyntaxNode): void => {
    const body = node.name === 'FunctionDefinition' ? node.getChild('Body') : undefined
    if (body) {
      bodies.push({ from: body.from, to: body.to, text: ': return None\n' })
      return
    }
    for (let child = node.firstChild; child; child = child.nextSibling) visit(child)
  }
  visit(parser.parse(source).topNode)
  return bodies.length === 0 ? undefined : applyEdits(source, bodies)
}

/**
 * Up to `most` programs that differ from the source in one small fault, drawn from all that can be
 * made: another operator, another constant, a condition turned round; then a wrapped result.
 */
export function mutatePython(source: string, most: number, random: Random): string[] {
  const edits: Edit[] = []
  const results: Edit[] = []
  const visit = (node: SyntaxNode): void => {
    if (node.name === 'TypeDef' || node.name === 'ImportStatement') return
    const { from, to } = node
    const text = mutable.has(node.name) ? faultFor(source.slice(from, to)) : undefined
    if (text !== undefined) edits.push({ from, to, text })
    if (node.name === 'ReturnStatement') results.push(...wrapResult(node, source))
    for (let child = node.firstChild; child; child = child.nextSibling) visit(child)
  }
  visit(parser.parse(source).topNode)
  const small = drawMutants(source, edits, most, random)
  return [...small, ...drawMutants(source, results, most - small.length, random)]
}

const mutable = new Set([
  ...['CompareOp', 'ArithOp', 'UpdateOp', 'BitOp', 'and', 'or', 'Number', 'Boolean'],
])

function wrapResult(node: SyntaxNode, source: string): Edit[] {
  const value = node.firstChild?.nextSibling
  if (!value) return []
  const last = node.lastChild ?? value
  return [{ from: value.from, to: last.to, text: `[${source.slice(value.from, last.to)}]` }]
}
