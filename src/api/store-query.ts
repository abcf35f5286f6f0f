import type { FastifyReply } from 'fastify'
import type { IsolatedResult, StoreReader } from '../engine/control.ts'
import type { Log } from '../engine/contracts.ts'
import type { ApiContext } from './options.ts'
import { requiredStore } from '../topics/required-store.ts'

/** Throws 503 without a store. */
export function requireStore({ control }: Pick<ApiContext, 'control'>): StoreReader {
  return requiredStore(control.store)
}

export function abortOnDisconnect(reply: FastifyReply): AbortSignal {
  const disconnected = new AbortController()
  reply.raw.on('close', () => {
    if (!reply.raw.writableFinished) disconnected.abort()
  })
  if (reply.raw.destroyed) disconnected.abort()
  return disconnected.signal
}

/** Undefined if the signal aborts. */
export async function unlessAborted<Value>(
  signal: AbortSignal,
  read: () => Promise<Value>,
): Promise<Value | undefined> {
  try {
    return await read()
  } catch (error) {
    if (signal.aborted) return undefined
    throw error
  }
}

export async function* logErrors(
  bytes: IsolatedResult,
  disconnected: AbortSignal,
  log: Log,
): AsyncGenerator<Uint8Array, number | undefined> {
  try {
    return yield* bytes as AsyncGenerator<Uint8Array, number | undefined>
  } catch (error) {
    if (!disconnected.aborted)
      log.warn('A query failed after its response had started; the response was truncated.', { error })
    throw error
  }
}
