import { createSocket } from 'node:dgram'
import { createServer, isIPv6 } from 'node:net'
import { portHolders } from '../../host/ports.ts'
import { formatHostPort, type HostPort } from '../../schema/values.ts'
import { listenersOf, type Listener } from '../../app/config-facts.ts'
import { fail, ok, type Finding, type CheckContext } from './finding.ts'

export async function checkPorts({ config, running }: CheckContext): Promise<Finding[]> {
  const findings: Finding[] = []
  // Sequential: two listeners on one port would otherwise conflict here.
  for (const listener of listenersOf(config)) findings.push(await checkPort(listener, running?.pid))
  return findings
}

async function checkPort({ owner, protocol, address }: Listener, weir: number | undefined): Promise<Finding> {
  const check = `port ${owner}`
  const name = `${protocol.toUpperCase()} ${formatHostPort(address)}`
  if (address.port === 0) return ok(check, `${name}: the system chooses`)
  const error = await tryToOpen(protocol, address)
  if (error === undefined) return ok(check, `${name} is free`)
  if (error === 'EADDRINUSE') {
    const holders = await portHolders(protocol, address.port)
    if (weir !== undefined && holders.some(({ pid }) => pid === weir))
      return ok(check, `${name} is held by the running Weir (process ${weir})`)
    const holder =
      holders.map(({ pid, command }) => `${command} (process ${pid})`).join(' and ') ||
      'a process that is not visible to this user'
    return fail(check, `${name} is held by ${holder}`, 'Stop it, or choose another address or `off` for this listener.')
  }
  if (error === 'EACCES')
    return fail(
      check,
      `${name} is not allowed for this user`,
      'Choose a port above 1023, or give Weir CAP_NET_BIND_SERVICE.',
    )
  if (error === 'EADDRNOTAVAIL' || error === 'ENOTFOUND')
    return fail(
      check,
      `${name}: this machine does not have the address`,
      'Choose an address of this machine, or 0.0.0.0 for all.',
    )
  return fail(check, `${name} cannot be opened: ${error}`, 'Choose another address.')
}

function tryToOpen(protocol: 'udp' | 'tcp', { host, port }: HostPort): Promise<string | undefined> {
  return new Promise((resolve) => {
    const failed = (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message)
    if (protocol === 'tcp') {
      const server = createServer().on('error', failed)
      server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)))
      return
    }
    const socket = createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4' })
    socket.on('error', (error: NodeJS.ErrnoException) => socket.close(() => failed(error)))
    socket.bind({ address: host, port, exclusive: true }, () => socket.close(() => resolve(undefined)))
  })
}
