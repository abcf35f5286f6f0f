import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { FlowSender } from '../../kit/flow-sender.ts'
import type { SeededRandom } from '../../kit/random.ts'
import { msPerHour } from '../../../src/store/names.ts'
import { prepareWeir, type WeirProcess } from '../../kit/weir-process.ts'

const groupings = { addresses: 'time, src_addr, dst_addr, proto', protocols: 'time, proto' } as const
export type SumsBy = keyof typeof groupings

export interface Base {
  readonly data: string
  readonly rows: ReadonlySet<string>
  /** Groups of the finest rollup with their sums, by {@link SumsBy}. */
  readonly sums: Readonly<Record<SumsBy, ReadonlySet<string>>>
  /** Then merges fold small groups of addresses. Unix ms. */
  readonly hourEnds: number
  readonly storeFiles: number
}

export function configOf(folder: string): Record<string, unknown> {
  return {
    journal: { segment: '256KiB' },
    sinks: { out: { type: 'file', path: join(folder, 'out.jsonl'), only: { type: ['none'] } } },
  }
}

const perPost = 20
const mostFlips = 20

export async function makeBase(
  folder: string,
  { flows, events, seconds }: { readonly flows: number; readonly events: number; readonly seconds: number },
): Promise<Base> {
  await using weir = await prepareWeir({ folder, config: configOf(folder) })
  await weir.start()
  const sender = new FlowSender({ port: weir.ports.netflow, rate: flows / seconds, addresses: 500 })
  await sender.start()
  for (let from = 0; from < events; from += perPost) {
    await weir.events(
      Array.from({ length: perPost }, (_, row) => ({
        specversion: '1.0',
        id: `${from + row}`,
        source: '/bench/flips',
        type: 'kept',
        datacontenttype: 'application/json',
        data: { number: from + row, text: `event ${(from + row) * 7919}` },
      })),
    )
  }
  while (sender.sent < flows) await new Promise((resolve) => setTimeout(resolve, 50))
  sender.pause()
  await weir.caughtUp(60_000)
  const answers = await answersOf(weir)
  const accepted = (await weir.ledger()).sources.reduce((sum, source) => sum + source.accepted, 0)
  const rows = new Set(answers)
  if (rows.size !== accepted || answers.length !== accepted)
    throw new Error(`the intact folder answers ${answers.length} rows, ${rows.size} different, of ${accepted}`)
  const sums = {
    addresses: new Set(await sumsOf(weir, 'addresses')),
    protocols: new Set(await sumsOf(weir, 'protocols')),
  }
  const hourEnds = (Math.floor(Date.now() / msPerHour) + 1) * msPerHour
  await weir.stop()
  await sender.close()
  const names = await readdir(join(weir.data, 'store'))
  return { data: weir.data, rows, sums, hourEnds, storeFiles: names.filter((name) => name.endsWith('.parquet')).length }
}

export async function answersOf(weir: WeirProcess): Promise<string[]> {
  const rows: string[] = []
  for (const view of ['flows', 'events'])
    for (const row of await weir.sql<object>(`SELECT * FROM ${view}`)) rows.push(JSON.stringify(row))
  return rows
}

export async function sumsOf(weir: WeirProcess, by: SumsBy): Promise<string[]> {
  const groups = await weir.sql<object>(
    `SELECT ${groupings[by]}, sum(flows) AS flows, sum(bytes) AS bytes, sum(packets) AS packets
       FROM flows_1m GROUP BY ALL`,
  )
  return groups.map((group) => JSON.stringify(group))
}

async function filesBelow(folder: string): Promise<string[]> {
  const found: string[] = []
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) found.push(...(await filesBelow(path)))
    else if ((await stat(path)).size > 0) found.push(path)
  }
  return found
}

/** Flips 1 to 20 bits, in two of three cases in files of the store; returns their names. */
export async function flipBits(data: string, random: SeededRandom): Promise<string[]> {
  const all = (await filesBelow(data)).filter((path) => !/\/(?:lock|token)$|reserve$/.test(path)).sort()
  const store = all.filter((path) => path.startsWith(join(data, 'store')))
  const others = all.filter((path) => !store.includes(path))
  const flips: string[] = []
  for (let left = random.integer(1, mostFlips); left > 0; left--) {
    const from = random.integer(1, 3) === 1 ? others : store
    const path = from[random.integer(0, from.length - 1)] ?? ''
    const bit = random.integer(0, (await stat(path)).size * 8 - 1)
    const file = await open(path, 'r+')
    try {
      const byte = new Uint8Array(1)
      await file.read(byte, 0, 1, bit >> 3)
      byte[0] = (byte[0] ?? 0) ^ (1 << (bit & 7))
      await file.write(byte, 0, 1, bit >> 3)
    } finally {
      await file.close()
    }
    flips.push(`${path.slice(data.length + 1)}:${bit}`)
  }
  return flips
}
