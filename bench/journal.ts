// `npm run ts bench/journal.ts`: the cost of the journal's choices. --write stores it in bench/results/journal.json.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { constants, deflateSync, inflateSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { realHost } from '../src/host/index.ts'
import { encodeBatch, openJournal, type Unit } from '../src/journal/index.ts'
import type { Batch } from '../src/model/batches.ts'
import { selectRows } from '../src/model/select.ts'
import { eventBatches, flowBatches } from './runs/throughput/batches.ts'
import { describeMachine } from './harness.ts'
import { ROOT } from '../tools/kit/command.ts'

interface Row {
  readonly table: string
  readonly case: string
  readonly figures: Readonly<Record<string, number>>
}

const { values } = parseArgs({
  options: { write: { type: 'boolean', default: false }, seed: { type: 'string', default: '1' } },
})
const seed = Number(values.seed)
const rows: Row[] = []
const flows = flowBatches(seed, 30)
const events = eventBatches(seed, 100)

/** Megabytes per CPU second, the best of several rounds. */
function perCpu(bytes: number, act: () => void, rounds = 5): number {
  let best = 0
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage()
    act()
    const { user, system } = process.cpuUsage(before)
    best = Math.max(best, bytes / Math.max(1, user + system))
  }
  return Math.round(best)
}

function add(table: string, name: string, figures: Readonly<Record<string, number>>) {
  if (rows.at(-1)?.table !== table) console.log(`\n${table}`)
  rows.push({ table, case: name, figures })
  console.log(
    `  ${name.padEnd(34)} ${Object.entries(figures)
      .map(([what, value]) => `${what} ${value.toLocaleString('en-US', { maximumFractionDigits: 2 })}`)
      .join('   ')}`,
  )
}

interface Codec {
  readonly name: string
  readonly pack: (bytes: Uint8Array) => Uint8Array
  readonly unpack: (bytes: Uint8Array) => Uint8Array
}

const zstd = (level: number): Codec => ({
  name: `zstd ${level}`,
  pack: (bytes) => zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: level } }),
  unpack: (bytes) => zstdDecompressSync(bytes),
})
const codecs: readonly Codec[] = [
  ...[-5, -1, 1, 2, 3, 6].map(zstd),
  { name: 'deflate 1', pack: (bytes) => deflateSync(bytes, { level: 1 }), unpack: (bytes) => inflateSync(bytes) },
]

function compression(what: string, batches: readonly Batch[]) {
  const bodies = batches.map((batch) => encodeBatch(batch).slice())
  const bytes = bodies.reduce((sum, body) => sum + body.length, 0)
  add(`compression of ${what}`, 'making bodies, for comparison', {
    'in MB/cpu-s': perCpu(bytes, () => batches.forEach((batch) => encodeBatch(batch))),
  })
  for (const { name, pack, unpack } of codecs) {
    const packed = bodies.map(pack)
    const stored = packed.reduce((sum, body) => sum + body.length, 0)
    add(`compression of ${what}`, name, {
      '×': bytes / stored,
      'in MB/cpu-s': perCpu(bytes, () => bodies.forEach(pack)),
      'out MB/cpu-s': perCpu(bytes, () => packed.forEach(unpack)),
    })
  }
}

/** More rows in a frame compress better, and wait longer for their sync. */
function unitSizes() {
  for (const size of [100, 300, 900, 1800, 3600]) {
    const parts = flows.slice(0, 10).flatMap((batch) =>
      Array.from({ length: Math.floor(batch.count / size) }, (_, i) =>
        selectRows(
          batch,
          Uint32Array.from({ length: size }, (_, row) => i * size + row),
        ),
      ),
    )
    const bodies = parts.map((part) => encodeBatch(part).slice())
    const bytes = bodies.reduce((sum, body) => sum + body.length, 0)
    const { pack } = zstd(1)
    const stored = bodies.map(pack).reduce((sum, body) => sum + body.length, 0)
    add('rows in a unit of flows', `${size} rows`, {
      '×': bytes / stored,
      'in MB/cpu-s': perCpu(bytes, () => parts.forEach((part) => pack(encodeBatch(part)))),
    })
  }
}

/** Concurrent appends share a write and a sync. */
async function groups() {
  const host = realHost()
  const bodies = events.map((batch) => encodeBatch(batch).slice())
  const bytes = bodies.reduce((sum, body) => sum + body.length, 0)
  for (const waiting of [1, 2, 8, 32, 128]) {
    const folder = await mkdtemp(join(tmpdir(), 'weir-bench-'))
    const limits = { maxBytes: Number.MAX_SAFE_INTEGER, keepBytes: Number.MAX_SAFE_INTEGER }
    const journal = await openJournal({ host, directory: join(folder, 'journal'), epoch: 1, limits })
    const units = events.map((batch, i): Unit => ({
      source: 'bench',
      stream: 'bench',
      kind: 'events',
      count: batch.count,
      raw: bodies[i] as Uint8Array,
      received: 1,
      timeMin: Number.NaN,
      timeMax: Number.NaN,
    }))
    const before = process.cpuUsage()
    const started = performance.now()
    let at = 0
    const work = async () => {
      for (let unit = units[at++]; unit !== undefined; unit = units[at++]) await journal.append(unit)
    }
    await Promise.all(Array.from({ length: waiting }, work))
    const seconds = (performance.now() - started) / 1000
    const { user, system } = process.cpuUsage(before)
    add('appends of 100 events of 1 KB at the same time', `${waiting}`, {
      'events/s': Math.round((units.length * 100) / seconds),
      'MB/s': Math.round(bytes / 1e6 / seconds),
      'MB/cpu-s': Math.round(bytes / (user + system)),
    })
    await journal.close()
    await rm(folder, { recursive: true })
  }
}

compression('flows', flows)
compression('events of 1 KB', events)
unitSizes()
await groups()
if (values.write) {
  const file = join(ROOT, 'bench/results/journal.json')
  const machine = describeMachine()
  const before = await readFile(file, 'utf8').then(
    (text) => JSON.parse(text) as { machine: unknown }[],
    () => [],
  )
  await mkdir(join(ROOT, 'bench/results'), { recursive: true })
  const others = before.filter((one) => JSON.stringify(one.machine) !== JSON.stringify(machine))
  await writeFile(file, `${JSON.stringify([...others, { machine, seed, rows }], null, 2)}\n`)
  console.log(`\nkept in bench/results/journal.json`)
}
