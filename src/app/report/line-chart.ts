import { escapeHtml } from './html.ts'

/** One line of a chart; a null is a gap. */
export interface ChartSeries {
  name: string
  /** Number of the colour variable of the style sheet, 1 to 4. */
  colour: number
  values: readonly (number | null)[]
  /** Joins values over gaps, for what is measured now and then; default false. */
  joined?: boolean
}

const width = 460
const height = 220
const margin = { left: 52, right: 12, top: 12, bottom: 30 }
const plotWidth = width - margin.left - margin.right
const plotHeight = height - margin.top - margin.bottom

/** Draws lines over step numbers as one inline SVG with its title and legend. */
export function renderLineChart(title: string, series: readonly ChartSeries[]): string {
  const shown = series.filter(({ values }) => values.some((value) => value !== null))
  const steps = Math.max(0, ...shown.map(({ values }) => values.length))
  if (steps === 0) return ''
  const ticks = niceTicks(...valueRange(shown))
  const [low, high] = [ticks[0] as number, ticks.at(-1) as number]
  const x = (step: number) => margin.left + (steps === 1 ? 0.5 : step / (steps - 1)) * plotWidth
  const y = (value: number) => margin.top + (1 - (value - low) / (high - low)) * plotHeight
  const lines = shown.map((one) => renderLine(one, x, y)).join('')
  const legend = shown
    .map(({ name, colour }) => `<span><i class="swatch c${colour}"></i>${escapeHtml(name)}</span>`)
    .join('')
  return `<figure class="chart"><figcaption>${escapeHtml(title)}<span class="legend">${legend}</span></figcaption>
<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(title)}">
${renderAxes(ticks, steps, x, y)}${lines}</svg></figure>`
}

function renderLine(
  { name, colour, values, joined = false }: ChartSeries,
  x: (step: number) => number,
  y: (value: number) => number,
): string {
  let path = ''
  let pen = 'M'
  for (const [step, value] of values.entries()) {
    if (value === null) {
      if (!joined) pen = 'M'
      continue
    }
    path += `${pen}${x(step).toFixed(1)} ${y(value).toFixed(1)}`
    pen = 'L'
  }
  const known = values.filter((value) => value !== null)
  const last = known.at(-1) as number
  const lastStep = values.lastIndexOf(last)
  return `<path class="line c${colour}" d="${path}"><title>${escapeHtml(name)}: ${formatTick(known[0] as number)} to ${formatTick(last)}</title></path>
<circle class="dot c${colour}" cx="${x(lastStep).toFixed(1)}" cy="${y(last).toFixed(1)}" r="2.6"/>`
}

function renderAxes(
  ticks: readonly number[],
  steps: number,
  x: (step: number) => number,
  y: (value: number) => number,
): string {
  const rows = ticks.map((tick) => {
    const at = y(tick).toFixed(1)
    return `<line class="grid" x1="${margin.left}" x2="${width - margin.right}" y1="${at}" y2="${at}"/><text class="tick" x="${margin.left - 7}" y="${at}" dy="0.32em" text-anchor="end">${formatTick(tick)}</text>`
  })
  const columns = stepTicks(steps).map((step) => {
    const at = x(step).toFixed(1)
    return `<text class="tick" x="${at}" y="${height - 10}" text-anchor="middle">${step + 1}</text>`
  })
  return `${rows.join('')}${columns.join('')}\n`
}

function valueRange(series: readonly ChartSeries[]): [number, number] {
  const values = series.flatMap((one) => one.values.filter((value) => value !== null))
  const [low, high] = values.reduce(
    ([least, most], value) => [Math.min(least, value), Math.max(most, value)],
    [0, Number.NEGATIVE_INFINITY],
  )
  return high > low ? [low, high] : [low, low + 1]
}

/** Three to six round numbers that enclose the range (Heckbert 1990). */
export function niceTicks(low: number, high: number): number[] {
  const rough = (high - low) / 4
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 2.5, 5, 10]
    .map((unit) => unit * power)
    .find((unit) => unit >= rough) as number
  const first = Math.floor(low / step + 1e-9)
  const last = Math.ceil(high / step - 1e-9)
  return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step)
}

function stepTicks(steps: number): number[] {
  if (steps === 1) return [0]
  return [...new Set([0, 0.25, 0.5, 0.75, 1].map((share) => Math.round(share * (steps - 1))))]
}

function formatTick(value: number): string {
  const size = Math.abs(value)
  if (size !== 0 && size < 0.001) return value.toExponential(1).replace('.0e', 'e')
  return String(+value.toPrecision(3))
}
