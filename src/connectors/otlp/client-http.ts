import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Host } from '../../host/index.ts'
import { messageOf } from '../../model/errors.ts'
import { HttpClient, HttpError } from '../../net/http/client.ts'
import { readTls } from '../../net/tls.ts'
import type { Exporter } from './client.ts'
import type { OtlpConfig } from './config.ts'
import { httpOutcome } from './map.ts'

const zip = promisify(gzip)
const responseLimit = 64 * 1024

export async function openHttp(config: OtlpConfig, host: Host): Promise<Exporter> {
  const url = endpointOf(config)
  const client = new HttpClient({
    url,
    connections: 4,
    timeoutMs: config.timeout,
    timers: host.timers,
    tls: await readTls(config.tls, host.disk),
    login: { auth: config.auth, clock: host.clock },
  })
  const zipped = config.compression === 'gzip'
  return {
    to: url,
    async export(body, signal) {
      try {
        const answer = await client.request({
          method: 'POST',
          headers: {
            ...config.headers,
            'content-type': 'application/x-protobuf',
            ...(zipped ? { 'content-encoding': 'gzip' } : {}),
          },
          body: zipped ? await zip(body, { level: 1 }) : body,
          limit: responseLimit,
          signal,
        })
        return httpOutcome(answer, host.clock.now())
      } catch (error) {
        return {
          is: 'retry',
          reason: messageOf(error),
          away: !(error instanceof HttpError) || error.kind === 'network',
        }
      }
    },
    close: () => client.close(),
  }
}

/** `http://host` has OTLP's port; the path of the signal is added. */
export function endpointOf({ url: written, signal }: Pick<OtlpConfig, 'url' | 'signal'>): string {
  const url = new URL(written)
  const hasPort = /^[a-z]+:\/\/(?:[^/@]*@)?(?:\[[^\]]*\]|[^/:]*):\d+/i.test(written)
  if (url.protocol === 'http:' && !hasPort) url.port = '4318'
  if (!url.pathname.endsWith(`/v1/${signal}`)) url.pathname = `${url.pathname.replace(/\/+$/, '')}/v1/${signal}`
  return url.href
}
