export type Answer = Readonly<{
  status: number
  headers: Readonly<Record<string, string | undefined>>
  /** Each chunk is valid until the next one. */
  body: AsyncIterable<Uint8Array>
  hold?(on: boolean): void
  close(): void
}>

/** GET. Rejects if there is no response. */
export type Ask = (
  path: string,
  query: Readonly<Record<string, string>>,
  signal: AbortSignal,
  accept?: string,
) => Promise<Answer>

/** Sends an object as JSON. Rejects if there is no response; it may have been written. */
export type Write = (method: WriteMethod, path: string, body: object, signal: AbortSignal) => Promise<Answer>

/** `PATCH`: a merge patch (RFC 7386). */
export type WriteMethod = 'POST' | 'PUT' | 'PATCH' | 'DELETE'
