import type { Dispatcher, RequestInit, Response } from 'undici'

let dispatcher: Dispatcher | undefined

/** `fetch` of Node fails after five minutes without a byte: in a long query, or while `tap` waits for rows. */
export async function patientFetch(url: string, init: RequestInit = {}): Promise<Response> {
  const { Agent, fetch } = await import('undici')
  dispatcher ??= new Agent({ headersTimeout: 0, bodyTimeout: 0 })
  return fetch(url, { ...init, dispatcher })
}
