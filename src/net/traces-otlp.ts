/** OpenTelemetry's exporter; loaded on demand, because it takes 12 MB and 150 ms. */
import { SpanKind, SpanStatusCode, TraceFlags, type HrTime, type SpanContext } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { withoutSecretsOf } from '../model/url-text.ts'
import type { Span, SpanSender } from '../telemetry/traces.ts'

const timeoutMs = 5000

export function openOtlp(url: string, service: Readonly<{ name: string; version: string }>): SpanSender {
  const exporter = new OTLPTraceExporter({ url, timeoutMillis: timeoutMs })
  const about = {
    resource: resourceFromAttributes({ 'service.name': service.name, 'service.version': service.version }),
    instrumentationScope: { name: service.name, version: service.version },
  }
  return {
    send: (spans) =>
      new Promise((resolve, reject) => {
        exporter.export(
          spans.map((span) => readable(span, about)),
          ({ code, error }) => {
            if (code === 0) resolve()
            else reject(new Error(withoutSecretsOf(url, `${url}: ${error?.message ?? 'not taken'}`)))
          },
        )
      }),
    close: () => exporter.shutdown(),
  }
}

function readable(
  { traceId, spanId, parentId, name, kind, start, end, attributes, error }: Span,
  about: Pick<ReadableSpan, 'resource' | 'instrumentationScope'>,
): ReadableSpan {
  const context = (id: string): SpanContext => ({ traceId, spanId: id, traceFlags: TraceFlags.SAMPLED })
  const spanContext = context(spanId)
  return {
    ...about,
    name,
    kind: kind === 'producer' ? SpanKind.PRODUCER : SpanKind.INTERNAL,
    spanContext: () => spanContext,
    ...(parentId === undefined ? {} : { parentSpanContext: context(parentId) }),
    startTime: hrTime(start),
    endTime: hrTime(end),
    duration: hrTime(end - start),
    ended: true,
    status: error === undefined ? { code: SpanStatusCode.UNSET } : { code: SpanStatusCode.ERROR, message: error },
    attributes: { ...attributes },
    links: [],
    events: [],
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  }
}

function hrTime(ms: number): HrTime {
  return [Math.floor(ms / 1000), Math.round((ms % 1000) * 1e6)]
}
