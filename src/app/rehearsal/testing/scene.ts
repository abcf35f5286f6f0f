// A journal with rows of three sources, and rehearsals on it.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { putFields } from '../../../codecs/flow-values/index.ts'
import { realHost } from '../../../host/index.ts'
import { encodeBatch, openJournal, type Unit } from '../../../journal/index.ts'
import { encodeEvents } from '../../../journal/bodies.ts'
import type { WeirEvent } from '../../../model/events.ts'
import { loadConfig } from '../../load-config.ts'
import { rehearse, type RehearsalOptions, type RehearsalReport } from '../index.ts'

const start = Date.UTC(2026, 10, 30, 12)
const frames = 6
export const flowsPerFrame = 20
export const eventsPerFrame = 10

export interface Scene {
  readonly folder: string
  readonly data: string
}

export async function emptyScene(): Promise<Scene> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-rehearsal-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return { folder, data: join(folder, 'data') }
}

type SceneOptions = Readonly<{
  limits?: NonNullable<Parameters<typeof openJournal>[0]['limits']>
  /** Frames before the others. */
  first?: readonly Unit[]
}>

/** Six frames of each source within an hour. */
export async function scene({ limits, first = [] }: SceneOptions = {}): Promise<Scene> {
  const made = await emptyScene()
  const journal = await openJournal({
    host: realHost(),
    directory: join(made.data, 'journal'),
    epoch: 1,
    ...(limits === undefined ? {} : { limits }),
  })
  for (const unit of first) await journal.append(unit)
  for (let frame = 0; frame < frames; frame++) {
    await journal.append(flowUnit('netflow', frame))
    await journal.append(flowUnit('edge', frame))
    await journal.append(eventUnit(frame))
  }
  await journal.close()
  return made
}

export function flowUnit(source: string, frame: number): Unit {
  const puts = putFields(flowsPerFrame)
  for (let row = 0; row < flowsPerFrame; row++)
    for (const [name, value] of Object.entries({
      src_addr: `10.0.${frame}.${row + 1}`,
      dst_addr: `192.0.2.${1 + (row % 4)}`,
      src_port: 40_000 + row,
      dst_port: [443, 53, 80, 5432][row % 4],
      proto: row % 4 === 1 ? 17 : 6,
      bytes: 1000 * (row + 1),
      packets: row + 1,
      time_start: new Date(start + frame * 600_000).toISOString(),
      time_end: new Date(start + frame * 600_000 + 1000 * row).toISOString(),
    }))
      puts.to(name)?.(row, value)
  const batch = puts.done()
  const received = start + frame * 600_000 + 30_000
  return {
    source,
    stream: source,
    kind: 'flows',
    count: batch.count,
    raw: encodeBatch(batch),
    received,
    timeMin: received - 30_000,
    timeMax: received,
  }
}

function eventUnit(frame: number): Unit {
  const events = Array.from({ length: eventsPerFrame }, (_, row) => eventOf(frame, row))
  return unitOf('http', events, start + frame * 600_000 + 40_000)
}

export function unitOf(source: string, events: readonly WeirEvent[], received = start): Unit {
  const { raw, timeMin, timeMax } = encodeEvents(events)
  return { source, stream: source, kind: 'events', count: events.length, raw, received, timeMin, timeMax }
}

function eventOf(frame: number, row: number): WeirEvent {
  return {
    id: `order-${frame}-${row}`,
    source: '/shop',
    type: row % 3 === 0 ? 'order.paid' : 'order.placed',
    family: row % 5 === 0 ? 'audit' : 'event',
    subject: `order/${row}`,
    key: `customer-${row % 4}`,
    time: start + frame * 600_000 + row,
    datacontenttype: 'application/json',
    encoding: 'json',
    data: new TextEncoder().encode(
      JSON.stringify({
        user: { name: `u${row}`, password: 'x' },
        total: row * 10,
        region: row % 2 === 0 ? 'eu' : 'us',
      }),
    ),
  }
}

export type Texts = Readonly<{ running: string; candidate: string }>

export async function rehearsed(
  { folder, data }: Scene,
  { running, candidate }: Texts,
  options: Partial<RehearsalOptions> = {},
): Promise<RehearsalReport> {
  const host = realHost()
  const load = async (name: string, text: string) => {
    const path = join(folder, name)
    await writeFile(path, text)
    return loadConfig(host, [path], [])
  }
  return rehearse({
    host,
    data,
    running: await load('running.yaml', running),
    candidate: await load('candidate.yaml', candidate),
    limits: { sinceMs: 24 * 3600_000, rows: 100_000 },
    examples: 3,
    ...options,
  })
}
