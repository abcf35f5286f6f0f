// Ports that a process can bind, release and bind again.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below the range of ephemeral ports, so that no other process binds it between a stop and a restart. */
const lowest = 15_000
const highest = 32_000

/** Issued ports may not be bound yet, so none is probed or returned twice. */
const issued = new Set<number>()

/** Different ports on 127.0.0.1 that are free for TCP and UDP. */
export async function freePorts(count: number): Promise<number[]> {
  const found: number[] = []
  for (let attempt = 0; found.length < count; attempt++) {
    if (attempt > 1000) throw new Error(`no ${count} free ports on 127.0.0.1`)
    const port = lowest + Math.floor(Math.random() * (highest - lowest))
    if (issued.has(port)) continue
    issued.add(port)
    if (await isFree(port)) found.push(port)
  }
  return found
}

async function isFree(port: number): Promise<boolean> {
  const tcp = createServer()
  const udp = createSocket('udp4')
  try {
    tcp.listen({ host: '127.0.0.1', port, exclusive: true })
    await once(tcp, 'listening')
    udp.bind({ address: '127.0.0.1', port, exclusive: true })
    await once(udp, 'listening')
    return true
  } catch {
    return false
  } finally {
    tcp.close()
    udp.close()
  }
}
