import { expect, test } from 'vitest'
import type { FlowBatch } from './batches.ts'
import { concatBatches } from './concat.ts'
import { eventAt, toEventBatch, type WeirEvent } from './events.ts'
import { FlowBuilder } from './flow-builder.ts'
import { selectRows } from './select.ts'

function flows(
  rows: readonly (readonly [name: string | undefined, bytes: number | undefined, interfaces: readonly string[]])[],
): FlowBatch {
  const builder = new FlowBuilder(2)
  builder.reserve(rows.length)
  const [names, bytes, list] = [builder.column('src_name'), builder.column('bytes'), builder.list('interfaces')]
  rows.forEach(([name, count, interfaces], row) => {
    if (name !== undefined) {
      names.items[row] = builder.code(name)
      names.mark(row)
    }
    if (count !== undefined) {
      bytes.items[2 * row] = count
      bytes.mark(row)
    }
    list.begin(row)
    for (const one of interfaces) list.push(builder.code(one))
  })
  builder.commit(rows.length)
  return builder.batch()
}

function read(batch: FlowBatch): unknown[] {
  const { src_name: names, bytes, interfaces } = batch.columns
  return Array.from({ length: batch.count }, (_, row) => [
    names?.kind === 'dict' ? (names.codes[row] === 0 ? undefined : batch.dictionary[names.codes[row] ?? 0]) : undefined,
    bytes?.kind === 'u64' && (bytes.valid === undefined || ((bytes.valid[row >> 3] ?? 0) >> (row & 7)) % 2 === 1)
      ? bytes.words[2 * row]
      : undefined,
    interfaces?.kind === 'list<dict>'
      ? [...interfaces.items.subarray(interfaces.offsets[row], interfaces.offsets[row + 1])].map(
          (code) => batch.dictionary[code],
        )
      : [],
  ])
}

test('flows of batches with other columns and dictionaries keep their values', () => {
  const one = flows([
    ['a', 1, ['eth0', 'eth1']],
    ['b', undefined, []],
    ['a', 3, ['eth1']],
  ])
  const two = flows([[undefined, 4, []]])
  const three = flows([
    ['c', 5, []],
    ['b', undefined, ['eth0']],
  ])
  const all = concatBatches([selectRows(one, Uint32Array.of(1, 2)), two, three])
  expect(all.kind === 'flows' ? read(all) : []).toEqual([
    ['b', undefined, []],
    ['a', 3, ['eth1']],
    [undefined, 4, []],
    ['c', 5, []],
    ['b', undefined, ['eth0']],
  ])
})

test('events keep their envelope and body', () => {
  const event = (id: string, more: Partial<WeirEvent> = {}): WeirEvent => ({
    id,
    source: `/s/${id}`,
    type: 't',
    family: 'event',
    encoding: 'none',
    ...more,
  })
  const data = new TextEncoder().encode('{"a":1}')
  const events = [
    event('ä', { time: 5, encoding: 'json', data }),
    event('b', { subject: 'x', extensions: { trace: 'y' } }),
    event('c', { family: 'audit', encoding: 'text', data: new TextEncoder().encode('zz') }),
  ]
  const [first, ...rest] = events.map((one) => toEventBatch([one]))
  const all = concatBatches([
    selectRows(toEventBatch(events), Uint32Array.of(2, 0)),
    ...(first === undefined ? [] : [first]),
    ...rest,
  ])
  expect(all.kind === 'events' ? Array.from({ length: all.count }, (_, row) => eventAt(all, row)) : []).toEqual(
    [2, 0, 0, 1, 2].map((index) => events[index]),
  )
})
