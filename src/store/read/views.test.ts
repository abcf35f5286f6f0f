import { expect, it } from 'vitest'
import type { StoredFile } from '../record.ts'
import { addressesOf, flowsView, scan, type ViewInput } from './views.ts'

function file(name: string, schema: number): StoredFile {
  return {
    name,
    stream: 'flows',
    hour: 1,
    firstSequence: 1,
    lastSequence: 1,
    schema,
    rows: 1,
    bytes: 1,
    timeMin: null,
    timeMax: null,
    receivedMin: 0,
    receivedMax: 0,
  }
}

const input: ViewInput = {
  directory: "/it's/store",
  files: [file('a', 1), file('b', 2), file('c', 1)],
  sources: [undefined, 'netflow', undefined, 'o’hare'],
  words: ['', 'netflow5'],
}
const columns = [
  { name: 'old', type: 'UINTEGER', since: 1, bit: 1 },
  { name: 'new', type: 'VARCHAR', since: 2, bit: 6 },
]

it('a column newer than the file is a typed NULL', () => {
  expect(scan('flows', input, columns)).toBe(
    `SELECT "old", NULL::VARCHAR AS "new" FROM read_parquet(['/it''s/store/a', '/it''s/store/c'], ` +
      `explicit_cardinality = 2) UNION ALL ` +
      `SELECT "old", "new" FROM read_parquet(['/it''s/store/b'], explicit_cardinality = 1)`,
  )
})

it('a column without values is a typed NULL, and files with the same columns are read together', () => {
  const files = [
    { ...file('a', 2), columns: '20' },
    { ...file('b', 2), columns: '24' },
    { ...file('c', 2), columns: '20' },
  ]
  expect(scan('flows', { ...input, files }, columns)).toBe(
    `SELECT "old", NULL::VARCHAR AS "new" FROM read_parquet(['/it''s/store/a', '/it''s/store/c'], ` +
      `explicit_cardinality = 2) UNION ALL ` +
      `SELECT "old", "new" FROM read_parquet(['/it''s/store/b'], explicit_cardinality = 1)`,
  )
})

it('without files every column exists with its type', () => {
  expect(scan('events', { ...input, files: [] }, columns)).toBe(
    'SELECT NULL::UINTEGER AS "old", NULL::VARCHAR AS "new" WHERE false',
  )
})

it('only requested addresses are joined', () => {
  expect(flowsView(input, new Set())).not.toContain('JOIN')
  expect(flowsView(input, new Set(['src_addr/zone']))).not.toContain('JOIN')
  const endpoints = { ...file('e', 2), stream: 'endpoints' as const, columns: '8' }
  const destinations = flowsView({ ...input, files: [file('a', 1), endpoints] }, new Set(['dst_addr']))
  expect(destinations).toContain('coalesce(r.dst_name, "dst_addr_of".name) AS dst_name')
  expect(destinations).not.toContain('src_addr_of')
  expect(destinations).not.toContain('"dst_addr_of".zone')
  expect(destinations).not.toContain('"zone"')
  expect(flowsView({ ...input, files: [file('a', 1), endpoints] }, new Set(['src_addr/namespace']))).toContain(
    'coalesce(r.src_namespace, "src_addr_of".namespace) AS src_namespace',
  )
  // Files omit names if no endpoint has one; older files always have the column.
  const joined = (schema: number, columns: string): boolean =>
    flowsView(
      { ...input, files: [file('a', 1), { ...endpoints, schema, columns }] },
      new Set(['src_addr/name']),
    ).includes('JOIN')
  expect([joined(2, '2'), joined(3, '2'), joined(3, '208')]).toEqual([true, false, true])
  expect(
    flowsView({ ...input, files: [{ ...file('a', 3), columns: '0' }, endpoints] }, new Set(['src_addr/namespace'])),
  ).not.toContain('JOIN')
  expect(['src_label', 'src_zone', 'cluster', 'next_hop', 'bytes'].map(addressesOf)).toEqual([
    ['src_addr/label'],
    ['src_addr/zone'],
    ['src_addr/cluster', 'dst_addr/cluster'],
    ['next_hop'],
    [],
  ])
})
