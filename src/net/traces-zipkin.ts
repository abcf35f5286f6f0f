/** Zipkin's JSON format, version 2. OpenTelemetry discontinues its exporter in 2026. */
import type { Timers } from '../host/index.ts'
import type { Span, SpanSender } from '../telemetry/traces.ts'
import { HttpClient } from './http/client.ts'
import { withoutSecretsOf } from '../model/url-text.ts'
import { withoutUndefined } from '../model/json.ts'

const timeoutMs = 5000
const shownBytes = 200

export function openZipkin(url: string, service: { readonly name: string }, timers: Timers): SpanSender {
  const client = new HttpClient({ url, connections: 1, timeoutMs, timers, tls: undefined })
  const ended = new AbortController()
  return {
    async send(spans) {
      const body = Buffer.from(JSON.stringify(spans.map((span) => zipkinSpan(span, service.name))))
      const { status, body: text } = await client.request({
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        limit: shownBytes,
        truncate: true,
        signal: ended.signal,
      })
      if (status < 200 || status >= 300)
        throw new Error(withoutSecretsOf(url, `${url}: HTTP ${status} ${Buffer.from(text).toString().trim()}`))
    },
    close() {
      ended.abort()
      client.close()
      return Promise.resolve()
    },
  }
}

/** Times in microseconds; the duration is at least one. */
export function zipkinSpan(
  { traceId, spanId, parentId, name, kind, start, end, attributes, error }: Span,
  serviceName: string,
) {
  return {
    traceId,
    id: spanId,
    ...withoutUndefined({ parentId }),
    name,
    ...(kind === 'producer' ? { kind: 'PRODUCER' } : {}),
    timestamp: Math.round(start * 1000),
    duration: Math.max(1, Math.round((end - start) * 1000)),
    localEndpoint: { serviceName },
    tags: {
      ...Object.fromEntries(Object.entries(attributes).map(([tag, value]) => [tag, String(value)])),
      ...withoutUndefined({ error }),
    },
  }
}
