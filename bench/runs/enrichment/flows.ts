// Exports NetFlow v5 flows between pods that began up to a minute before their export.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SeededRandom } from '../../../test/kit/random.ts'
import type { Cluster } from './cluster.ts'

const perDatagram = 30
const tickMs = 10
/** Uptime of the exporter in every datagram. */
const uptime = 100_000_000

export interface Traffic {
  readonly port: number
  readonly rate: number
  readonly seconds: number
  /** Share of the addresses that move during the run; 0: only flows are sent. */
  readonly reused: number
  /** Maximum delay of a reported move. */
  readonly lateMs: number
  readonly addresses: number
}

/** Sends flows; returns their number, and the maximum number of flows of holders that were not yet reported. */
export async function sendFlows(
  cluster: Cluster,
  { port, rate, seconds, reused, lateMs, addresses }: Traffic,
  random: SeededRandom,
): Promise<number> {
  const socket = createSocket('udp4')
  socket.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const began = performance.now()
  const first = Date.now()
  let [sent, handed] = [0, 0]
  try {
    for (let passed = 0; passed < seconds * 1000; passed = performance.now() - began) {
      for (const handOn = reused * addresses * (passed / (seconds * 1000)); handed < handOn; handed++) {
        cluster.handOn(random.integer(0, addresses - 1), Math.ceil((Date.now() + 10) / 1000) * 1000, lateMs, random)
      }
      const due = Math.min((passed / 1000) * rate, sent + rate / 4)
      for (; sent < due; sent += perDatagram) socket.send(datagram(cluster, addresses, first, random))
      await sleep(tickMs)
    }
  } finally {
    socket.close()
    await once(socket, 'close')
  }
  return sent
}

function datagram(cluster: Cluster, addresses: number, first: number, random: SeededRandom): Buffer {
  const bytes = Buffer.alloc(24 + 48 * perDatagram)
  const now = Date.now()
  bytes.writeUInt16BE(5, 0)
  bytes.writeUInt16BE(perDatagram, 2)
  bytes.writeUInt32BE(uptime, 4)
  bytes.writeUInt32BE(Math.floor(now / 1000), 8)
  bytes.writeUInt32BE((now % 1000) * 1_000_000, 12)
  for (let flow = 0; flow < perDatagram; flow++) {
    const at = 24 + 48 * flow
    // One in ten is exported late; flows from before the run would have no holder.
    const start = Math.max(
      first - 5000,
      now - (random.chance(0.1) ? random.integer(0, 60_000) : random.integer(0, 500)),
    )
    for (const place of [at, at + 4]) {
      const index =
        cluster.fresh.length > 0 && random.chance(0.05) ? random.pick(cluster.fresh) : random.integer(0, addresses - 1)
      bytes.writeUInt32BE(0x0a000000 + index, place)
    }
    bytes.writeUInt32BE(1, at + 16)
    bytes.writeUInt32BE(1000, at + 20)
    bytes.writeUInt32BE(uptime - (now - start), at + 24)
    bytes.writeUInt32BE(uptime, at + 28)
    bytes.writeUInt16BE(40_000 + random.integer(0, 20_000), at + 32)
    bytes.writeUInt16BE(443, at + 34)
    bytes.writeUInt8(6, at + 38)
  }
  return bytes
}
