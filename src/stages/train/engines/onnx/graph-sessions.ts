import type { GraphModel } from '../../../../nn/graph/index.ts'
import type { Parameters } from '../../../../nn/models/index.ts'
import {
  createSession,
  type HostTensor,
  type Session,
  type SessionOptions,
} from '../../../../nn/runtime/index.ts'

export type Feeds = Record<string, HostTensor>
export type Results = Record<string, HostTensor<Float32Array>>

/** Full parameter name of a weight of a graph. */
export type WeightName = (weight: string) => string

/** Sessions made once for each kind of graph, fed with weights from a table. */
export interface GraphSessions {
  run(
    key: string,
    create: () => GraphModel,
    feeds: Feeds,
    weightName?: WeightName,
  ): Promise<Results>
  /** As `run`; outputs `sum:<weight>` replace the sums that they were fed with. */
  runGradients(
    key: string,
    create: () => GraphModel,
    feeds: Feeds,
    sums: Parameters,
    weightName?: WeightName,
  ): Promise<Results>
  dispose(): Promise<void>
}

const sumPrefix = 'sum:'

export function createSessions(parameters: Parameters, options: SessionOptions): GraphSessions {
  const sessions = new Map<string, Promise<{ graph: GraphModel; session: Session }>>()
  const open = (key: string, create: () => GraphModel) => {
    const known = sessions.get(key)
    if (known) return known
    const graph = create()
    const created = createSession(graph, options).then((session) => ({ graph, session }))
    sessions.set(key, created)
    return created
  }

  async function run(
    key: string,
    create: () => GraphModel,
    feeds: Feeds,
    weightName: WeightName = (name) => name,
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
    return session.run(all)
  }

  return {
    run: (key, create, feeds, weightName) => run(key, create, feeds, weightName),
    async runGradients(key, create, feeds, sums, weightName = (name) => name) {
      const results = await run(key, create, feeds, weightName, sums)
      for (const [name, result] of Object.entries(results)) {
        if (name.startsWith(sumPrefix)) sums.set(weightName(name.slice(sumPrefix.length)), result)
      }
      return results
    },
    async dispose() {
      for (const opened of sessions.values()) await (await opened).session.dispose()
      sessions.clear()
    },
  }
}
