import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { SeededRandom } from '../../../test/kit/random.ts'
import type { Family } from '../../model/batches.ts'
import { toEventBatch, type WeirEvent } from '../../model/events.ts'
import { openDuck, quoted, rowsOf } from '../duck.ts'
import { auditColumns, fileColumns, type AuditColumn } from '../schema.ts'
import { startOfDay } from '../testing/frames.ts'
import { eventFile } from './file.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

function made(random: SeededRandom, number: number, families: readonly Family[]): WeirEvent {
  const maybe = <Part extends object>(part: Part): Part | object => (random.chance(0.5) ? part : {})
  const body = random.pick([
    { encoding: 'none' as const },
    { encoding: 'text' as const, data: bytes(`ä "${number}"\n\u0000`) },
    { encoding: 'json' as const, data: bytes(`{"n":${number},"long":"${'x'.repeat(random.integer(0, 40_000))}"}`) },
    { encoding: 'json' as const, data: bytes('{"cut":') },
    { encoding: 'json' as const, data: bytes('"\\ud800"') },
    { encoding: 'text' as const, data: Uint8Array.of(0xff, number & 255) },
    { encoding: 'binary' as const, data: Uint8Array.of(number & 255, 0) },
  ])
  return {
    id: `${number}-é`,
    source: '/s',
    type: random.pick(['a', 'b']),
    ...body,
    ...maybe({ subject: `s${number}` }),
    ...maybe({ time: startOfDay + number + 0.125 }),
    ...maybe({ key: `k${number % 7}` }),
    ...maybe({ ref: `r${number}`, extensions: { n: number } }),
    ...maybe({ family: random.pick(families) }),
  }
}

function stored({ encoding, data = new Uint8Array(0) }: WeirEvent): readonly [string | null, string | null] {
  if (encoding === 'none') return [null, null]
  const text = Buffer.from(data).toString('utf8')
  if (encoding === 'binary' || !Buffer.from(text).equals(Buffer.from(data)))
    return [null, Buffer.from(data).toString('base64')]
  return [encoding === 'json' && text !== '{"cut":' && text !== '"\\ud800"' ? text : JSON.stringify(text), null]
}

it.each([
  [1, ['change']],
  [2, ['change', 'audit']],
] as const)('every event is read back unchanged over several row groups (seed %i, %s)', async (seed, families) => {
  const random = new SeededRandom(seed)
  const batches = Array.from({ length: 12 }, (_, frame) =>
    Array.from({ length: random.integer(1, 300) }, (_unused, row) => made(random, 1000 * frame + row, families)),
  )
  const origin = (frame: number) => ({
    source: 2,
    epoch: 3,
    sequence: 2 ** 40 + frame,
    received: startOfDay + 10 * frame,
  })
  const file = eventFile(
    batches.map((events, frame) => ({ stream: 'events', batch: toEventBatch(events), origin: origin(frame) })),
    { weir: '{}' },
  )
  const all = batches.flatMap((events, frame) => events.map((event, row) => ({ event, frame, row })))
  expect(file.rows).toBe(all.length)
  const audits = all.some(({ event }) => event.family === 'audit')
  const ofAudits = (name: string): boolean => auditColumns.includes(name as AuditColumn)
  const columns = fileColumns.events.filter(({ name, bit }) => bit === undefined || (audits && ofAudits(name)))
  expect(file.columns).toEqual(columns.map(({ name }) => name))
  const folder = await mkdtemp(join(tmpdir(), 'weir-events-'))
  const duck = await openDuck({})
  try {
    const path = join(folder, 'events.parquet')
    await writeFile(path, Buffer.concat(file.pieces))
    const connection = await duck.connect()
    const from = `read_parquet(${quoted(path)})`
    const types = await rowsOf(connection, `SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM ${from})`)
    expect(
      types.map(([name, type]) => [name, String(type).replace('TIMESTAMP WITH TIME ZONE', 'TIMESTAMPTZ')]),
    ).toEqual(columns.map(({ name, type }) => [name, type]))
    const rows = await rowsOf(
      connection,
      `SELECT id, source, type, subject, epoch_us("time")::DOUBLE, extensions::VARCHAR, data::VARCHAR, data_base64,
        family, key, ref, epoch_us(time_received)::DOUBLE, _source, _epoch, _sequence::DOUBLE, _row FROM ${from}`,
    )
    expect(rows).toEqual(
      all.map(({ event, frame, row }) => [
        event.id,
        event.source,
        event.type,
        event.subject ?? null,
        event.time === undefined ? null : event.time * 1000,
        event.extensions === undefined ? null : JSON.stringify(event.extensions),
        ...stored(event),
        event.family ?? 'event',
        event.key ?? null,
        event.ref ?? null,
        (startOfDay + 10 * frame) * 1000,
        2,
        3,
        2 ** 40 + frame,
        row,
      ]),
    )
    if (audits)
      expect(
        await rowsOf(
          connection,
          `SELECT _row, actor, action, ${auditColumns
            .filter((name) => !['actor', 'actor_kind', 'action', 'outcome', 'severity'].includes(name))
            .map((name) => `coalesce(${name}, '')`)
            .join(' || ')} FROM ${from}`,
        ),
      ).toEqual(
        all.map(({ event: { family, type, subject = '' }, row }) => [
          row,
          family === 'audit' ? 'unknown' : null,
          family === 'audit' ? type : null,
          family === 'audit' ? subject : '',
        ]),
      )
    const [[groups] = []] = await rowsOf(
      connection,
      `SELECT count(DISTINCT row_group_id)::INT FROM parquet_metadata(${quoted(path)})`,
    )
    expect(groups).toBeGreaterThan(1)
  } finally {
    duck.closeSync()
    await rm(folder, { recursive: true, force: true })
  }
})
