import { Agent, fetch, type RequestInit, type Response } from 'undici'

/** Questions to a busy server wait longer than the 300 s after which `fetch` fails. */
const dispatcher = new Agent({ headersTimeout: 0, bodyTimeout: 0 })

/** `fetch` without a limit of time. */
export function patientFetch(url: string, init: RequestInit = {}): Promise<Response> {
  return fetch(url, { ...init, dispatcher })
}
