import { expect, it } from 'vitest'
import { realHost } from '../../host/index.ts'
import { flowTimeOf } from '../../model/flow-time.ts'
import { readManifest } from '../manifest.ts'
import { msPerHour } from '../names.ts'
import type { StoredFile } from '../record.ts'
import { flowBatch, FrameMaker, startOfDay } from '../testing/frames.ts'
import { queryRows } from '../testing/query-rows.ts'
import { temporaryStores } from '../testing/temporary.ts'

const stores = temporaryStores()
const rows = 50

type Columns = ReturnType<typeof flowBatch>['columns']

const withEnd = (distance: number) => (columns: Columns, received: number) => {
  if (columns['time_end']?.kind === 'time') columns['time_end'].values[7] = received + distance
}
const withSkewed = (columns: Columns) => {
  if (columns['time_skewed']?.kind === 'u8') columns['time_skewed'].values[7] = 1
}
const without = (name: string) => (columns: Columns) => {
  delete (columns as Record<string, unknown>)[name]
}

/** Commits of hours. `all`: the end time of each flow is its event time. */
const hours: readonly Readonly<{ all: boolean; commits: readonly ((columns: Columns, received: number) => void)[] }>[] =
  [
    { all: true, commits: [() => undefined] },
    { all: true, commits: [withEnd(-3_599_000), withEnd(59_000), without('time_skewed')] },
    { all: false, commits: [withEnd(-3_600_001)] },
    { all: false, commits: [withEnd(60_001), () => undefined] },
    { all: false, commits: [withEnd(Number.NaN)] },
    { all: false, commits: [() => undefined, withSkewed] },
    { all: false, commits: [without('time_end')] },
  ]

it('the flow time of a file is its end time only if that holds for each of its flows, also after merges', async () => {
  const store = await stores.open()
  const make = new FrameMaker()
  for (const [hour, { commits }] of hours.entries())
    for (const change of commits) {
      const received = startOfDay + hour * msPerHour
      const specs = Array.from({ length: rows }, () => ({ src: '10.0.0.2', dst: '10.0.1.1', received }))
      const batch = flowBatch(specs, received)
      change(batch.columns, received)
      await store.projection.apply([make.batch(batch, received, 'netflow')])
      await store.projection.commit()
    }
  const expectFlowTimes = async () => {
    const sql = (time: string) => `SELECT _pos, epoch_us(${time})::VARCHAR AS t FROM flows ORDER BY _pos`
    const times = await queryRows(store.reader, sql('"f$flow_time"'))
    expect(times).toHaveLength(hours.flatMap(({ commits }) => commits).length * rows)
    expect(times).toEqual(await queryRows(store.reader, sql(`(${flowTimeOf((time) => `epoch_us(${time})`)})`)))
  }
  await expectFlowTimes()
  while (await store.maintain());
  await expectFlowTimes()
  const files = (await flowFiles()).map(({ hour, endTimes }) => [hour - startOfDay / msPerHour, endTimes === true])
  expect(files.toSorted(([a], [b]) => Number(a) - Number(b))).toEqual(hours.map(({ all }, hour) => [hour, all]))
})

async function flowFiles(): Promise<readonly StoredFile[]> {
  const { state } = await readManifest(realHost().disk, stores.directory)
  return [...state.files.values()].filter(({ stream }) => stream === 'flows')
}
