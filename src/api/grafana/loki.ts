import type { FastifyInstance } from 'fastify'
import { object, string } from '../openapi/json-schema.ts'
import type { ApiContext } from '../options.ts'
import { grafanaRoutes, type GrafanaRoute } from './answer.ts'
import { fieldsAnswer, fieldValues } from './loki-fields.ts'
import { query, queryRange } from './loki-query.ts'
import { patterns } from './loki-patterns.ts'
import { success } from './loki-request.ts'
import { formatQuery, statusRoutes } from './loki-status.ts'
import { tailRoute } from './loki-tail.ts'
import { detectedLabels, labels, labelValues, stats, selectedStreams, volume, volumeRange } from './loki-streams.ts'

const times = { start: 'Ns, seconds or RFC 3339.', end: 'Ns, seconds or RFC 3339.' }
const base = '/loki/api/v1'
const ofStreams = { query: 'Stream selector.', ...times }
const volumeParameters = {
  ...ofStreams,
  limit: 'Maximum series.',
  targetLabels: 'Labels, by commas; unset: those of the selector.',
  aggregateBy: 'series or labels.',
}
const fieldParameters = {
  query: 'Stream selector with a pipeline.',
  ...times,
  line_limit: 'Maximum lines to read.',
  limit: 'Maximum results.',
}

const routes: readonly GrafanaRoute[] = [
  {
    path: `${base}/query`,
    operationId: 'lokiQuery',
    summary: 'LogQL at one time',
    description: 'The subset is in `weir help grafana`. 400 names a construct outside it.',
    parameters: { query: 'LogQL of metrics.', time: 'Ns, seconds or RFC 3339; unset: now.' },
    answer: query,
  },
  {
    path: `${base}/query_range`,
    operationId: 'lokiQueryRange',
    summary: 'LogQL of a time range: lines, or numbers at each step',
    parameters: {
      query: 'LogQL.',
      ...times,
      step: 'Duration.',
      limit: 'Maximum lines.',
      direction: 'forward or backward.',
      interval: 'Least time between lines: seconds or a duration.',
    },
    answer: queryRange,
  },
  {
    path: `${base}/labels`,
    operationId: 'lokiLabels',
    summary: 'Names of labels of streams',
    parameters: ofStreams,
    answer: labels,
  },
  {
    path: `${base}/label/:name/values`,
    operationId: 'lokiLabelValues',
    summary: 'Values of a label of streams',
    params: object({ name: { ...string, description: 'The label.' } }),
    parameters: ofStreams,
    answer: labelValues,
  },
  {
    path: `${base}/series`,
    operationId: 'lokiSeries',
    summary: 'Label sets of streams',
    parameters: {
      'match[]': 'Stream selectors; repeatable.',
      match: 'The same, as clients of Loki write it.',
      ...times,
    },
    answer: async (request) =>
      success((await selectedStreams(request, 'match[]', 'match')).map(({ stream }) => stream)),
  },
  {
    path: `${base}/index/stats`,
    operationId: 'lokiStats',
    summary: 'Counts of lines and bytes',
    parameters: ofStreams,
    answer: stats,
  },
  {
    path: `${base}/detected_labels`,
    operationId: 'lokiDetectedLabels',
    summary: 'Labels with their number of values',
    parameters: ofStreams,
    answer: detectedLabels,
  },
  {
    path: `${base}/index/volume`,
    operationId: 'lokiVolume',
    summary: 'Bytes of lines by labels',
    parameters: volumeParameters,
    answer: volume,
  },
  {
    path: `${base}/index/volume_range`,
    operationId: 'lokiVolumeRange',
    summary: 'Bytes of lines by labels at each step',
    parameters: { ...volumeParameters, step: 'Duration.' },
    answer: volumeRange,
  },
  {
    path: `${base}/detected_fields`,
    operationId: 'lokiDetectedFields',
    summary: 'Fields in lines with their type and number of values',
    parameters: fieldParameters,
    answer: fieldsAnswer,
  },
  {
    path: `${base}/detected_field/:name/values`,
    operationId: 'lokiDetectedFieldValues',
    summary: 'Values of a field in lines',
    params: object({ name: { ...string, description: 'The field.' } }),
    parameters: fieldParameters,
    answer: fieldValues,
  },
  {
    path: `${base}/patterns`,
    operationId: 'lokiPatterns',
    summary: 'Templates of lines, with their counts at each step',
    parameters: { query: 'Stream selector with a pipeline.', ...times, step: 'Duration.' },
    answer: patterns,
  },
  {
    path: `${base}/format_query`,
    operationId: 'lokiFormatQuery',
    summary: 'LogQL, verified and without needless space',
    parameters: { query: 'LogQL.' },
    answer: formatQuery,
  },
  ...statusRoutes(base),
]

/** Clients send long queries as forms. */
const withForms = routes.map((route): GrafanaRoute => ({ ...route, methods: ['GET', 'POST'] }))

export function lokiRoutes(app: FastifyInstance, context: ApiContext): void {
  tailRoute(app, context, `${base}/tail`)
  grafanaRoutes(app, context, withForms, { syntax: 400, unsupported: 400, execution: 400 })
}
