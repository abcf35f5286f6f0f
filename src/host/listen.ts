import type { AddressInfo, Server } from 'node:net'
import { portHolders } from './ports.ts'
import { messageOf, WeirError } from '../model/errors.ts'

export async function explainListen(
  protocol: 'udp' | 'tcp',
  { host, port }: { host: string; port: number },
  cause: unknown,
): Promise<WeirError> {
  const address = `${protocol.toUpperCase()} ${host.includes(':') ? `[${host}]` : host}:${port}`
  if (cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE') {
    const holders = (await portHolders(protocol, port)).map(({ pid, command }) => `${command} (process ${pid})`)
    const held = holders.length === 0 ? '' : `, held by ${holders.join(' and ')}`
    return new WeirError('WEIR_LISTEN_IN_USE', `${address} is in use${held}.`, { cause })
  }
  const reason = messageOf(cause)
  return new WeirError('WEIR_LISTEN_FAILED', `Cannot listen on ${address}: ${reason}.`, { cause })
}

type Place = Readonly<{ host: string; port: number }>

/**
 * Resolves with the place, and the port that the system chose for 0, when a TCP server listens there exclusively.
 * Rejects with the message of {@link explainListen}.
 */
export async function listening(server: Server, place: Place): Promise<Place> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ ...place, exclusive: true }, () => {
        server.off('error', reject)
        resolve()
      })
    })
  } catch (error) {
    throw await explainListen('tcp', place, error)
  }
  const bound = server.address()
  return { host: place.host, port: typeof bound === 'object' && bound !== null ? bound.port : place.port }
}

/** For URLs: an address of this machine instead of the unspecified one, and IPv6 in brackets. */
export function reachableHost({ address, family }: Pick<AddressInfo, 'address' | 'family'>): string {
  if (address === '0.0.0.0') return '127.0.0.1'
  if (address === '::') return '[::1]'
  return family === 'IPv6' ? `[${address}]` : address
}
