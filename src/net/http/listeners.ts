import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import { listening } from '../../host/listen.ts'
import { formatHostPort, type HostPort } from '../../schema/values.ts'
import type { TlsOptions } from '../tls.ts'

export interface HttpListeners {
  readonly addresses: readonly string[]
  renew(tls: TlsOptions): void
  close(): Promise<void>
}

type HttpListenersOptions = Readonly<{
  places: readonly HostPort[]
  tls: TlsOptions | undefined
  listener: RequestListener
  /** Called before the servers stop. */
  closing?: () => void
}>

const [requestMs, headersMs, idleMs, maxHeaderSize] = [60_000, 10_000, 120_000, 16 * 1024]

/** HTTP servers with limits of time and connections. Rejects if one cannot listen. */
export async function openHttpListeners({
  places,
  tls,
  listener,
  closing,
}: HttpListenersOptions): Promise<HttpListeners> {
  const servers: Readonly<{ server: Server | TlsServer; address: string }>[] = []
  const close = async () => {
    closing?.()
    await Promise.all(
      servers.map(
        ({ server }) =>
          new Promise<void>((resolve) => {
            server.close(() => resolve())
            server.closeIdleConnections()
          }),
      ),
    )
  }
  try {
    for (const target of places) {
      const limits = {
        requestTimeout: requestMs,
        headersTimeout: headersMs,
        keepAliveTimeout: idleMs,
        maxHeaderSize,
      }
      const server =
        tls === undefined
          ? createServer(limits, listener)
          : createTlsServer(
              { ...limits, ...tls, requestCert: tls.ca !== undefined, rejectUnauthorized: tls.ca !== undefined },
              listener,
            )
      server.maxConnections = 256
      const address = formatHostPort(await listening(server, target))
      servers.push({ server, address: `${tls === undefined ? 'http' : 'https'}://${address}` })
    }
  } catch (error) {
    await close()
    throw error
  }
  return {
    addresses: servers.map(({ address }) => address),
    close,
    renew(certificates) {
      for (const { server } of servers) if ('setSecureContext' in server) server.setSecureContext(certificates)
    },
  }
}
