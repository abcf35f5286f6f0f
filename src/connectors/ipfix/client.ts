import type { IpfixMessage, TemplateMessages } from '../../codecs/ipfix-export/index.ts'
import type { Context, Probe } from '../../engine/contracts.ts'
import type { IpfixConfig } from './config.ts'

export interface Session {
  /** Writes the messages in order. A rejection states which of them the system did not accept. */
  send(messages: readonly IpfixMessage[], signal: AbortSignal): Promise<void>
  /** Ends when the signal aborts; sends no data record. */
  probe(signal: AbortSignal): Promise<Probe>
  close(): Promise<void>
}

export class SendError extends Error {
  readonly first: number

  constructor(first: number, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'SendError'
    this.first = first
  }
}

export type SessionOptions = Readonly<{
  config: IpfixConfig
  context: Context
  /** Without time and sequence number. The options template is sent before the first message that needs it. */
  templates: TemplateMessages
}>

export function addRecords(sequence: number, records: number): number {
  return (sequence + records) % 0x1_0000_0000
}

export function seconds(ms: number): number {
  return Math.floor(ms / 1000)
}

const remedies: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'no collector listens there; start it, or correct `target`',
  ENOTFOUND: 'the name does not resolve; correct `target`',
  EHOSTUNREACH: 'there is no route to the host',
  ENETUNREACH: 'there is no route to the network',
  EMSGSIZE: 'a message exceeds what the system sends; lower `datagram_size`',
}

export function explain(position: string, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const remedy = remedies[code]
  const message = error instanceof Error ? error.message : String(error)
  return `${position}: ${message}${remedy === undefined ? '' : `: ${remedy}`}`
}
