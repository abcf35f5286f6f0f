import { dialectOf } from '../../query/index.ts'
import { listOf } from '../comma-list.ts'
import { rowQueryOf } from '../flows/row-query.ts'
import type { SumsReader } from '../flows/sums/request.ts'
import { operation, type Surroundings } from '../operation.ts'
import { Refusal } from '../refusal.ts'
import type { Watched } from '../resources/one.ts'
import { readRows } from '../rows.ts'
import { span as spanOf } from '../time-span.ts'
import { InvestigateParameters, Investigation, laneNames, type LaneName } from './schema.ts'

export const investigation = operation({
  id: 'investigate',
  summary: 'Everything about a workload, actor, address, image, account or resource in a time range',
  description:
    'Traffic, latency, drops, changes, audit events, cluster events, errors in logs, problems of images, costs and ' +
    'gaps. Access is decided for each lane; a lane without items states the reason.',
  parameters: InvestigateParameters,
  result: Investigation,
  refuses: ['WEIR_API_NOT_FOUND'],
  async run(
    { subject: written, from = 'now-1h', to = 'now', limit = 100, lanes },
    surroundings: Surroundings & Watched & SumsReader,
  ) {
    const { investigate, relatedTo, subjectOf } = await import('./read.ts')
    const { store, viewer, now, manifest, readSums } = surroundings
    const context = {
      dialect: dialectOf(store),
      viewer,
      span: spanOf({ from, to }, now),
      runQuery: (sql: string) => readRows<Readonly<Record<string, unknown>>>(surroundings, sql),
    }
    const subject = await subjectOf(written, context)
    const scene = { ...context, subject, limit, store, manifest, related: await relatedTo(subject, context) }
    return investigate(scene, {
      readSums,
      flowsOf: (filter) => rowQueryOf({ filter, from, to }, 'flow_time', now, viewer),
      chosen: lanesOf(lanes),
    })
  },
})

function lanesOf(written: string | undefined): readonly LaneName[] {
  const listed = listOf(written)
  const unknown = listed.find((name) => !laneNames.some((lane) => lane === name))
  if (unknown !== undefined)
    throw new Refusal('WEIR_API_INVALID', `"lanes" contains ${unknown}, which is no lane.`, [
      `Possible values: ${laneNames.join(', ')}.`,
    ])
  return listed.length === 0 ? laneNames : laneNames.filter((lane) => listed.includes(lane))
}
