/** What an API server is asked, and answers. */

/** An answer whose head has come. */
export interface Answer {
  readonly status: number
  /** Names in small letters. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** Each piece is good until the next is asked for. */
  readonly body: AsyncIterable<Uint8Array>
  /** While it is held no more is read from its connection than it has room for. */
  hold?(on: boolean): void
  /** Ends it now, whatever is still to come. */
  close(): void
}

/** Asks the server, as whoever we are. Rejects when there is no answer. */
export type Ask = (
  path: string,
  query: Readonly<Record<string, string>>,
  signal: AbortSignal,
  accept?: string,
) => Promise<Answer>

/** Writes an object as JSON. Rejects when there is no answer: then nobody knows whether it was written. */
export type Write = (method: 'POST' | 'PUT', path: string, body: object, signal: AbortSignal) => Promise<Answer>
