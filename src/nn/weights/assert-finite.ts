import { InputError } from '../../core/index.ts'

/**
 * Refuses weights that hold NaN or infinity.
 *
 * @throws `RC_TENSOR_NOT_FINITE` naming file, tensor, the first bad element by its coordinates and
 * how many there are.
 */
export function assertFinite(
  values: Float32Array,
  where: { path: string; name: string; shape?: readonly number[] },
): void {
  if (!hasNonFinite(values)) return
  const first = values.findIndex((value) => !Number.isFinite(value))
  const count = values.reduce((sum, value) => sum + (Number.isFinite(value) ? 0 : 1), 0)
  const place = coordinatesOf(first, where.shape ?? [values.length]).join(', ')
  const found = `${values[first]} at [${place}], ${count} of ${values.length} elements`
  throw new InputError(
    `tensor ${where.name} of ${where.path}: expected finite numbers, got ${found} not finite`,
    {
      code: 'RC_TENSOR_NOT_FINITE',
      hint: 'The weights are broken; use an earlier checkpoint or fetch the model again.',
    },
  )
}

/** Whether any element is NaN or infinite; zero times such a value is NaN, else it is zero. */
export function hasNonFinite(values: Float32Array): boolean {
  for (let start = 0; start < values.length; start += blockLength) {
    const end = Math.min(start + blockLength, values.length)
    let sum = 0
    for (let i = start; i < end; i++) sum += values[i]! * 0
    if (sum !== 0) return true
  }
  return false
}

const blockLength = 65536

function coordinatesOf(index: number, shape: readonly number[]): number[] {
  const coordinates: number[] = []
  let rest = index
  for (const size of [...shape].reverse()) {
    coordinates.unshift(rest % size)
    rest = Math.floor(rest / size)
  }
  return coordinates
}
