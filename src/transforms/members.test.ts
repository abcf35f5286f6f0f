import { expect, test } from 'vitest'
import { flowJson } from '../codecs/flow-json/index.ts'
import type { BatchTransform, SinkPiece } from '../engine/contracts.ts'
import { parseExact } from '../model/exact-json.ts'
import { FlowBuilder } from '../model/flow-builder.ts'
import { configFrom } from '../schema/index.ts'
import { aggregateSchema } from './aggregate/config.ts'
import { aggregateEras } from './aggregate/eras.ts'
import { dedupeSchema } from './dedupe/config.ts'
import { dedupeStep } from './dedupe/step.ts'

/** Flows with 10 bytes and this column `extra`. */
function piece(received: number, extras: readonly (string | undefined)[]): SinkPiece {
  const builder = new FlowBuilder(4)
  builder.reserve(extras.length)
  const [extra, bytes] = [builder.column('extra'), builder.column('bytes')]
  extras.forEach((text, row) => {
    bytes.items[2 * row] = 10
    if (text === undefined) return
    extra.items[row] = builder.code(text)
    extra.mark(row)
  })
  bytes.markRows(0, extras.length)
  builder.commit(extras.length)
  const header = { sequence: 1, received } as SinkPiece['header']
  return { header, batch: builder.batch(), rows: Uint32Array.from(extras, (_, row) => row), firstRow: 0 }
}

function outputs({ outputs: made }: ReturnType<BatchTransform['take']>): unknown[] {
  return made.flatMap(({ batch }) => {
    const json = batch.kind === 'flows' ? flowJson(batch) : () => ''
    return Array.from({ length: batch.count }, (_, row) => {
      const { time_start: _start, time_end: _end, ...row_ } = parseExact(json(row)) as Record<string, unknown>
      return row_
    })
  })
}

function summed(settings: object, extras: readonly (string | undefined)[]): unknown[] {
  const step = aggregateEras(configFrom(aggregateSchema, { window: '1s', ...settings } as never), 'a')
  step.take(piece(500, extras))
  return outputs(step.take(piece(1000, [undefined])))
}

test('flows are summed by members of extra of every kind', () => {
  const by = ['extra.wlanSSID', 'extra."a, b"']
  expect(
    summed({ by, values: { bytes: 'sum(bytes)' } }, [
      '{"wlanSSID":"guest"}',
      '{"wlanSSID":"guest","a, b":null}',
      '{"wlanSSID":7}',
      '{"wlanSSID":7.0}',
      '{"wlanSSID":"7"}',
      '{"wlanSSID":18446744073709551615,"a, b":{"deep":[1]}}',
      '{"wlanSSID":18446744073709551614,"a, b":{"deep":[1]}}',
      '{"wlanssid":"guest"}',
      undefined,
    ]),
  ).toEqual([
    { bytes: 20, extra: { wlanSSID: 'guest' } },
    { bytes: 20, extra: { wlanSSID: 7 } },
    { bytes: 10, extra: { wlanSSID: '7' } },
    { bytes: 10, extra: { wlanSSID: 18446744073709551615n, 'a, b': { deep: [1] } } },
    { bytes: 10, extra: { wlanSSID: 18446744073709551614n, 'a, b': { deep: [1] } } },
    { bytes: 20 },
  ])
})

test('numbers of members are summed, and odd names stay names', () => {
  expect(
    summed(
      {
        by: ['extra.__proto__'],
        values: { n: 'sum(extra.n)', constructor: 'max(extra.n)', 'extra.seen': 'count(extra.n)' },
      },
      ['{"__proto__":"x","n":2}', '{"__proto__":"x","n":3}', '{"__proto__":"x","n":"3"}', '{"__proto__":"x"}'],
    ).map((row) => JSON.stringify(row)),
  ).toEqual(['{"extra":{"__proto__":"x","n":5,"constructor":3,"seen":3}}'])
})

test('groups by the whole of extra have its members', () => {
  expect(summed({ by: ['extra'], values: { bytes: 'sum(bytes)' } }, ['{"a":1}', '{"a":1}', '{"b":2}'])).toEqual([
    { bytes: 20, extra: { a: 1 } },
    { bytes: 10, extra: { b: 2 } },
  ])
})

test('a value with the name of a group is refused', () => {
  for (const name of ['rx', 'extra.rx'])
    expect(() => configFrom(aggregateSchema, { by: ['extra.rx'], values: { [name]: 'count()' } })).toThrow(
      /is a member of the groups, too/,
    )
  expect(() => configFrom(aggregateSchema, { by: ['extra.'], values: { n: 'count()' } })).toThrow(/no field `extra\.`/)
  expect(() => configFrom(aggregateSchema, { rows: 'events', by: ['extra.rx'], values: { n: 'count()' } })).toThrow(
    /extra\.rx/,
  )
})

test('a repeat is found by a member of extra', () => {
  const step = dedupeStep(configFrom(dedupeSchema, { by: ['extra.flowId'], window: '1s' }))
  const { failures } = step.take(piece(0, ['{"flowId":1}', '{"flowId":"1"}', '{"flowId":2}', undefined, undefined]))
  expect(failures.flatMap((failure) => (failure.is === 'filter' ? [...failure.rows] : []))).toEqual([1, 4])
})
