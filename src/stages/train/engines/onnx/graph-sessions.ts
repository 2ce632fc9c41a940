import type { GraphModel } from '../../../../nn/graph/index.ts'
import type { Parameters } from '../../../../nn/models/index.ts'
import {
  createSession,
  type HostTensor,
  type RunOptions,
  releaseBuffer,
  type Session,
  type SessionOptions,
} from '../../../../nn/runtime/index.ts'

export type Feeds = Record<string, HostTensor>
export type Results = Record<string, HostTensor<Float32Array>>

/** Full parameter name of a weight of a graph. */
export type WeightName = (weight: string) => string

export interface RunSettings extends RunOptions {
  readonly weightName?: WeightName
}

/** Sessions made once for each kind of graph, fed with weights from a table. */
export interface GraphSessions {
  run(key: string, create: () => GraphModel, feeds: Feeds, settings?: RunSettings): Promise<Results>
  /**
   * As `run`; outputs `sum:<weight>` replace the sums that they were fed with. Where there are no
   * sums yet, a graph that does not read any is run, and the outputs are the first.
   */
  runGradients(
    key: string,
    create: (accumulates: boolean) => GraphModel,
    feeds: Feeds,
    sums: Parameters,
    settings?: RunSettings,
  ): Promise<Results>
  dispose(): Promise<void>
}

const sumPrefix = 'sum:'
const sameName: WeightName = (name) => name

export function createSessions(parameters: Parameters, options: SessionOptions): GraphSessions {
  const sessions = new Map<string, Promise<{ graph: GraphModel; session: Session }>>()
  const summed = new Map<string, string[]>()
  const open = (key: string, create: () => GraphModel) => {
    const known = sessions.get(key)
    if (known) return known
    const graph = create()
    const created = createSession(graph, options).then((session) => ({ graph, session }))
    sessions.set(key, created)
    return created
  }
  /** The weights whose gradients a graph sums. */
  const sumsOf = (key: string, create: () => GraphModel): string[] => {
    const known = summed.get(key)
    if (known) return known
    const names = create().outputs.flatMap(({ name }) =>
      name.startsWith(sumPrefix) ? [name.slice(sumPrefix.length)] : [],
    )
    summed.set(key, names)
    return names
  }

  async function run(
    key: string,
    create: () => GraphModel,
    feeds: Feeds,
    { weightName = sameName, ...options }: RunSettings,
    sums?: Parameters,
  ): Promise<Results> {
    const { graph, session } = await open(key, create)
    const all: Feeds = {}
    for (const { name } of graph.inputs) {
      const isSum = name.startsWith(sumPrefix)
      const feed = isSum
        ? sums?.get(weightName(name.slice(sumPrefix.length)))
        : (feeds[name] ?? parameters.get(weightName(name)))
      if (feed) all[name] = feed
    }
    return session.run(all, options)
  }

  return {
    run: (key, create, feeds, settings = {}) => run(key, create, feeds, settings),
    async runGradients(key, create, feeds, sums, settings = {}) {
      const { weightName = sameName } = settings
      const names = sumsOf(key, () => create(true)).map(weightName)
      const accumulates = names.some((name) => sums.has(name))
      if (accumulates) for (const name of names) addZeros(sums, name, parameters)
      const results = await run(
        `${key}:${accumulates}`,
        () => create(accumulates),
        feeds,
        settings,
        sums,
      )
      for (const [name, result] of Object.entries(results)) {
        if (!name.startsWith(sumPrefix)) continue
        const weight = weightName(name.slice(sumPrefix.length))
        const before = sums.get(weight)
        if (before) releaseBuffer(before.data)
        sums.set(weight, result)
      }
      return results
    },
    async dispose() {
      for (const opened of sessions.values()) await (await opened).session.dispose()
      sessions.clear()
    },
  }
}

function addZeros(sums: Parameters, name: string, parameters: Parameters): void {
  const parameter = parameters.get(name)
  if (sums.has(name) || !parameter) return
  const { data, shape } = parameter
  sums.set(name, { data: new Float32Array(data.length), shape })
}
