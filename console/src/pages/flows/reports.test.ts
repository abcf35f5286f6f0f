import { expect, test } from 'vitest'
import type { FlowFrame } from '../../../../src/api/published.ts'
import { reportsOf, reportsQuery } from './reports.ts'

const flow = new Map<string, unknown>([
  ['time_received', '2026-11-20T10:00:10.000Z'],
  ['time_start', '2026-11-20T10:00:00.000Z'],
  ['time_end', '2026-11-20T10:00:05.000Z'],
  ['src_addr', '10.0.0.1'],
  ['dst_addr', '10.0.0.2'],
  ['src_port', 40_000],
  ['dst_port', 443],
  ['proto', 6],
])

const names = ['time_start', 'time_end', 'exporter_addr', 'node_direction', 'interfaces', 'if_directions']
const frame = (...rows: readonly (readonly unknown[])[]): FlowFrame =>
  ({ columns: names.map((name) => ({ name })), rows }) as never

test('reports are searched by the 5-tuple, within a minute of the flow', () => {
  expect(reportsQuery(flow)).toMatchObject({
    filter: 'src_addr = "10.0.0.1" and dst_addr = "10.0.0.2" and src_port = 40000 and dst_port = 443 and proto = 6',
    from: '2026-11-20T09:59:10.000Z',
    to: '2026-11-20T10:01:10.000Z',
  })
  expect(reportsQuery(new Map([...flow, ['src_port', null]]))?.['filter']).toContain('not exists(src_port)')
  expect(reportsQuery(new Map([...flow, ['dst_addr', null]]))).toBeUndefined()
})

test('each interface of each exporter counts once; flows of another time do not', () => {
  const [start, end] = ['2026-11-20T10:00:01.000Z', '2026-11-20T10:00:06.000Z']
  const reports = reportsOf(
    flow,
    frame(
      [start, end, '192.0.2.1', 1, ['veth1', 'eth0'], [0, 1]],
      [start, end, '192.0.2.1', 1, ['veth1', 'eth0'], [0, 1]],
      [start, end, '192.0.2.2', 0, ['eth0'], [0]],
      [null, null, '192.0.2.3', null, null, null],
      ['2026-11-20T10:00:30.000Z', '2026-11-20T10:00:35.000Z', '192.0.2.4', 0, ['eth0'], [0]],
    ),
  )
  expect(reports).toEqual([
    { exporter: '192.0.2.1', direction: 1, name: 'veth1', way: 0 },
    { exporter: '192.0.2.1', direction: 1, name: 'eth0', way: 1 },
    { exporter: '192.0.2.2', direction: 0, name: 'eth0', way: 0 },
    { exporter: '192.0.2.3', direction: undefined, name: '', way: undefined },
  ])
})
