import {
  Client,
  credentials,
  logVerbosity,
  Metadata,
  setLogVerbosity,
  type ChannelCredentials,
  type ServiceError,
} from '@grpc/grpc-js'
import type { Host } from '../../host/index.ts'
import { messageOf } from '../../model/errors.ts'
import { Credentials } from '../../net/http/credentials.ts'
import { readTls, type TlsOptions } from '../../net/tls.ts'
import type { Exporter } from './client.ts'
import type { OtlpConfig } from './config.ts'
import { acceptedOf, grpcOutcome, type Exported } from './map.ts'

// Errors are returned; the library would print them as well.
setLogVerbosity(logVerbosity.NONE)

const methods = {
  logs: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
  metrics: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
} as const
const gzip = 2
const unauthenticated = 16

/** Raw bytes over gRPC. */
export async function openGrpc(config: OtlpConfig, host: Host): Promise<Exporter> {
  const { hostname, port, protocol } = new URL(config.url)
  const tls = await readTls(config.tls, host.disk)
  const client = new Client(
    `${hostname}:${port === '' ? 4317 : port}`,
    protocol === 'grpcs:' ? secureCredentials(tls) : credentials.createInsecure(),
    {
      ...(config.compression === 'gzip' ? { 'grpc.default_compression_algorithm': gzip } : {}),
      ...(tls?.servername === undefined
        ? {}
        : { 'grpc.ssl_target_name_override': tls.servername, 'grpc.default_authority': tls.servername }),
      'grpc.keepalive_time_ms': 60_000,
      'grpc.initial_reconnect_backoff_ms': 100,
      // The engine waits between attempts.
      'grpc.max_reconnect_backoff_ms': 1000,
      'grpc.enable_retries': 0,
    },
  )
  const login = new Credentials(config.auth, host.clock)
  return {
    to: config.url,
    async export(body, signal) {
      let authorization: string | undefined
      try {
        authorization = login.current()
      } catch (error) {
        return { is: 'retry', reason: messageOf(error), away: true }
      }
      const metadata = new Metadata()
      for (const [name, value] of Object.entries(config.headers)) metadata.set(name, value)
      if (authorization !== undefined) metadata.set('authorization', authorization)
      const outcome = await call(
        client,
        methods[config.signal],
        body,
        metadata,
        host.clock.now() + config.timeout,
        signal,
      )
      if ('expire' in outcome) login.expire()
      return 'expire' in outcome ? outcome.expire : outcome
    },
    close: () => client.close(),
  }
}

function call(
  client: Client,
  method: string,
  body: Uint8Array,
  metadata: Metadata,
  deadline: number,
  signal: AbortSignal,
): Promise<Exported | { readonly expire: Exported }> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve({ is: 'retry', reason: 'not sent: the sink is stopping', away: true })
    const abort = (): void => running.cancel()
    const running = client.makeUnaryRequest(
      method,
      (message: Uint8Array) => Buffer.from(message.buffer, message.byteOffset, message.length),
      (bytes: Buffer) => bytes,
      body,
      metadata,
      { deadline },
      (error: ServiceError | null, response?: Buffer) => {
        signal.removeEventListener('abort', abort)
        if (error === null) return resolve(acceptedOf(response ?? new Uint8Array(0)))
        const [status] = error.metadata?.get('grpc-status-details-bin') ?? []
        const outcome = grpcOutcome({
          code: error.code,
          details: error.details,
          status: typeof status === 'string' ? undefined : status,
        })
        resolve(error.code === unauthenticated ? { expire: outcome } : outcome)
      },
    )
    signal.addEventListener('abort', abort, { once: true })
  })
}

function secureCredentials(tls: TlsOptions | undefined): ChannelCredentials {
  const buffer = (pem: string | undefined): Buffer | null => (pem === undefined ? null : Buffer.from(pem))
  return credentials.createSsl(buffer(tls?.ca), buffer(tls?.key), buffer(tls?.cert), {
    rejectUnauthorized: tls?.rejectUnauthorized ?? true,
  })
}
