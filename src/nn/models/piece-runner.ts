import type { GraphModel } from '../graph/index.ts'
import {
  createSession,
  type HostTensor,
  type Session,
  type SessionOptions,
} from '../runtime/index.ts'
import type { Parameters } from './parameters.ts'
import type { Piece } from './piece.ts'

export type Feeds = Record<string, HostTensor>
export type Results = Record<string, HostTensor<Float32Array>>

/** Full parameter name of a weight of a piece. */
export type WeightName = (weight: string) => string

/** Runs pieces with weights from a parameter table; makes each session once, when first used. */
export interface PieceRunner {
  forward(piece: Piece, feeds: Feeds, weightName?: WeightName): Promise<Results>
  /** As `forward`; the results hold the kept values too, to be fed to `backwardKept`. */
  forwardKeeping(piece: Piece, feeds: Feeds, weightName?: WeightName): Promise<Results>
  /** Adds the gradients of the weights to `sums` and returns those of the inputs. */
  backward(piece: Piece, feeds: Feeds, sums: Parameters, weightName?: WeightName): Promise<Results>
  /** As `backward`, with the kept values among the feeds. */
  backwardKept(
    piece: Piece,
    feeds: Feeds,
    sums: Parameters,
    weightName?: WeightName,
  ): Promise<Results>
  dispose(): Promise<void>
}

export function createPieceRunner(parameters: Parameters, options: SessionOptions): PieceRunner {
  const sessions = new Map<() => unknown, Promise<Session>>()
  const sessionOf = (model: Piece['forward']): Promise<Session> => {
    const known = sessions.get(model)
    if (known) return known
    const created = createSession(model(), options)
    sessions.set(model, created)
    return created
  }
  const weights = (piece: Piece, weightName: WeightName): Feeds =>
    Object.fromEntries(piece.weights.map((name) => [name, parameters.get(weightName(name))!]))
  const identity: WeightName = (name) => name

  const runForward = async (
    model: () => GraphModel,
    piece: Piece,
    feeds: Feeds,
    weightName: WeightName = identity,
  ) => (await sessionOf(model)).run({ ...feeds, ...weights(piece, weightName) })

  async function runBackward(
    model: () => GraphModel,
    piece: Piece,
    feeds: Feeds,
    sums: Parameters,
    weightName: WeightName = identity,
  ) {
    const session = await sessionOf(model)
    const sumFeeds = Object.fromEntries(
      piece.weights.map((name) => [`sum:${name}`, sums.get(weightName(name))!]),
    )
    const results = await session.run({ ...feeds, ...weights(piece, weightName), ...sumFeeds })
    for (const name of piece.weights) sums.set(weightName(name), results[`sum:${name}`]!)
    return results
  }

  return {
    forward: (piece, ...rest) => runForward(piece.forward, piece, ...rest),
    forwardKeeping: (piece, ...rest) => runForward(piece.forwardKeeping, piece, ...rest),
    backward: (piece, ...rest) => runBackward(piece.backward, piece, ...rest),
    backwardKept: (piece, ...rest) => runBackward(piece.backwardKept, piece, ...rest),
    async dispose() {
      for (const session of sessions.values()) await (await session).dispose()
      sessions.clear()
    },
  }
}
