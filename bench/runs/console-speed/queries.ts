import type { WeirProcess } from '../../../test/kit/weir-process.ts'
import type { AcceptanceContext } from '../../harness.ts'
import type { Targets } from './targets.ts'
import { anotherMs, warmRuns } from './warm.ts'

type Answer = Readonly<{
  source?: string
  rows?: readonly unknown[]
  total?: Readonly<{ flows?: number | string }>
  talkers?: Answer
}>

type Question = Readonly<{ what: string; path: string; query: Readonly<Record<string, string>>; ms: number }>

/** The largest requests of Home, of the overview and of the grouped table, without a browser. */
export async function queries(
  context: AcceptanceContext,
  targets: Targets,
  weir: WeirProcess,
  t: Readonly<{ from: string; to: string }>,
): Promise<void> {
  const sums = { ...t, by: 'bytes' }
  const questions: readonly Question[] = [
    { what: 'Home', path: 'home', query: {}, ms: 2000 },
    { what: 'Home of 24 hours', path: 'home', query: { last: '1d' }, ms: 2000 },
    ...['src_endpoint', 'service_port'].map((group) => ({
      what: `series by ${group}`,
      path: 'series',
      query: { ...sums, group, limit: '5' },
      ms: 2000,
    })),
    ...['src_endpoint', 'src_endpoint,dst_endpoint', 'service_port', 'proto'].map((group) => ({
      what: `groups by ${group}`,
      path: 'flows',
      query: { ...sums, group, limit: '5' },
      ms: 2000,
    })),
    { what: 'table by service_port', path: 'flows', query: tableOf(sums, 'service_port'), ms: 2000 },
    { what: 'first page of flows', path: 'flows', query: { ...t, limit: '100' }, ms: 1000 },
  ]
  for (const { what, path, query, ms } of questions) {
    let answer: Answer = {}
    const send = async (more: Readonly<Record<string, string>>) => {
      const began = performance.now()
      answer = await weir.get<Answer>(`/api/v1/${path}?${new URLSearchParams({ ...query, ...more }).toString()}`)
      return performance.now() - began
    }
    const moved = () =>
      send(query['from'] === undefined ? {} : { from: new Date(Date.parse(query['from']) + anotherMs()).toISOString() })
    context.figure(`${what}: response, the first`, await send({}), 'ms')
    const cpu = weir.cpuSeconds()
    const { p95, runs } = await warmRuns(context, moved)
    context.figure(`${what}: processor time of the server`, ((weir.cpuSeconds() - cpu) * 1000) / runs, 'ms')
    const { source, total, rows = [] } = answer.talkers ?? answer
    if (source !== undefined) context.figure(`${what}: source`, `${source}, ${total?.flows ?? rows.length} flows`)
    targets.judge(`${what}: response, p95 of ${runs}`, p95, 'ms', { most: ms })
    context.expect(rows.length > 0, `${what} has rows`)
  }
}

function tableOf(sums: Readonly<Record<string, string>>, group: string) {
  return { ...sums, group, limit: '500', time: 'time_received' }
}
