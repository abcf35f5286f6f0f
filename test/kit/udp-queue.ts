import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Resolves when the kernel holds no datagram for the UDP port of another process (Linux). Call it between bursts, and
 * before the process is ended: datagrams that it has not read are lost.
 */
export async function udpQueueEmpty(port: number, limitMs = 60_000): Promise<void> {
  const end = performance.now() + limitMs
  while (await hasDatagrams(port)) {
    if (performance.now() > end) throw new Error(`datagrams wait at UDP port ${port} for ${limitMs} ms`)
    await sleep(5)
  }
}

async function hasDatagrams(port: number): Promise<boolean> {
  return (await udpSockets(port)).some(([, , , , queues = '']) => !queues.endsWith(':00000000'))
}

/** Fields of the sockets of a port in the kernel's tables; the last one is the number of dropped datagrams. */
export async function udpSockets(port: number): Promise<readonly (readonly string[])[]> {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const tables = await Promise.all(['udp', 'udp6'].map((table) => readFile(`/proc/net/${table}`, 'latin1')))
  return tables
    .flatMap((table) => table.split('\n'))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local = '']) => local.endsWith(suffix))
}
