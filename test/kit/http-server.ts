/** An HTTP server on 127.0.0.1 that records its requests. */
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import { createServer as createTls, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { onTestFinished } from 'vitest'

export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** Common name of the client's certificate, if any. */
  readonly client: string | undefined
}

export interface HttpScene {
  /** `http://127.0.0.1:PORT`, without a slash. */
  readonly url: string
  readonly port: number
  readonly server: Server
  readonly seen: SeenRequest[]
  /** Number of opened connections. */
  readonly connections: () => number
}

export async function serveHttp(
  answer: (response: ServerResponse, request: SeenRequest) => void,
  tls?: ServerOptions,
): Promise<HttpScene> {
  const seen: SeenRequest[] = []
  let connections = 0
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Uint8Array[] = []
    request.on('data', (chunk: Uint8Array) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request
      const client =
        tls === undefined ? undefined : (request.socket as TLSSocket).getPeerCertificate().subject?.CN?.toString()
      const one = { method, path, headers, body: Buffer.concat(chunks).toString(), client }
      seen.push(one)
      answer(response, one)
    })
  }
  const server: Server = tls === undefined ? createServer(listener) : createTls(tls, listener)
  server.on(tls === undefined ? 'connection' : 'secureConnection', () => connections++)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => {
          resolve()
        })
        server.closeAllConnections()
      }),
  )
  const { port } = server.address() as AddressInfo
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    port,
    server,
    seen,
    connections: () => connections,
  }
}
