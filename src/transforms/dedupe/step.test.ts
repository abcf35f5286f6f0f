import { expect, test } from 'vitest'
import type { BatchTransform, SinkPiece } from '../../engine/contracts.ts'
import { FlowBuilder } from '../../model/flow-builder.ts'
import { toEventBatch } from '../../model/events.ts'
import { parseIp } from '../../model/ip.ts'
import { configFrom } from '../../schema/index.ts'
import { dedupeSchema } from './config.ts'
import { dedupeStep } from './step.ts'

type Flow = Readonly<{
  at?: string
  from?: string
  to?: string
  ports?: readonly [number, number]
  direction?: number
  in?: number
  out?: number
  inName?: string
}>

const [a, b, c] = ['192.0.2.1', '192.0.2.2', '198.51.100.9'] as const

let sequence = 0

function piece(received: number, flows: readonly Flow[]): SinkPiece {
  const builder = new FlowBuilder(4)
  builder.reserve(flows.length)
  flows.forEach(({ at, from = '10.0.0.1', to = '10.0.0.2', ports = [40_000, 443], ...rest }, row) => {
    const address = (name: 'exporter_addr' | 'src_addr' | 'dst_addr', text: string): void => {
      const column = builder.column(name)
      column.items.set(parseIp(text) ?? [], 4 * row)
      column.mark(row)
    }
    const number = (name: 'src_port' | 'dst_port' | 'direction' | 'in_if' | 'out_if', value?: number): void => {
      if (value === undefined) return
      const column = builder.column(name)
      column.items[row] = value
      column.mark(row)
    }
    if (at !== undefined) address('exporter_addr', at)
    if (from !== '') address('src_addr', from)
    if (to !== '') address('dst_addr', to)
    number('src_port', ports[0])
    number('dst_port', ports[1])
    number('direction', rest.direction)
    number('in_if', rest.in)
    number('out_if', rest.out)
    if (rest.inName !== undefined) {
      const column = builder.column('in_if_name')
      column.items[row] = builder.code(rest.inName)
      column.mark(row)
    }
  })
  builder.commit(flows.length)
  const header = { sequence: ++sequence, received } as SinkPiece['header']
  return { header, batch: builder.batch(), rows: Uint32Array.from(flows, (_, row) => row), firstRow: 0 }
}

const step = (settings: object): BatchTransform => dedupeStep(configFrom(dedupeSchema, settings))

/** For each flow `pass`, or the reason why it does not count. */
function outcomes(transform: BatchTransform, second: number, flows: readonly Flow[]): string[] {
  const { failures } = transform.take(piece(second * 1000, flows))
  const found = flows.map(() => 'pass')
  for (const failure of failures)
    if (failure.is === 'filter') for (const row of failure.rows) found[row] = failure.reason
  return found
}

test('of a flow that two exporters report each time is counted once, and the preferred exporter takes over', () => {
  const once = step({ exporters: [a], window: '2m' })
  // Exporter B reports every 30 s, exporter A every 60 s.
  expect(outcomes(once, 30, [{ at: b }])).toEqual(['pass'])
  expect(outcomes(once, 60, [{ at: b }])).toEqual(['pass'])
  expect(outcomes(once, 61, [{ at: a }])).toEqual(['duplicate'])
  expect(outcomes(once, 90, [{ at: b }])).toEqual(['duplicate'])
  expect(outcomes(once, 120, [{ at: b }])).toEqual(['duplicate'])
  expect(outcomes(once, 121, [{ at: a }])).toEqual(['pass'])
  // The path changed: B counts again when A was silent for the window.
  expect(outcomes(once, 240, [{ at: b }])).toEqual(['duplicate'])
  expect(outcomes(once, 270, [{ at: b }])).toEqual(['pass'])
})

test('several records of a flow in one unit count at the exporter of the first', () => {
  const once = step({ exporters: [a], window: '2m' })
  expect(outcomes(once, 1, [{ at: b }, { at: a }, { at: b }, { at: a }])).toEqual([
    'pass',
    'duplicate',
    'pass',
    'duplicate',
  ])
  expect(outcomes(once, 61, [{ at: b }, { at: a }, { at: b }, { at: a }])).toEqual([
    'duplicate',
    'pass',
    'duplicate',
    'pass',
  ])
})

test('exporters are preferred in the order of the list, then by address', () => {
  const once = step({ exporters: ['198.51.100.0/24'], window: '2m' })
  expect(outcomes(once, 1, [{ at: b }, { at: a }, { at: c }])).toEqual(['pass', 'duplicate', 'duplicate'])
  expect(outcomes(once, 2, [{ at: b }, { at: a }, { at: c }])).toEqual(['duplicate', 'duplicate', 'pass'])
  const others = step({ exporters: ['203.0.113.0/24'], window: '2m' })
  outcomes(others, 1, [{ at: b }, { at: a }])
  expect(outcomes(others, 2, [{ at: b }, { at: a }])).toEqual(['duplicate', 'pass'])
})

