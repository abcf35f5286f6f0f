import { shownPlace, withoutUrlSecrets } from './url-text.ts'

type TraceTarget =
  | { readonly is: 'off' }
  /** `url` is http or https, whole; `warning`: the value has another meaning than written. */
  | Readonly<{ is: 'otlp' | 'zipkin'; url: string; warning?: string }>
  | Readonly<{ is: 'problem'; message: string }>

const traceSchemes = ['otlp', 'otlps', 'http', 'https', 'zipkin', 'jaeger', 'noop'] as const

const defaults = { otlpPort: 4318, otlpPath: '/v1/traces', zipkinPath: '/api/v2/spans' }

/**
 * `otlp`, `otlps`, `http` and `https` mean OTLP over HTTP, except a path that ends in /api/v2/spans: Zipkin. Jaeger 2
 * has no agent; `jaeger://` becomes OTLP.
 */
export function traceTarget(written: string): TraceTarget {
  const scheme = /^([a-z]+):\/\//i.exec(written)?.[1]?.toLowerCase()
  if (scheme === 'noop') return { is: 'off' }
  const problem = (message: string): TraceTarget => ({
    is: 'problem',
    message: `\`${shownPlace(written)}\` ${message}`,
  })
  if (!traceSchemes.some((traceScheme) => traceScheme === scheme))
    return problem(
      `is no URL for traces: it must begin with ${traceSchemes.map((traceScheme) => `${traceScheme}://`).join(', ')}`,
    )
  // URL validates host and port only for known schemes.
  const url = URL.parse(written.replace(/^[a-z]+/i, scheme === 'otlps' || scheme === 'https' ? 'https' : 'http'))
  if (url === null) return problem('has no host')
  if (url.username !== '' || url.password !== '')
    return problem('contains a password, which would be printed; use a header in OTEL_EXPORTER_OTLP_HEADERS')
  if (scheme === 'jaeger') {
    const at = otlp(url, { port: defaults.otlpPort })
    const [before, after] = [written, at.url].map(withoutUrlSecrets)
    return {
      ...at,
      warning: `Jaeger 2 has no agent, which ${before} needs: traces are sent as OTLP to ${after}`,
    }
  }
  if (scheme === 'zipkin' || url.pathname.endsWith(defaults.zipkinPath))
    return { is: 'zipkin', url: withPath(url, defaults.zipkinPath) }
  return scheme === 'otlp' || scheme === 'otlps'
    ? otlp(url, portOf(written) === undefined ? { port: defaults.otlpPort } : {})
    : otlp(url, {})
}

function otlp(url: URL, { port }: { port?: number }): Readonly<{ is: 'otlp'; url: string }> {
  if (port !== undefined) url.port = String(port)
  return { is: 'otlp', url: withPath(url, defaults.otlpPath) }
}

function withPath(url: URL, usualPath: string) {
  if (url.pathname === '/') url.pathname = usualPath
  return url.href
}

/** URL omits the default port of http. */
function portOf(written: string) {
  return /^[a-z]+:\/\/[^/?#]*:(\d+)(?:[/?#]|$)/i.exec(written)?.[1]
}
