import { expect, test } from 'vitest'
import { exporterRows, kernelDrops, sorted } from './exporter-facts.ts'

const netflow = {
  name: 'netflow',
  type: 'netflow',
  addresses: [],
  known: 2,
  listeners: [
    { address: 'a', kernelDrops: 3 },
    { address: 'b', kernelDrops: 4 },
  ],
  exporters: [
    {
      address: '192.0.2.10',
      lastSeen: 5,
      datagrams: 9,
      rows: 4,
      missing: 2,
      missingDatagrams: 1,
      malformed: 1,
      bytes: { header: 5, decoded: 80, parked: 12, skipped: 0, malformed: 7 },
      domains: [{ templates: [256, 257], sampling: 100 }, { templates: [256] }],
    },
    { address: '192.0.2.9', lastSeen: 9, datagrams: 1, rows: 1 },
  ],
}

test('each exporter shows templates, sampling, gaps and undecoded bytes; missing fields are accepted', () => {
  const [first, second] = exporterRows({ sources: [netflow] })
  expect(first).toMatchObject({
    key: 'netflow/192.0.2.10',
    templates: 3,
    sampling: [100],
    missing: 3,
    malformed: 1,
    undecoded: { parked: 12, malformed: 7 },
  })
  expect(second).toMatchObject({ templates: 0, sampling: [], missing: 0, undecoded: {}, lastRow: undefined })
  expect(kernelDrops(netflow)).toBe(7)
})

test('addresses are sorted by their numbers, both ways', () => {
  const rows = exporterRows({ sources: [netflow] })
  expect(sorted(rows, 'exporter').map(({ report }) => report.address)).toEqual(['192.0.2.9', '192.0.2.10'])
  expect(sorted(rows, '-datagrams').map(({ report }) => report.datagrams)).toEqual([9, 1])
  expect(sorted(rows, 'nothing')).toBe(rows)
})
