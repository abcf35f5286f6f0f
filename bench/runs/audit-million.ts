import { join } from 'node:path'
import type { AcceptanceRun, AcceptanceContext } from '../harness.ts'
import { startApi, type RunningApi } from '../../src/api/index.ts'
import { RecordingControl } from '../../src/api/testing/recording-control.ts'
import { recordingLog } from '../../src/store/testing/frames.ts'
import { measure } from '../../test/kit/query-api.ts'
import { SeededRandom } from '../../test/kit/random.ts'
import { storeTraces, type Traces } from './audit-million/traces.ts'

const pageLimit = 500
const hopsLimit = 300
const maxRequests = 20

interface Body {
  readonly traces?: readonly unknown[]
  readonly total?: number
  readonly nodes?: readonly unknown[]
  readonly edges?: readonly {
    readonly from: string
    readonly relation: string
    readonly to: string
    readonly count: number
  }[]
  readonly cut?: readonly unknown[]
  readonly paths?: readonly unknown[]
}

export default {
  name: 'audit-million',
  issue: '7.6',
  title: 'A million stored traces: first rows within 500 ms, two hops from a node within 300 ms.',
  async run(context) {
    const traces = await storeTraces(
      join(context.folder, 'store'),
      context.seed,
      context.size(1_000_000, 20_000),
      context.size(168, 12),
    )
    const status = traces.store.status()
    context.figure('traces stored', traces.traces)
    context.figure('files', status.files)
    context.figure('stored', Math.round(status.bytes / traces.traces), 'bytes per trace, flows and rollups included')
    context.figure('time to store them', Math.round(traces.seconds), 's')
    const control = new RecordingControl()
    control.readsFrom(traces.store)
    const api = await startApi({
      listen: { host: '127.0.0.1', port: 0 },
      auth: { tokens: [] },
      httpAuth: 'api',
      log: recordingLog(),
      host: traces.host,
      version: '0.0.0-bench',
      control,
    })
    try {
      await pages(context, api, traces)
      await graphs(context, api, traces)
    } finally {
      await api.close()
      await traces.store.close()
    }
  },
} satisfies AcceptanceRun

async function pages(context: AcceptanceContext, api: RunningApi, traces: Traces) {
  for (const [what, parameters] of [
    ['first rows of a day', { from: 'now-24h' }],
    ['first rows of the week', { from: 'now-8d' }],
    ['first rows of the week, what failed', { from: 'now-8d', outcome: 'failure' }],
    ['first rows of the week, of one actor', { from: 'now-8d', actor: 'user:d1/u100' }],
  ] as const) {
    const { p95, answers } = await measure<Body>(
      context,
      api,
      { what, path: 'audit', requests: context.size(maxRequests, 4) },
      () => parameters,
    )
    context.expect(
      answers.every((answer) => answer.traces?.length === 100 || answer.traces?.length === answer.total),
      `${what}: a page of them (${answers[0]?.traces?.length}, of ${answers[0]?.total})`,
    )
    if (what === 'first rows of the week')
      context.expect(
        answers[0]?.total === traces.traces,
        `the week has every trace that was sent (${answers[0]?.total})`,
      )
    context.expectSpeed(p95 < pageLimit, `${what}: within ${pageLimit} ms`)
  }
}

async function graphs(context: AcceptanceContext, api: RunningApi, traces: Traces) {
  // Active actors are queried more often.
  const random = new SeededRandom(context.seed)
  const actors = [...traces.touched.keys()].toSorted()
  const some = Array.from({ length: maxRequests + 1 }, () => actors[Math.floor(actors.length * random.next())] ?? '')
  const touched = some.map(
    (actor) => [...(traces.touched.get(actor) ?? [])].toSorted(([, a], [, b]) => b - a)[0]?.[0] ?? '',
  )
  for (const [what, refs, from] of [
    ['two hops from an actor, what happened in a day', some, 'now-24h'],
    ['two hops from a resource, what happened in a day', touched, 'now-24h'],
    ['two hops from an actor, the whole week', some, 'now-8d'],
    ['two hops from a resource, the whole week', touched, 'now-8d'],
  ] as const) {
    const { p95, answers } = await measure<Body>(
      context,
      api,
      { what, path: 'graph', requests: context.size(maxRequests, 4) },
      (time) => ({ ref: refs[time] ?? '', hops: '2', from }),
    )
    context.figure(
      `${what}: nodes and edges`,
      `${(answers.reduce((sum, { nodes = [] }) => sum + nodes.length, 0) / answers.length) | 0} and ` +
        `${(answers.reduce((sum, { edges = [] }) => sum + edges.length, 0) / answers.length) | 0} on average`,
    )
    context.expectSpeed(p95 < hopsLimit, `${what}: within ${hopsLimit} ms`)
    if (refs !== some || from === 'now-24h') continue
    const edges = answers.flatMap(({ edges: all = [] }, at) =>
      all.filter((edge) => edge.relation === 'acted-on' && edge.from === some[at]),
    )
    const wrong = edges.filter((edge) => traces.touched.get(edge.from)?.get(edge.to) !== edge.count)
    context.expect(
      edges.length > 0 && wrong.length === 0,
      `${edges.length} edges from actors to their targets have the number of traces that were sent ` +
        `(${wrong.length} have another)`,
    )
  }
  const [one = '', other = ''] = [some[1], some[2]]
  const { answers } = await measure<Body>(
    context,
    api,
    { what: 'paths between two actors, the whole week', path: 'graph/paths', requests: context.size(maxRequests, 4) },
    () => ({ from: one, to: other, since: 'now-8d' }),
  )
  context.figure('paths between two actors', answers[0]?.paths?.length ?? 0)
}
