/** Lines in a store behind the API of Loki. */
import { toEventBatch, type WeirEvent } from '../../model/events.ts'
import type { LogData } from '../../model/points.ts'
import { startStored, type StoredApi } from './stored.ts'

export const lokiStart = 1_795_800_000_000
/** Covers lines of the first minute. */
export const lokiTimes = { start: `${lokiStart - 1000}000000`, end: `${lokiStart + 60_000}000000` }

export function logEvent(body: LogData, time: number = lokiStart): WeirEvent {
  return {
    id: `${time}-${JSON.stringify(body)}`,
    source: '/test',
    type: 'weir.log',
    family: 'log',
    time,
    datacontenttype: 'application/json',
    encoding: 'json',
    data: new TextEncoder().encode(JSON.stringify(body)),
  }
}

/** Of the stream `{a="b"}`, unless a line has other labels. */
export async function withLines(...lines: readonly LogData[]): Promise<StoredApi> {
  const api = await startStored()
  await api.addBatch(toEventBatch(lines.map((line) => logEvent({ labels: { a: 'b' }, ...line }))), lokiStart)
  return api
}

export interface LokiResult {
  readonly metric: Record<string, string>
  readonly stream: Record<string, string>
  readonly value: [number, string]
  readonly values: [string, string][]
}

export async function askLoki(
  { url }: StoredApi,
  path: string,
  parameters: Readonly<Record<string, string>>,
  method: 'GET' | 'POST' = 'GET',
) {
  const text = new URLSearchParams(parameters)
  const base = `${url}/loki/api/v1/${path}`
  const answer = await (method === 'GET'
    ? fetch(`${base}?${text.toString()}`)
    : fetch(base, { method: 'POST', body: text }))
  const body = (await answer.json()) as { data?: { result: LokiResult[] }; error?: string }
  return { status: answer.status, body, result: body.data?.result ?? [] }
}
