// `node test/browser/kit/data-set/make.ts FOLDER [FLOWS]` fills FOLDER/store with data set D of the last 24 hours and
// writes its time range to FOLDER/span.json.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { realHost, type Host } from '../../../../src/host/index.ts'
import { openStore } from '../../../../src/store/index.ts'
import { FrameMaker, recordingLog, recordingMetrics } from '../../../../src/store/testing/frames.ts'
import { SeededRandom } from '../../../kit/random.ts'
import { BatchColumns } from './columns.ts'
import { fieldsOfD, FlowMaker, type Columns, type Flow } from './flows.ts'
import { makeWorld } from './world.ts'

const hour = 3_600_000
const rowsOfFrame = 4096
const [folder, wanted = '1000000'] = process.argv.slice(2)
if (folder === undefined) throw new Error('Which folder is to be filled?')
const rows = Number(wanted)
const to = Date.now()
const from = to - 24 * hour

const random = new SeededRandom(4)
const maker = new FlowMaker(random, makeWorld(random.fork()))
const real = realHost()
let clock = from
const host: Host = { ...real, clock: { ...real.clock, now: () => clock } }
const store = await openStore({
  host,
  directory: join(folder, 'store'),
  resolver: { generation: 1, resolve: () => ({ is: 'unknown' }) },
  log: recordingLog(),
  metrics: recordingMetrics(),
})
const frames = new FrameMaker()
// Keeps the start of long flows inside the time range.
const receivedAt = (row: number): number => from + 60_000 + Math.floor((row * (to - from - 61_000)) / rows)

let left: { readonly flow: Flow; readonly at: number; next: number } | undefined

function put(columns: Columns, row: number, received: number, last: boolean): void {
  if (left === undefined) {
    let flow = maker.next()
    while (last && flow.reports.length > 1) flow = maker.next()
    left = { flow, at: received, next: 0 }
  }
  const { flow, at } = left
  const report = flow.reports[left.next++]
  if (report === undefined) throw new Error('a flow without a reporting node')
  for (const [name, value] of flow.values) columns[name](row, value)
  columns.time_received(row, received)
  columns.time_end(row, at - flow.ago)
  columns.time_start(row, at - flow.ago - flow.lasted)
  columns.exporter_addr(row, report.exporter)
  columns.direction(row, report.direction)
  columns.node_direction(row, report.direction)
  columns.in_if(row, report.direction + 1)
  for (const name of flow.interfaces) columns.interfaces(row, name)
  if (left.next === flow.reports.length) left = undefined
}

let committed = 0
for (let first = 0; first < rows;) {
  const received = receivedAt(first)
  let end = first + 1
  while (end < rows && end - first < rowsOfFrame && Math.floor(receivedAt(end) / hour) === Math.floor(received / hour))
    end++
  if (Math.floor(received / hour) > Math.floor(clock / hour)) {
    await store.projection.commit()
    while (await store.maintain());
  }
  clock = receivedAt(end - 1)
  const filling = new BatchColumns(end - first)
  const columns = Object.fromEntries(fieldsOfD.map((name) => [name, filling.column(name)])) as unknown as Columns
  for (let row = first; row < end; row++) put(columns, row - first, receivedAt(row), row === rows - 1)
  await store.projection.apply([frames.batch(filling.batch(), clock, 'agents')])
  if (++committed % 8 === 0) await store.projection.commit()
  first = end
}
await store.projection.commit()
clock = to
while (await store.maintain());
await store.close()
await writeFile(join(folder, 'span.json'), JSON.stringify({ from, to, rows }))