test('the way back, other ports, another time and rows without addresses are other flows', () => {
  const once = step({ exporters: [a, b], window: '1m' })
  expect(
    outcomes(once, 1, [
      { at: a },
      { at: b, from: '10.0.0.2', to: '10.0.0.1', ports: [443, 40_000] },
      { at: b, ports: [40_001, 443] },
      { at: a, to: '' },
      { at: b, to: '' },
      {},
    ]),
  ).toEqual(['pass', 'pass', 'pass', 'pass', 'pass', 'pass'])
  expect(outcomes(once, 61, [{ at: b }])).toEqual(['pass'])
})

test('of one exporter that reports a flow in both directions the ingress counts', () => {
  const both = [
    { at: a, direction: 1, out: 2 },
    { at: a, direction: 0, in: 1 },
  ]
  const once = step({ exporters: [a], window: '2m' })
  outcomes(once, 1, both)
  expect(outcomes(once, 61, both)).toEqual(['duplicate', 'pass'])
  expect(outcomes(step({ direction: 'ingress' }), 1, [...both, { at: a }])).toEqual(['direction', 'pass', 'pass'])
  expect(outcomes(step({ direction: 'egress' }), 1, [...both, { at: a }])).toEqual(['pass', 'direction', 'pass'])
})

test('flows count at the listed interfaces of the longest network, and elsewhere if it is not listed', () => {
  const edge = step({ interfaces: { '192.0.2.0/24': [], [a]: ['Gi0/0', '7'] } })
  expect(
    outcomes(edge, 1, [
      { at: a, in: 1, out: 2, inName: 'Gi0/0' },
      { at: a, in: 1, out: 7 },
      { at: a, in: 1, out: 2, inName: 'Gi0/1' },
      { at: a },
      { at: b, in: 7, out: 2 },
      { at: c, in: 1, out: 2 },
    ]),
  ).toEqual(['pass', 'pass', 'interface', 'interface', 'interface', 'pass'])
})

test('a flow that does not count at its interface is no report', () => {
  const edge = step({ interfaces: { [a]: ['7'] }, exporters: [a, b], window: '2m' })
  expect(outcomes(edge, 1, [{ at: a, in: 1 }, { at: b }])).toEqual(['interface', 'pass'])
  expect(outcomes(edge, 2, [{ at: a, in: 1 }, { at: b }])).toEqual(['interface', 'pass'])
})

test('events pass the rule of exporters', () => {
  const batch = toEventBatch([{ id: 'e', source: '/s', type: 't', time: 1, encoding: 'none' }])
  const header = { sequence: ++sequence, received: 1 } as SinkPiece['header']
  const once = step({ exporters: [a] })
  for (let time = 0; time < 2; time++)
    expect(once.take({ header, batch, rows: Uint32Array.of(0), firstRow: 0 }).failures).toEqual([])
})

test('after a restart the memory is rebuilt from the rows of the window', () => {
  const run = (at: number) => [
    [{ at: b }, { at: a, ports: [1, at] as const }],
    [{ at: a }, { at: b, ports: [1, 2] as const }],
  ]
  const units = Array.from({ length: 40 }, (_, index) => ({ at: 7 * index, flows: run(index % 3)[index % 2] ?? [] }))
  const whole = step({ exporters: [a], window: '20s' })
  const expected = units.map(({ at, flows }) => outcomes(whole, at, flows))
  for (const restart of [3, 17, 30]) {
    const again = step({ exporters: [a], window: '20s' })
    again.windows?.begin({ sequence: 0, row: 0, time: 0 })
    const since = (units[restart]?.at ?? 0) - 20
    for (const { at, flows } of units.slice(0, restart)) if (at > since) outcomes(again, at, flows)
    expect(units.slice(restart).map(({ at, flows }) => outcomes(again, at, flows))).toEqual(expected.slice(restart))
  }
})

test.each([
  [{}, /no rule/],
  [{ exporters: [] }, /names no exporter/],
  [{ exporters: ['router-a'] }, /not a range/],
  [{ interfaces: { 'router-a': ['1'] } }, /not a range/],
  [{ direction: 'in' }, /direction/],
  [{ by: ['src_adr'] }, /no field/],
])('the settings %j are refused with the reason', (settings, message) => {
  expect(() => configFrom(dedupeSchema, settings as object)).toThrow(message)
})
