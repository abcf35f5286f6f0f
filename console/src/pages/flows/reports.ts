import type { FlowFrame } from '../../../../src/api/published.ts'
import type { Query } from '../../api/client.ts'
import { allOf, conditionFor } from '../../parts/filter-text.ts'

type Report = Readonly<{
  exporter: string
  /** As seen by the node: 0 ingress, 1 egress, 2 within. */
  direction: number | undefined
  name: string
  way: number | undefined
}>

const key = ['src_addr', 'dst_addr', 'src_port', 'dst_port', 'proto']
const columns = ['time_start', 'time_end', 'exporter_addr', 'node_direction', 'interfaces', 'if_directions']
const aroundMs = 60_000
const limit = 500

/** Flows with the same 5-tuple, received within a minute; undefined: the flow has no addresses. */
export function reportsQuery(flow: ReadonlyMap<string, unknown>): Query | undefined {
  const received = flow.get('time_received')
  if (typeof received !== 'string' || flow.get('src_addr') == null || flow.get('dst_addr') == null) return undefined
  const at = Date.parse(received)
  return {
    filter: allOf(key.map((field) => conditionFor(field, flow.get(field)))),
    time: 'time_received',
    from: new Date(at - aroundMs).toISOString(),
    to: new Date(at + aroundMs).toISOString(),
    columns: columns.join(','),
    limit,
  }
}

export function reportsOf(flow: ReadonlyMap<string, unknown>, { columns: found, rows }: FlowFrame): Report[] {
  const names = found.map(({ name }) => name)
  const reports = new Map<string, Report>()
  for (const row of rows) {
    const of = (name: string) => row[names.indexOf(name)]
    if (!overlap(flow, of)) continue
    const [interfaces, ways] = [listOf(of('interfaces')), listOf(of('if_directions'))]
    const base = { exporter: textOf(of('exporter_addr')), direction: numberOf(of('node_direction')) }
    for (let i = 0; i < Math.max(1, interfaces.length); i++) {
      const report = { ...base, name: textOf(interfaces[i]), way: numberOf(ways[i]) }
      reports.set(JSON.stringify(report), report)
    }
  }
  return [...reports.values()]
}

function overlap(flow: ReadonlyMap<string, unknown>, of: (name: string) => unknown): boolean {
  const time = (value: unknown, absent: number) => (typeof value === 'string' ? Date.parse(value) : absent)
  return (
    time(of('time_start'), -Infinity) <= time(flow.get('time_end'), Infinity) &&
    time(of('time_end'), Infinity) >= time(flow.get('time_start'), -Infinity)
  )
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : [])
const numberOf = (value: unknown) => (typeof value === 'number' ? value : undefined)
const textOf = (value: unknown) => (typeof value === 'string' || typeof value === 'number' ? String(value) : '')
