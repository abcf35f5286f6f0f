import { expect, test } from 'vitest'
import { flowRows } from '../../../test/kit/flow-rows.ts'
import { restoreExporter, snapshotExporter, type ExporterSnapshot } from './snapshot.ts'
import { parseLayout } from './table.ts'
import { Bench, ip4, ipfix, netflow9, optionsTemplate9, set, template, u16, u32 } from './testing/datagrams.ts'
import { vectorC, vectorD, vectorF } from './testing/vectors.ts'

const dataOfD = Buffer.concat([vectorD.subarray(0, 16), vectorD.subarray(16 + 0x3c)])
dataOfD.writeUInt16BE(dataOfD.length, 2)

function restarted(before: Bench, listenerOf: (old: number) => number = (old) => old): Bench {
  const snapshot = snapshotExporter(before.exporter())
  const after = new Bench()
  if (snapshot !== undefined)
    restoreExporter(
      JSON.parse(JSON.stringify(snapshot)) as ExporterSnapshot,
      after.exporter(),
      after.decoder.table,
      listenerOf,
      after.now,
    )
  return after
}

test('case 35: data after a restart is decoded with earlier templates, sampling, names and start', () => {
  const before = new Bench()
  before.take(vectorF)
  before.take(vectorD)
  before.take(vectorC)
  before.take(
    netflow9(
      {},
      set(1, optionsTemplate9(400, [[2, 4]], [[82, 4]])),
      set(400, u32(3), Buffer.from('eth3')),
      set(
        0,
        template(300, [
          [8, 4],
          [10, 2],
        ]),
      ),
    ),
  )
  const after = restarted(before)
  after.take(dataOfD)
  after.take(netflow9({}, set(300, ip4('10.0.0.1'), u16(3))))
  expect(flowRows(after.flows.batch())).toMatchObject([
    { src_name: 'pod-a', sampling: 10 },
    { in_if_name: 'eth3', sampling: 100 },
  ])
  expect(after.exporter()).toMatchObject({ parkedSets: 0 })
})

test('listeners may have moved; templates of one that is gone are left out', () => {
  const before = new Bench()
  before.take(vectorD, { listener: 1 })
  const moved = restarted(before, (old) => old - 1)
  moved.take(dataOfD, { listener: 0 })
  expect(moved.flows.count).toBe(1)
  const gone = restarted(before, () => -1)
  gone.take(dataOfD, { listener: 0 })
  expect(gone.exporter()).toMatchObject({ templates: 0, parkedSets: 1 })
})

test('templates of connections end with them, and an exporter without facts has no snapshot', () => {
  const bench = new Bench()
  bench.take(vectorD, { kind: 'tcp' })
  expect(snapshotExporter(bench.exporter())).toBeUndefined()
  bench.take(ipfix({}))
  expect(snapshotExporter(bench.exporter())).toBeUndefined()
})

test('the text of a layout makes it again, and other texts make none', () => {
  const text = 'o1:0.149.4,29305.1.8,0.82.65535'
  expect(parseLayout(text)?.text).toBe(text)
  for (const wrong of ['', 'd:', 'd:1.2', 'x:0.1.4', 'd:0.1.0', 'd:0.99999.4', 'o3:0.1.4', 'd:0.1.4;process.exit()'])
    expect(parseLayout(wrong)).toBeUndefined()
})
