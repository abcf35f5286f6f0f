import { whoListens } from './ports.ts'
import { WeirError } from '../model/errors.ts'

/** Why listening failed, in words for a user; a port in use names who may hold it. */
export async function explainListen(
  protocol: 'udp' | 'tcp',
  { host, port }: { readonly host: string; readonly port: number },
  cause: unknown,
): Promise<WeirError> {
  const place = `${protocol.toUpperCase()} ${host.includes(':') ? `[${host}]` : host}:${port}`
  if (cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE') {
    const holders = (await whoListens(protocol, port)).map(({ pid, command }) => `${command} (process ${pid})`)
    const held = holders.length === 0 ? '' : `, held by ${holders.join(' and ')}`
    return new WeirError('WEIR_LISTEN_IN_USE', `${place} is in use${held}.`, { cause })
  }
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new WeirError('WEIR_LISTEN_FAILED', `Cannot listen on ${place}: ${reason}.`, { cause })
}
