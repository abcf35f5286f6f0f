import { copyFile, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { expect } from 'vitest'
import type { Store } from '../index.ts'
import { msPerHour } from '../names.ts'
import { startOfDay, type FlowSpec } from './frames.ts'
import { queryRows } from './query-rows.ts'

export const usualFlows: readonly FlowSpec[] = Array.from({ length: 200 }, (_, row) => ({
  src: `10.0.0.${row % 7}`,
  dst: `10.0.1.${row % 11}`,
  bytes: 1000 + row,
  ...(row % 3 === 0 ? { sampling: 100 } : {}),
}))

const columnsOfParts = {
  src: 'src_addr, src_name',
  dst: 'dst_addr',
  service: 'service_port, initiator',
  src_port: 'src_port',
  exporter: 'exporter_addr, protocol',
} as const

/** Sums of files in a span (Unix ms, `to` exclusive) equal those of the flows. */
export async function expectEqual(
  store: Store,
  { from, to } = { from: startOfDay - msPerHour, to: startOfDay + 3 * msPerHour },
): Promise<void> {
  const moment = (ms: number) => `make_timestamptz(${ms * 1000})`
  const ended = 'coalesce(time_end, time_received)'
  for (const [part, columns] of Object.entries(columnsOfParts)) {
    const sums = (flows: string) =>
      `SELECT ${columns}, sum(bytes_est)::VARCHAR AS bytes, sum(packets_est)::VARCHAR AS packets, ${flows}::BIGINT AS n`
    const summed = await queryRows(
      store.reader,
      `${sums('sum(flows)')} FROM flows_by_${part} WHERE span_from = ${moment(from)} AND span_to = ${moment(to)}
        GROUP BY ALL ORDER BY ALL`,
    )
    const read = await queryRows(
      store.reader,
      `${sums('count(*)')} FROM flows WHERE ${ended} >= ${moment(from)} AND ${ended} < ${moment(to)}
        GROUP BY ALL ORDER BY ALL`,
    )
    expect(summed).toEqual(read)
  }
}

/** Of a file of sums. */
export const damages: Readonly<Record<string, (file: string, another: string) => Promise<void>>> = {
  'a flipped bit': async (file) => {
    const bytes = await readFile(file)
    await writeFile(file, bytes.with(100, (bytes[100] ?? 0) ^ 1))
  },
  'a missing file': (file) => rm(file),
  'a truncated file': (file) => truncate(file, 100),
  'the sums of another file': (file, another) => copyFile(another, file),
}
