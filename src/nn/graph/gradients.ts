import { add } from './elementwise.ts'
import type { Value } from './value.ts'

/**
 * Reverse-mode differentiation: extends the graph by the vector-Jacobian product and returns
 * d/d(wrt) of Σ ⟨output, cotangent⟩, in the order of `wrt`.
 *
 * @param seeds pairs of an output and its cotangent of the same shape
 * @throws Error when one of `wrt` does not reach any output
 */
export function gradients(
  seeds: readonly { output: Value; cotangent: Value }[],
  wrt: readonly Value[],
): Value[] {
  const graph = (seeds[0] as { output: Value }).output.graph
  const applications = [...graph.applications]
  const reaching = valuesReachedFrom(wrt, applications)
  const cotangents = new Map<Value, Value>()
  const accumulate = (value: Value, cotangent: Value) => {
    const known = cotangents.get(value)
    cotangents.set(value, known ? add(known, cotangent) : cotangent)
  }
  for (const { output, cotangent } of seeds) accumulate(output, cotangent)
  for (const { operation, inputs, outputs, attributes } of applications.reverse()) {
    const received = outputs.map((output) => cotangents.get(output) ?? null)
    if (received.every((cotangent) => cotangent === null)) continue
    if (!inputs.some((input) => reaching.has(input))) continue
    const results = operation.gradient({ inputs, outputs, attributes, cotangents: received })
    inputs.forEach((input, index) => {
      const result = results[index]
      if (!result || !reaching.has(input)) return
      accumulate(input, typeof result === 'function' ? result() : result)
    })
  }
  return wrt.map((value) => {
    const result = cotangents.get(value)
    if (!result) throw new Error(`${value.name} does not reach any differentiated output`)
    return result
  })
}

function valuesReachedFrom(
  wrt: readonly Value[],
  applications: readonly { inputs: readonly Value[]; outputs: readonly Value[] }[],
): Set<Value> {
  const reached = new Set(wrt)
  for (const { inputs, outputs } of applications) {
    if (inputs.some((input) => reached.has(input))) for (const value of outputs) reached.add(value)
  }
  return reached
}
