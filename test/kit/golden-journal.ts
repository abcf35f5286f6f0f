/**
 * Writes the golden journals of the current frame version: `node test/kit/golden-journal.ts src/journal/fixtures/v<N>`.
 * A committed folder never changes: every later version of Weir must read it. A new frame version gets a new folder.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { encodeHeader, type HeaderFields } from '../../src/journal/frame.ts'
import {
  checkJournal,
  decodeBatch,
  encodeBatch,
  openJournal,
  openReader,
  segmentName,
  type Frame,
  type Tail,
  type Unit,
} from '../../src/journal/index.ts'
import { eventAt, toEventBatch, type WeirEvent } from '../../src/model/events.ts'
import type { FlowBatch } from '../../src/model/batches.ts'
import { nowhere } from '../../src/model/positions.ts'
import { fakeHost, startOfTime, type FakeHost } from './fake-host.ts'

export const goldenFolder = '/golden'

const utf8 = new TextEncoder()

const events: readonly WeirEvent[] = [
  {
    id: 'plain',
    source: '/shop',
    type: 'order.placed',
    encoding: 'json',
    data: utf8.encode('{"total":42,"note":"für 2 €"}'),
    datacontenttype: 'application/json',
  },
  {
    id: 'full',
    source: 'urn:x',
    type: 'order.paid',
    subject: 'order/7',
    time: startOfTime + 1.5,
    dataschema: 'https://example.org/s',
    extensions: { region: 'eu', tries: 3, late: false },
    family: 'audit',
    key: 'order/7',
    ref: 'k8s:a/apps/Deployment/ns/web',
    encoding: 'text',
    data: utf8.encode('paid'),
  },
  { id: '', source: '', type: 't', encoding: 'none' },
  {
    id: 'bytes',
    source: '/shop',
    type: 't',
    encoding: 'binary',
    data: Uint8Array.from({ length: 300 }, (_, i) => i & 255),
  },
]

function flows(): FlowBatch {
  const ip = (last: number): number[] => [0, 0, 0xffff, 0x0a000000 + last]
  return {
    kind: 'flows',
    count: 3,
    dictionary: ['', 'netflow5'],
    columns: {
      time_start: { kind: 'time', values: Float64Array.of(startOfTime, startOfTime + 1, startOfTime + 2) },
      src_addr: { kind: 'ip', words: Uint32Array.from([...ip(1), ...ip(2), ...ip(3)]) },
      dst_addr: { kind: 'ip', valid: Uint8Array.of(0b101), words: Uint32Array.from([...ip(9), 0, 0, 0, 0, ...ip(9)]) },
      src_port: { kind: 'u16', values: Uint16Array.of(80, 443, 65535) },
      proto: { kind: 'u8', values: Uint8Array.of(6, 6, 6) },
      bytes: { kind: 'u64', words: Uint32Array.of(1500, 0, 0, 1, 0xffffffff, 0xffffffff) },
      sampling: { kind: 'u32', valid: Uint8Array.of(0b010), values: Uint32Array.of(0, 100, 0) },
      protocol: { kind: 'dict', codes: Uint32Array.of(1, 1, 0) },
    },
  }
}

function unit(source: string, raw: Uint8Array, rest: Partial<Unit>): Unit {
  return {
    source,
    stream: source,
    kind: 'events',
    count: 0,
    raw,
    received: startOfTime,
    timeMin: Number.NaN,
    timeMax: Number.NaN,
    ...rest,
  }
}

async function written(units: readonly Unit[], segmentBytes = 1 << 20): Promise<FakeHost> {
  const host = fakeHost(1, { jitter: false })
  const journal = await openJournal({ host, directory: goldenFolder, epoch: 3, limits: { segmentBytes } })
  for (const one of units) await journal.append(one)
  await journal.close()
  return host
}

const batch = encodeBatch(toEventBatch(events))

/** Parts of a unit above the size of a frame, here with a few bytes each. */
function parts(): Uint8Array {
  const header: HeaderFields = {
    sequence: 1,
    firstRow: 0,
    kind: 'events',
    more: true,
    part: 0,
    afterLoss: true,
    zstd: false,
    source: 'large',
    stream: 'large',
    epoch: 2,
    sourceSequence: 5,
    sourceRows: 10,
    sourceDuplicates: 4,
    sourceShed: { full: 2, rate: 1 },
    count: 0,
    received: startOfTime,
    timeMin: startOfTime - 1,
    timeMax: startOfTime,
    rawBytes: batch.length,
  }
  const cuts = [batch.subarray(0, 100), batch.subarray(100, 101), batch.subarray(101)]
  return Buffer.concat(
    cuts.flatMap((cut, part) => {
      const last = part === 2
      return [
        encodeHeader(
          {
            ...header,
            sequence: part + 1,
            part,
            more: !last,
            afterLoss: part === 0,
            ...(last ? { count: events.length, cursor: utf8.encode('page 2') } : {}),
          },
          cut,
        ),
        cut,
      ]
    }),
  )
}

