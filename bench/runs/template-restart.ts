// Exporters announce templates rarely and send data all the time. Weir is stopped or killed between a template and its
// data: no earlier data may be lost for lack of a template, and the sampling must be stored.
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AcceptanceRun, AcceptanceContext } from '../harness.ts'
import { atOnce } from '../../test/kit/at-once.ts'
import { ExportLoad, type LoadProtocol } from '../../test/kit/flow-load/exports.ts'
import { startWeir, type WeirProcess } from '../../test/kit/weir-process.ts'

const addresses = 5000
/** Templates are stored within this time. */
const keptMs = 2500

/** v9, domain 7 as the load: options template 257 with the sampling interval, and one record: 1 in 100. */
const samplingOptions = Buffer.from(
  '00090002000927c000000000000000000000000700010018010100040008000100040022000400230001000001010010000000000000006402000000',
  'hex',
)

const ways = [
  { name: 'SIGTERM', end: async (weir: WeirProcess): Promise<void> => void (await weir.stop()) },
  { name: 'kill -9', end: async (weir: WeirProcess): Promise<void> => void (await weir.kill()) },
] as const

export default {
  name: 'template-restart',
  issue: '3.6',
  title: 'A restart in the middle of a template-based stream loses no record that could be decoded.',
  async run(context) {
    const cases = (['netflow9', 'ipfix', 'ipfix6'] as const).flatMap((protocol) =>
      ways.map((way) => ({ protocol, way })),
    )
    // Each has its own folder and mostly waits for starts.
    await atOnce(cases, 3, ({ protocol, way }) => restarted(context, protocol, way))
  },
} satisfies AcceptanceRun

async function restarted(context: AcceptanceContext, protocol: LoadProtocol, way: (typeof ways)[number]) {
  const name = `${protocol}, ${way.name}`
  await using weir = await startWeir({ folder: join(context.folder, name.replaceAll(/[^a-z0-9]+/gi, '-')) })
  // Templates only in the first datagram.
  const load = new ExportLoad({ protocol, perDatagram: 20, addresses, seed: context.seed, templatesEvery: 1e9 })
  const socket = await open(weir.ports.netflow)
  const rounds = context.size(5, 1)
  const datagrams = context.size(2000, 100)
  if (protocol === 'netflow9') await send(socket, fresh(samplingOptions))
  for (let round = 0; round <= rounds; round++) {
    for (let i = 0; i < datagrams; i++) {
      await send(socket, load.next(Date.now()))
      if (i % 50 === 49) await sleep(5)
    }
    await accepted(weir, load.flows)
    if (round === 0) await sleep(keptMs)
    if (round === rounds) break
    await way.end(weir)
    await weir.start()
  }
  // A restarted exporter: it sends from another port, and its templates arrive later.
  const again = await open(weir.ports.netflow)
  for (let i = 0; i < 10; i++) await send(again, load.next(Date.now()))
  await accepted(weir, load.flows)
  for (const one of [socket, again]) one.close()

  const ledger = await weir.caughtUp(60_000)
  const [row] = await weir.sql<{
    rows: number
    bytes: number
    packets: number
    unsampled: number
  }>(`SELECT count(*) AS rows, sum(bytes)::DOUBLE AS bytes, sum(packets)::DOUBLE AS packets,
    count(*) FILTER (sampling IS NULL OR sampling != 100) AS unsampled FROM flows`)
  context.figure(`${name}: restarts, flows`, `${rounds}, ${load.flows}`)
  const same = row?.rows === load.flows && row.bytes === load.bytes && row.packets === load.packets
  context.expect(
    same,
    `${name}: rows, bytes and packets stored equal those sent (${JSON.stringify(row)} of ` +
      `${JSON.stringify({ rows: load.flows, bytes: load.bytes, packets: load.packets })})`,
  )
  if (protocol === 'netflow9')
    context.expect(
      row?.unsampled === 0,
      `${name}: every flow has the sampling that was announced before the first of them`,
    )
  const shed = ledger.sources.flatMap((source) => Object.entries(source.shed)).filter(([, count]) => count > 0)
  context.expect(
    ledger.balanced && shed.length === 0,
    `${name}: nothing was shed, and the ledger is balanced${shed.length === 0 ? '' : ` (${JSON.stringify(shed)})`}`,
  )
}

async function open(port: number): Promise<Socket> {
  const socket = createSocket('udp4')
  socket.on('error', () => {})
  socket.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  return socket
}

function send(socket: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => socket.send(bytes, () => resolve()))
}

/** The same with the current time. */
function fresh(datagram: Buffer): Buffer {
  const bytes = Buffer.from(datagram)
  bytes.writeUInt32BE(Math.floor(Date.now() / 1000), 8)
  return bytes
}

/** Waits until the journal has `rows` rows; at the limit it returns, because missing rows are reported at the end. */
async function accepted(weir: WeirProcess, rows: number) {
  for (let waited = 0; waited < 20_000; waited += 100) {
    const { sources } = await weir.ledger()
    if (sources.reduce((sum, source) => sum + source.accepted, 0) >= rows) return
    await sleep(100)
  }
}
