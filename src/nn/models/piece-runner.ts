import {
  createSession,
  type HostTensor,
  type Session,
  type SessionOptions,
} from '../runtime/index.ts'
import type { Parameters } from './parameters.ts'
import type { Piece } from './piece.ts'

/** Full parameter name of a weight of a piece. */
export type WeightName = (weight: string) => string

/** Runs pieces with weights from a parameter table; makes each session once, when first used. */
export interface PieceRunner {
  run(
    piece: Piece,
    feeds: Record<string, HostTensor>,
    weightName?: WeightName,
  ): Promise<Record<string, HostTensor<Float32Array>>>
  dispose(): Promise<void>
}

export function createPieceRunner(parameters: Parameters, options: SessionOptions): PieceRunner {
  const sessions = new Map<Piece, Promise<Session>>()
  const sessionOf = (piece: Piece): Promise<Session> => {
    const known = sessions.get(piece)
    if (known) return known
    const created = createSession(piece.render(), options)
    sessions.set(piece, created)
    return created
  }
  return {
    async run(piece, feeds, weightName = (name) => name) {
      const weights = Object.fromEntries(
        piece.weights.map((name) => [name, parameters.get(weightName(name))!]),
      )
      return (await sessionOf(piece)).run({ ...feeds, ...weights })
    },
    async dispose() {
      for (const session of sessions.values()) await (await session).dispose()
      sessions.clear()
    },
  }
}
