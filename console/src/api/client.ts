import { ApiError, apiErrorOf } from './problem.ts'
import { loginNeeded } from './session.ts'
import { limitSlowQueries } from './slow-queries.ts'
import { noteServerTime } from '../state/server-time.ts'

export type Query = Readonly<Record<string, string | number | undefined>>

type RequestOptions = Readonly<{
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  query?: Query
  body?: unknown
  signal?: AbortSignal
}>

export function request<T>(path: string, { query = {}, ...asking }: RequestOptions = {}): Promise<T> {
  return limitSlowQueries(path, asking.signal, async (id) => {
    const answer = await send(pathOf(path, query), asking, id)
    return (answer.status === 204 ? undefined : await answer.json()) as T
  })
}

/** A response that is no JSON. */
export function textOf(path: string): Promise<string> {
  return limitSlowQueries(path, undefined, async (id) => (await send(path, {}, id)).text())
}

export function pathOf(path: string, query: Query): string {
  const written = new URLSearchParams(
    Object.entries(query).flatMap(([name, value]) =>
      value === undefined || value === '' ? [] : [[name, String(value)]],
    ),
  )
  return written.size === 0 ? path : `${path}?${written}`
}

/** `id`: of the request, for its progress. */
export function headersOf(body: unknown, id: string | undefined): Record<string, string> {
  return {
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(id === undefined ? {} : { 'x-query-id': id }),
  }
}

async function send(
  path: string,
  { method = 'GET', body, signal }: RequestOptions,
  id: string | undefined,
): Promise<Response> {
  let answer: Response
  const sent = Date.now()
  try {
    answer = await fetch(path, {
      method,
      headers: headersOf(body, id),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    })
  } catch (error) {
    if (signal?.aborted === true) throw error
    throw new ApiError(0, {})
  }
  noteServerTime(answer.headers.get('date'), sent, Date.now())
  if (answer.ok) return answer
  const refused = await apiErrorOf(answer)
  // After an abort the body may be incomplete.
  signal?.throwIfAborted()
  if (refused.status === 401 && !path.startsWith('/api/v1/login')) loginNeeded()
  throw refused
}
