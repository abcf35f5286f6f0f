import type { FastifyInstance } from 'fastify'
import type { AddressInfo } from 'node:net'
import { Server as TlsServer } from 'node:tls'
import { explainListen, reachableHost } from '../host/listen.ts'

/** Returns the URL. Rejects with WEIR_LISTEN_IN_USE. */
export async function listenAt(app: FastifyInstance, { host, port }: { host: string; port: number }): Promise<string> {
  const bare = host.replace(/^\[(.*)\]$/, '$1')
  try {
    await app.listen({ host: bare, port })
  } catch (error) {
    throw await explainListen('tcp', { host: bare, port }, error)
  }
  const address = app.server.address() as AddressInfo
  return `${app.server instanceof TlsServer ? 'https' : 'http'}://${reachableHost(address)}:${address.port}`
}
