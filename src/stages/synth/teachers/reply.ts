import type { Block, Message } from '../../../data/dialog/index.ts'

/** A message as chat completions know it. */
export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant' | 'tool'
  readonly content: string
  /** The call that an assistant made, with its arguments as JSON. */
  readonly toolCall?: { readonly id: string; readonly name: string; readonly arguments: string }
  /** The call that a tool answers. */
  readonly toolCallId?: string
}

/** How tokens are drawn, and how many at most. */
export interface Sampling {
  readonly temperature: number
  readonly topP: number
  readonly maxTokens: number
}

/** Everything that shapes a reply but the server itself. */
export interface ChatRequest {
  readonly messages: readonly ChatMessage[]
  /** The tool that may be called; none without it. */
  readonly tool?: ToolDefinition
  readonly sampling: Sampling
}

export interface ToolDefinition {
  readonly name: string
  readonly description: string
  readonly parameters: Readonly<Record<string, unknown>>
}

/** A dialog for a native teacher to go on with, up to a program's end or the message's. */
export interface DialogRequest {
  readonly messages: readonly Message[]
  readonly sampling: Sampling
  /** Keys the draws of the sampling. */
  readonly draw: string
}

/** What a teacher said, as it came. */
export interface Reply {
  readonly text: string
  readonly toolCall?: { readonly name: string; readonly arguments: string }
  /** What a native teacher wrote, block by block. */
  readonly blocks?: readonly Block[]
  readonly finish: 'stop' | 'length' | 'refused' | 'endless' | 'too-long' | 'failed'
  readonly usage: { readonly inputTokens: number; readonly outputTokens: number }
}

/** Which call of which instruction is asked; it does not shape the reply. */
export interface CallPlace {
  readonly id: string
  /** From 0. */
  readonly call: number
}

/** Where replies come from. */
export interface Transport<Request = ChatRequest> {
  /** What shapes replies beside the request: kind, model, address. */
  readonly identity: Readonly<Record<string, unknown>>
  send(request: Request, place: CallPlace): Promise<Reply>
  /** Lets go of connections and models. */
  dispose?(): Promise<void>
}