const cases: Readonly<Record<string, () => Promise<FakeHost>>> = {
  events: () =>
    written([
      unit('http', batch, { count: events.length, timeMin: startOfTime + 1.5, timeMax: startOfTime + 1.5 }),
      unit('cts', batch, {
        count: events.length,
        cursor: utf8.encode('trace 99'),
        duplicates: 7,
        shed: { full: 2, rate: 1 },
      }),
      unit('cts', new Uint8Array(0), { kind: 'empty', cursor: utf8.encode('trace 120') }),
    ]),
  flows: () => written([unit('netflow', encodeBatch(flows()), { kind: 'flows', stream: '10.0.0.1:2055', count: 3 })]),
  segments: () =>
    written(
      Array.from({ length: 5 }, () => unit('http', batch, { count: events.length })),
      600,
    ),
  parts: async () => {
    const host = fakeHost(1)
    await host.disk.makeDirectory(goldenFolder)
    host.disk.put(`${goldenFolder}/${segmentName(1)}`, parts())
    return host
  },
  damaged: async () => {
    const host = await written(
      Array.from({ length: 4 }, (_, i) => unit('http', batch, { count: events.length, stream: `s${i}` })),
    )
    const path = `${goldenFolder}/${segmentName(1)}`
    const size = host.disk.contents(path).length
    host.disk.flipBit(path, Math.floor(size * 0.4) * 8)
    host.disk.tear(path, size - 10)
    return host
  },
}

/** JSON with bytes in base64 and NaN as null. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array && !(value instanceof Uint16Array)) return Buffer.from(value).toString('base64')
  if (ArrayBuffer.isView(value))
    return [...(value as Uint32Array)].map((number) => (Number.isNaN(number) ? null : number))
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item)]))
  return typeof value === 'number' && Number.isNaN(value) ? null : value
}

function describeFrame(frame: Frame): unknown {
  const { header } = frame
  if (header.kind === 'empty') return plain({ header, firstSequence: frame.firstSequence })
  const decoded = decodeBatch(header.kind, frame.body())
  const rows =
    decoded.kind === 'events' ? Array.from({ length: decoded.count }, (_, row) => eventAt(decoded, row)) : decoded
  return plain({ header, firstSequence: frame.firstSequence, rows })
}

/** The folder as this version reads it, as JSON text. */
export async function describeGolden(host: FakeHost): Promise<string> {
  const stop = new AbortController()
  const tail: Tail = {
    durable: () => ({ segment: '~', offset: 0, sequence: Number.MAX_SAFE_INTEGER, row: 0 }),
    moved: async () => stop.abort(),
  }
  const reader = openReader({ host, directory: goldenFolder, after: nowhere, tail })
  const frames: Frame[] = []
  while (!stop.signal.aborted) frames.push(...(await reader.next(1 << 20, stop.signal)))
  await reader.close()
  const check = await checkJournal({ host, directory: goldenFolder })
  return `${JSON.stringify({ frames: frames.map(describeFrame), check }, null, 1)}\n`
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const target = process.argv[2] ?? ''
  for (const [name, make] of Object.entries(cases)) {
    const host = await make()
    const folder = join(target, name)
    await mkdir(folder, { recursive: true })
    for (const file of host.disk.names(goldenFolder))
      await writeFile(join(folder, file), host.disk.contents(`${goldenFolder}/${file}`), { flag: 'wx' })
    await writeFile(join(folder, 'expected.json'), await describeGolden(host), { flag: 'wx' })
  }
}
