import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeBatch, encodeBatch } from '../journal/bodies.ts'
import { isPresent } from './columns.ts'
import { FlowBuilder } from './flow-builder.ts'

test('the builder returns the batch of its example', () => {
  const flows = new FlowBuilder()
  const bytes = flows.column('bytes')
  flows.reserve(1)
  bytes.items[2 * flows.count] = 1000
  bytes.mark(flows.count)
  flows.commit(1)
  expect(flows.batch()).toEqual({
    kind: 'flows',
    count: 1,
    dictionary: [''],
    columns: { bytes: { kind: 'u64', words: Uint32Array.of(1000, 0) } },
  })
})

test('a column without values is omitted, and a full column has no bitmap', () => {
  const flows = new FlowBuilder(2)
  flows.column('vlan')
  const proto = flows.column('proto')
  const port = flows.column('src_port')
  flows.reserve(20)
  proto.fill(6, 0, 20)
  port.items[17] = 443
  port.mark(17)
  flows.commit(20)
  const { columns } = flows.batch()
  expect(Object.keys(columns)).toEqual(['proto', 'src_port'])
  expect(columns.proto).toEqual({ kind: 'u8', values: new Uint8Array(20).fill(6) })
  expect(columns.src_port).toMatchObject({ valid: Uint8Array.of(0, 0, 0b10) })
})

test('growing keeps the rows and the column object', () => {
  const flows = new FlowBuilder(1)
  const inIf = flows.column('in_if')
  for (let row = 0; row < 100; row++) {
    flows.reserve(1)
    inIf.items[row] = row
    if (row % 3 !== 0) inIf.mark(row)
    flows.commit(1)
  }
  expect(flows.column('in_if')).toBe(inIf)
  const column = flows.batch().columns.in_if
  if (column?.kind !== 'u32') throw new Error('not u32')
  for (let row = 0; row < 100; row++) {
    expect(column.values[row]).toBe(row)
    expect(isPresent(column.valid, row)).toBe(row % 3 !== 0)
  }
})

test('bytes counts the uncompressed size of non-empty columns and is 0 after a reset', () => {
  const flows = new FlowBuilder()
  flows.column('src_addr').markRows(0, 10)
  flows.column('proto').markRows(0, 10)
  flows.column('dst_addr')
  expect(flows.bytes).toBe(0)
  flows.reserve(10)
  flows.commit(10)
  expect(flows.bytes).toBe(170 + 2 * 2)
  flows.reset()
  expect([flows.bytes, flows.count]).toEqual([0, 0])
})

test('marking a range equals marking each row', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 40 })), { minLength: 1, maxLength: 12 }),
      (runs) => {
        const [ranges, single] = [new FlowBuilder(600), new FlowBuilder(600)]
        let row = 0
        for (const [present, length] of runs) {
          if (present) {
            ranges.column('proto').markRows(row, row + length)
            for (let i = row; i < row + length; i++) single.column('proto').mark(i)
          }
          row += length
        }
        for (const flows of [ranges, single]) flows.commit(row)
        expect(ranges.batch()).toEqual(single.batch())
      },
    ),
  )
})

test('presence survives any pattern of rows, a journal body and reuse', () => {
  const flows = new FlowBuilder(1)
  const mask = flows.column('src_mask')
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 70 }), (pattern) => {
      flows.reset()
      for (const present of pattern) {
        flows.reserve(1)
        if (present) {
          mask.items[flows.count] = 24
          mask.mark(flows.count)
        }
        flows.commit(1)
      }
      const back = decodeBatch('flows', encodeBatch(flows.batch()))
      const column = back.kind === 'flows' ? back.columns.src_mask : undefined
      const seen = pattern.map(
        (_, row) => column?.kind === 'u8' && isPresent(column.valid, row) && column.values[row] === 24,
      )
      expect(seen).toEqual(pattern)
    }),
  )
})

test('lists keep their items through growth, gaps, a journal body and reuse', () => {
  const flows = new FlowBuilder(1)
  const directions = flows.list('if_directions')
  const names = flows.list('interfaces')
  fc.assert(
    fc.property(fc.array(fc.array(fc.nat(255), { maxLength: 9 }), { minLength: 1, maxLength: 40 }), (rows) => {
      flows.reset()
      for (const items of rows) {
        flows.reserve(1)
        if (items.length > 0) {
          directions.begin(flows.count)
          names.begin(flows.count)
        }
        for (const item of items) {
          directions.push(item)
          names.push(flows.code(`eth${item}`))
        }
        flows.commit(1)
      }
      const back = decodeBatch('flows', encodeBatch(flows.batch()))
      if (back.kind !== 'flows') throw new Error('not flows')
      const { if_directions: numbers, interfaces: texts } = back.columns
      const listAt = (column: typeof numbers, row: number): number[] =>
        column?.kind === 'list<u8>' || column?.kind === 'list<dict>'
          ? [...column.items.subarray(column.offsets[row], column.offsets[row + 1])]
          : []
      expect(rows.map((_, row) => listAt(numbers, row))).toEqual(rows)
      expect(rows.map((_, row) => listAt(texts, row).map((code) => back.dictionary[code]))).toEqual(
        rows.map((items) => items.map((item) => `eth${item}`)),
      )
      const used = rows.flat().length
      expect(flows.bytes).toBeGreaterThanOrEqual(2 * 4 * (rows.length + 1) + used * 5)
    }),
  )
})

test('an empty list column is omitted, and a restarted row discards its items', () => {
  const flows = new FlowBuilder(4)
  const labels = flows.list('mpls_labels')
  flows.reserve(3)
  labels.begin(0)
  labels.push(flows.code('16'))
  expect(flows.batch().columns).toEqual({})
  labels.begin(0)
  labels.push(flows.code('17'))
  labels.begin(2)
  labels.push(flows.code('18'))
  labels.push(flows.code('19'))
  flows.commit(2)
  expect(flows.batch().columns.mpls_labels).toEqual({
    kind: 'list<dict>',
    offsets: Uint32Array.of(0, 1, 1),
    items: Uint32Array.of(2),
  })
  flows.commit(1)
  expect(flows.batch().columns.mpls_labels).toEqual({
    kind: 'list<dict>',
    offsets: Uint32Array.of(0, 1, 1, 3),
    items: Uint32Array.of(2, 3, 4),
  })
})

test('memory of one large batch is released, and rows after it are right', () => {
  const flows = new FlowBuilder(1)
  const bytes = flows.column('bytes')
  const names = flows.list('interfaces')
  const write = (rows: number): void => {
    flows.reserve(rows)
    for (let row = flows.count; row < flows.count + rows; row++) {
      bytes.items[2 * row] = row + 1
      bytes.mark(row)
      names.begin(row)
      names.push(flows.code(`eth${row % 3}`))
    }
    flows.commit(rows)
  }
  write(100_000)
  expect(bytes.items.length).toBeGreaterThanOrEqual(200_000)
  flows.reset()
  expect(bytes.items.length).toBeLessThan(100_000)
  write(3)
  const { count, columns, dictionary } = flows.batch()
  expect({ count, dictionary }).toEqual({ count: 3, dictionary: ['', 'eth0', 'eth1', 'eth2'] })
  expect(columns.bytes).toEqual({ kind: 'u64', words: Uint32Array.of(1, 0, 2, 0, 3, 0) })
  expect(columns.interfaces).toMatchObject({ offsets: Uint32Array.of(0, 1, 2, 3), items: Uint32Array.of(1, 2, 3) })
})
