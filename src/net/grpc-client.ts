import {
  Client,
  credentials,
  logVerbosity,
  setLogVerbosity,
  type ChannelCredentials,
  type Metadata,
  type ServiceError,
} from '@grpc/grpc-js'
import type { TlsOptions } from './tls.ts'

// Errors are returned; the library would print them as well.
setLogVerbosity(logVerbosity.NONE)

const gzip = 2

export interface GrpcClient {
  /** `deadline` in Unix ms. Never rejects; an abort is an error with code CANCELLED. */
  call(
    options: Readonly<{
      method: string
      body: Uint8Array
      metadata: Metadata
      deadline: number
      signal: AbortSignal
    }>,
  ): Promise<Uint8Array | ServiceError>
  close(): void
}

/** `grpc://` or `grpcs://` (TLS). Connects with the first call, and again after a loss. */
export function openGrpcClient(
  url: string,
  { port: defaultPort, tls, compressed }: { port: number; tls: TlsOptions | undefined; compressed: boolean },
): GrpcClient {
  const { hostname, port, protocol } = new URL(url)
  const client = new Client(
    `${hostname}:${port === '' ? defaultPort : port}`,
    protocol === 'grpcs:' ? secureCredentials(tls) : credentials.createInsecure(),
    {
      ...(compressed ? { 'grpc.default_compression_algorithm': gzip } : {}),
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
  return {
    call: ({ method, body, metadata, deadline, signal }) =>
      new Promise((resolve) => {
        const abort = () => running.cancel()
        const running = client.makeUnaryRequest(
          method,
          (message: Uint8Array) => Buffer.from(message.buffer, message.byteOffset, message.length),
          (bytes: Buffer) => bytes,
          body,
          metadata,
          { deadline },
          (error: ServiceError | null, response?: Buffer) => {
            signal.removeEventListener('abort', abort)
            resolve(error ?? response ?? new Uint8Array(0))
          },
        )
        signal.addEventListener('abort', abort, { once: true })
      }),
    close: () => client.close(),
  }
}

function secureCredentials(tls: TlsOptions | undefined): ChannelCredentials {
  const buffer = (pem: string | undefined): Buffer | null => (pem === undefined ? null : Buffer.from(pem))
  return credentials.createSsl(buffer(tls?.ca), buffer(tls?.key), buffer(tls?.cert), {
    rejectUnauthorized: tls?.rejectUnauthorized ?? true,
  })
}
