/** Seconds as a person says them: `3.2 s`, `4 min 05 s`, `2 h 10 min`. */
export function formatDuration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${String(Math.floor(seconds % 60)).padStart(2, '0')} s`
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`
}

/** Bytes in binary units: `512 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${value.toFixed(unit === 0 || value >= 100 ? 0 : 1)} ${units[unit]}`
}

/**
 * A plain object as aligned `key  value` lines; nested objects are indented, and of a list of them
 * each is a block of its own.
 */
export function formatSummary(summary: unknown, indent = ''): string {
  if (summary === null || typeof summary !== 'object' || Array.isArray(summary)) {
    return `${indent}${formatValue(summary)}`
  }
  const entries = Object.entries(summary).filter(([, value]) => value !== undefined)
  const width = Math.max(0, ...entries.map(([key]) => key.length))
  return entries
    .flatMap(([key, value]) => {
      const blocks = (Array.isArray(value) ? value : [value]).filter(isPlainObject)
      const isNested =
        blocks.some((block) => Object.keys(block).length > 0) &&
        (!Array.isArray(value) || blocks.length === value.length)
      return isNested
        ? blocks.map((block) => `${indent}${key}\n${formatSummary(block, `${indent}  `)}`)
        : [`${indent}${key.padEnd(width)}  ${formatValue(value)}`]
    })
    .join('\n')
}

function formatValue(value: unknown): string {
  if (typeof value === 'number' && !Number.isInteger(value)) return String(+value.toPrecision(6))
  if (typeof value === 'string') return value
  return JSON.stringify(value)
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}
