/** One target over HTTP. */
import { isUtf8 } from 'node:buffer'
import type { Host } from '../../host/index.ts'
import { messageOf } from '../../model/errors.ts'
import { HttpClient } from '../../net/http/client.ts'
import type { TlsOptions } from '../../net/tls.ts'
import type { PrometheusScrapeConfig } from './config.ts'
import { readExposition, type Exposition } from './map-exposition.ts'

const accept = 'application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.1'

export class ScrapeFailed extends Error {
  readonly outcome: 'failed' | 'malformed' | 'too_many'

  constructor(outcome: ScrapeFailed['outcome'], message: string) {
    super(message)
    this.outcome = outcome
  }
}

export function openTarget(
  url: string,
  { config, host, tls }: Readonly<{ config: PrometheusScrapeConfig; host: Host; tls: TlsOptions | undefined }>,
): HttpClient {
  const { timers, clock } = host
  return new HttpClient({
    url,
    connections: 1,
    timeoutMs: config.timeout,
    timers,
    tls: url.startsWith('https:') ? tls : undefined,
    ...(config.auth.type === 'none' ? {} : { login: { auth: config.auth, clock } }),
  })
}

/** Rejects with ScrapeFailed, and as HttpClient does. */
export async function readTarget(
  http: HttpClient,
  url: string,
  { config, signal }: Readonly<{ config: PrometheusScrapeConfig; signal: AbortSignal }>,
): Promise<Exposition> {
  const { status, headers, body } = await http.request({
    to: url,
    headers: { accept, 'x-prometheus-scrape-timeout-seconds': String(config.timeout / 1000) },
    limit: config.max_body,
    redirects: 5,
    signal,
  })
  if (status !== 200) throw new ScrapeFailed('failed', `the target responded HTTP ${status}`)
  try {
    const isOpenMetrics = /^application\/openmetrics-text\b/i.test(headers['content-type'] ?? '')
    const format = isOpenMetrics ? 'openmetrics' : 'text'
    const { text, lines } = readable(Buffer.from(body.buffer, body.byteOffset, body.length))
    if (lines === 0) return readExposition(text, format)
    return { ...readExposition(text, format), notUtf8: lines }
  } catch (error) {
    throw new ScrapeFailed('malformed', `the response is malformed: ${messageOf(error)}`)
  }
}

/** `lines`: those that are not UTF-8. Each becomes an empty one, so that the numbers of the others stay. */
function readable(body: Buffer): Readonly<{ text: string; lines: number }> {
  if (isUtf8(body)) return { text: body.toString(), lines: 0 }
  const kept: string[] = []
  let [lines, from] = [0, 0]
  while (from <= body.length) {
    const end = body.indexOf(10, from)
    const line = body.subarray(from, end < 0 ? body.length : end)
    const isText = isUtf8(line)
    if (!isText) lines++
    kept.push(isText ? line.toString() : '')
    if (end < 0) break
    from = end + 1
  }
  return { text: kept.join('\n'), lines }
}
