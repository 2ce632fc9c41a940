import { applyOperation, type Operation, operationFunction } from './operation.ts'
import { inParts } from './parts.ts'
import { reduceTo } from './reduce.ts'
import type { Shape, Value } from './value.ts'

/** Shape of two operands under NumPy's broadcasting rules. */
export function broadcastShape(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, index) => {
    const left = a[index - rank + a.length] ?? 1
    const right = b[index - rank + b.length] ?? 1
    if (left === right || right === 1) return left
    if (left === 1) return right
    throw new Error(`shapes [${a}] and [${b}] do not broadcast`)
  })
}

function binary(type: string, gradient: Operation<undefined>['gradient']) {
  const operation: Operation<undefined> = {
    name: type,
    emit: ([a, b]) => {
      const shape = broadcastShape(a!.shape, b!.shape)
      return a!.graph.emit(type, [a!, b!], [{ type: 'float32', shape }])
    },
    gradient,
  }
  const call = operationFunction(operation)
  return (a: Value, b: Value) => call([a, b], undefined)
}

function unary(type: string, gradient: (x: Value, y: Value, dy: Value) => Value) {
  const operation: Operation<undefined> = {
    name: type,
    emit: ([x]) => x!.graph.emit(type, [x!], [{ type: 'float32', shape: x!.shape }]),
    gradient: ({ inputs: [x], outputs: [y], cotangents: [dy] }) => [gradient(x!, y!, dy!)],
  }
  const call = operationFunction(operation)
  return (x: Value) => call([x], undefined)
}

export const add = binary('Add', ({ inputs: [a, b], cotangents: [dy] }) => [
  () => reduceTo(dy!, a!.shape),
  () => reduceTo(dy!, b!.shape),
])

export const subtract = binary('Sub', ({ inputs: [a, b], cotangents: [dy] }) => [
  () => reduceTo(dy!, a!.shape),
  () => reduceTo(negate(dy!), b!.shape),
])

export const multiply = binary('Mul', ({ inputs: [a, b], cotangents: [dy] }) => [
  () => reduceTo(multiply(dy!, b!), a!.shape),
  () => reduceTo(multiply(dy!, a!), b!.shape),
])

export const divide = binary('Div', ({ inputs: [a, b], outputs: [y], cotangents: [dy] }) => {
  const da = divide(dy!, b!)
  return [() => reduceTo(da, a!.shape), () => reduceTo(negate(multiply(da, y!)), b!.shape)]
})

export const negate: (x: Value) => Value = unary('Neg', (_x, _y, dy) => negate(dy))
export const exponential: (x: Value) => Value = unary('Exp', (_x, y, dy) => multiply(dy, y))
export const logarithm = unary('Log', (x, _y, dy) => divide(dy, x))
export const squareRoot = unary('Sqrt', (x, y, dy) => divide(multiply(dy, x.graph.scalar(0.5)), y))
export const sigmoid: (x: Value) => Value = unary('Sigmoid', (_x, y, dy) =>
  multiply(dy, subtract(y, multiply(y, y))),
)

interface GatedUnitAttributes {
  readonly parts: number
}

const gatedUnitOperation: Operation<GatedUnitAttributes> = {
  name: 'SwiGLU',
  emit: (inputs, { parts }) =>
    inParts(inputs, parts, ([gate, up]) => [multiply(multiply(gate!, sigmoid(gate!)), up!)]),
  gradient: ({ inputs: [gate, up], cotangents: [dy], attributes: { parts } }) =>
    inParts([gate!, up!, dy!], parts, ([gate, up, dy]) => {
      const share = sigmoid(gate!)
      const active = multiply(gate!, share)
      // d silu(g) = s · (1 + g − g · s)
      const slope = multiply(share, add(subtract(gate!, active), gate!.graph.scalar(1)))
      return [multiply(multiply(dy!, up!), slope), multiply(dy!, active)]
    }),
}

/**
 * silu(gate) · up, the gated unit of Shazeer (2020).
 *
 * @param parts as in `inParts`
 */
export const gatedUnit = (gate: Value, up: Value, parts = 1): Value =>
  applyOperation(gatedUnitOperation, [gate, up], { parts })[0] as Value

/** The product with a number. */
export const scale = (x: Value, factor: number): Value => multiply(x, x.graph.scalar(factor))
