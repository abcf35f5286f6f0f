/** Where traces are sent to, as one URL says it: by OpenTelemetry's protocol, or as Zipkin has spans. */

export type TraceTarget =
  | { readonly is: 'off' }
  /** `url` is http or https, whole; `warning`: what was written is taken for something else. */
  | { readonly is: 'otlp' | 'zipkin'; readonly url: string; readonly warning?: string }
  | { readonly is: 'problem'; readonly message: string }

export const traceSchemes = ['otlp', 'otlps', 'http', 'https', 'zipkin', 'jaeger', 'noop'] as const

const usual = { otlpPort: 4318, otlpPath: '/v1/traces', zipkinPath: '/api/v2/spans' }

/**
 * `otlp://` and `otlps://` are OTLP over HTTP, port 4318 and path /v1/traces unless they name others; so are `http://` and `https://`, but for a
 * path that ends in /api/v2/spans, which is Zipkin's, as `zipkin://` is. Jaeger 2 has no agent for `jaeger://` any more and takes OTLP.
 */
export function traceTarget(written: string): TraceTarget {
  const scheme = /^([a-z]+):\/\//i.exec(written)?.[1]?.toLowerCase()
  if (scheme === 'noop') return { is: 'off' }
  const problem = (message: string): TraceTarget => ({
    is: 'problem',
    message: `\`${written.replace(/\/\/[^@/]*@/, '//***@')}\` ${message}`,
  })
  if (!traceSchemes.some((known) => known === scheme))
    return problem(`is no URL for traces: it may begin with ${traceSchemes.map((known) => `${known}://`).join(', ')}`)
  // Only of schemes that it knows does URL check the host and the port.
  const url = URL.parse(written.replace(/^[a-z]+/i, scheme === 'otlps' || scheme === 'https' ? 'https' : 'http'))
  if (url === null) return problem('names no host to send traces to')
  if (url.username !== '' || url.password !== '')
    return problem('holds a login, which would be printed; a header can be had by OTEL_EXPORTER_OTLP_HEADERS')
  if (scheme === 'jaeger') {
    const at = otlp(url, { port: usual.otlpPort })
    return {
      ...at,
      warning: `Jaeger's agent, which ${written} means, is gone with Jaeger 2: traces are sent as OTLP to ${at.url}`,
    }
  }
  if (scheme === 'zipkin' || url.pathname.endsWith(usual.zipkinPath))
    return { is: 'zipkin', url: withPath(url, usual.zipkinPath) }
  return scheme === 'otlp' || scheme === 'otlps'
    ? otlp(url, portOf(written) === undefined ? { port: usual.otlpPort } : {})
    : otlp(url, {})
}

function otlp(url: URL, { port }: { readonly port?: number }): { readonly is: 'otlp'; readonly url: string } {
  if (port !== undefined) url.port = String(port)
  return { is: 'otlp', url: withPath(url, usual.otlpPath) }
}

function withPath(url: URL, usualPath: string): string {
  if (url.pathname === '/') url.pathname = usualPath
  return url.href
}

/** As it is written: URL leaves out the port that is usual for http. */
function portOf(written: string): string | undefined {
  return /^[a-z]+:\/\/[^/?#]*:(\d+)(?:[/?#]|$)/i.exec(written)?.[1]
}
