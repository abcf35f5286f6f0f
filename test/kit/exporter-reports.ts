// Flows of exporters of which some report the same.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { expect } from 'vitest'
import type { WeirProcess } from '../kit/weir-process.ts'

type Report = Readonly<{
  port: number
  back?: true
  direction: 0 | 1
  interfaces: readonly [number, number]
  ago: number
  sampling?: number
}>

/** Element and bytes: addresses, ports, protocol, direction, interfaces, counters, times. */
const plain = [8, 4, 12, 4, 7, 2, 11, 2, 4, 1, 61, 1, 10, 4, 14, 4, 1, 8, 2, 8, 152, 8, 153, 8]

function message(reports: readonly Report[], now: number): Buffer {
  const fields = reports.some(({ sampling }) => sampling !== undefined) ? [...plain, 34, 4] : plain
  const template = [256, fields.length / 2, ...fields]
  const rows = reports.map(({ port, back, direction, interfaces, ago, sampling }) => {
    const row = Buffer.alloc(sampling === undefined ? 54 : 58)
    if (sampling !== undefined) row.writeUInt32BE(sampling, 54)
    const [near, far] = [0x0a000001, 0x0a000002]
    row.writeUInt32BE(back ? far : near, 0)
    row.writeUInt32BE(back ? near : far, 4)
    row.writeUInt16BE(back ? 443 : port, 8)
    row.writeUInt16BE(back ? port : 443, 10)
    row.set([6, direction], 12)
    row.writeUInt32BE(interfaces[0], 14)
    row.writeUInt32BE(interfaces[1], 18)
    row.writeBigUInt64BE(1000n, 22)
    row.writeBigUInt64BE(10n, 30)
    row.writeBigUInt64BE(BigInt(now - ago - 5000), 38)
    row.writeBigUInt64BE(BigInt(now - ago), 46)
    return row
  })
  const data = Buffer.concat(rows)
  const bytes = Buffer.alloc(16 + 4 + 2 * template.length + 4)
  bytes.writeUInt16BE(10, 0)
  bytes.writeUInt16BE(bytes.length + data.length, 2)
  bytes.writeUInt32BE(Math.floor(now / 1000), 4)
  bytes.writeUInt16BE(2, 16)
  bytes.writeUInt16BE(4 + 2 * template.length, 18)
  template.forEach((value, index) => bytes.writeUInt16BE(value, 20 + 2 * index))
  bytes.writeUInt16BE(256, bytes.length - 4)
  bytes.writeUInt16BE(4 + data.length, bytes.length - 2)
  return Buffer.concat([bytes, data])
}

export async function sendReports(weir: WeirProcess): Promise<void> {
  const now = Date.now()
  const ports = Array.from({ length: 8 }, (_, index) => 40_000 + index)
  const through = { direction: 0, interfaces: [1, 2], ago: 1000 } as const
  const sent: readonly (readonly [exporter: string, reports: readonly Report[]])[] = [
    // A flow crosses two routers.
    ['127.0.0.1', ports.map((port) => ({ port, ...through }))],
    ['127.0.0.2', ports.map((port) => ({ port, ...through, interfaces: [7, 8], ago: 2000 }))],
    // Input and output of one router.
    ['127.0.0.3', ports.map((port) => ({ port: port + 100, ...through }))],
    ['127.0.0.3', ports.map((port) => ({ port: port + 100, ...through, direction: 1 }))],
    // The way back through another router, and the same ports an hour before.
    ['127.0.0.4', ports.map((port) => ({ port: port + 200, ...through }))],
    ['127.0.0.5', ports.map((port) => ({ port: port + 200, back: true, ...through }))],
    ['127.0.0.6', ports.map((port) => ({ port: port + 200, ...through, ago: 1_800_000 }))],
    // Several reports of one flow at one interface.
    ['127.0.0.4', ports.map((port) => ({ port: port + 200, ...through, ago: 0 }))],
    ['127.0.0.7', ports.map((port) => ({ port: port + 400, ...through, sampling: 100 }))],
  ]
  for (const [exporter, reports] of sent) {
    const socket = createSocket('udp4')
    socket.bind(0, exporter)
    await once(socket, 'listening')
    await new Promise((resolve) => socket.send(message(reports, now), weir.ports.netflow, '127.0.0.1', resolve))
    socket.close()
  }
  const accepted = async (): Promise<number | undefined> =>
    (await weir.ledger()).sources.find(({ name }) => name === 'netflow')?.accepted
  await expect.poll(accepted, { timeout: 20_000 }).toBe(8 * sent.length)
  await weir.caughtUp(20_000)
}

/** Of the check for repeated flows, sorted. */
export const repeatedFlows = [
  'warn: 127.0.0.3 reports the same flows at its interfaces in 1 (100 % of 8 flows) and out 2 (100 % of 8 flows) ' +
    'of the last 10 minutes: sums count them twice',
  'warn: the same flows are reported by 127.0.0.1 (100 % of 8 flows) and 127.0.0.2 (100 % of 8 flows) of the last ' +
    '10 minutes: sums count them twice',
]

/** Of the check of sampling: the first exporters by number of flows, of which two have as many. */
export const unsampled =
  /^warn: (?:127\.0\.0\.\d, ){4}127\.0\.0\.\d and 1 others report no sampling interval, and 127\.0\.0\.7 /
