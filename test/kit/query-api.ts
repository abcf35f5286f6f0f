import { once } from 'node:events'
import { get as httpGet, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { percentile } from './percentile.ts'
import type { AcceptanceContext } from '../../bench/harness.ts'
import type { RunningApi } from '../../src/api/index.ts'

export type Parameters = Readonly<Record<string, string>>

export async function get<Answer>(api: RunningApi, path: string, parameters: Parameters): Promise<Answer> {
  // Not fetch, which waits at most five minutes for a first query.
  const request = httpGet(`${api.url}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`)
  const [answer] = (await once(request, 'response')) as [IncomingMessage]
  const body = await text(answer)
  if (answer.statusCode !== 200) throw new Error(`${path} answered ${answer.statusCode}: ${body}`)
  return JSON.parse(body) as Answer
}

/**
 * Sends one cold request and `requests` more, each with the next parameters. Returns the 95th percentile in ms, the
 * processor time of this process for a warm request, and the responses.
 */
export async function measure<Answer>(
  context: AcceptanceContext,
  api: RunningApi,
  { what, path, requests }: { readonly what: string; readonly path: string; readonly requests: number },
  parameters: (time: number) => Parameters,
): Promise<{ readonly p95: number; readonly cpuMs: number; readonly answers: readonly Answer[] }> {
  const times: number[] = []
  const answers: Answer[] = []
  let used = process.cpuUsage()
  for (let time = 0; time <= requests; time++) {
    const began = performance.now()
    answers.push(await get<Answer>(api, path, parameters(time)))
    times.push(performance.now() - began)
    if (time === 0) used = process.cpuUsage()
  }
  const [cold = 0, ...warm] = times
  const p95 = percentile(warm, 95)
  context.figure(`${what}: the first time`, Math.round(cold), 'ms')
  context.figure(`${what}: warm, p50`, Math.round(percentile(warm, 50)), 'ms')
  context.figure(`${what}: warm, p95 of ${requests}`, Math.round(p95), 'ms')
  const { user, system } = process.cpuUsage(used)
  return { p95, cpuMs: (user + system) / 1000 / requests, answers }
}
