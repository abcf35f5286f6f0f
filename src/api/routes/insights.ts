import type { FastifyInstance } from 'fastify'
import { severities } from '../../model/image-insights.ts'
import { known, textOf } from '../../model/json.ts'
import { compileSql, dialectOf, testsOf, type Dialect } from '../../query/index.ts'
import { isoOf } from '../../query/plan/index.ts'
import { answerJson } from '../answer.ts'
import type { StoreReader } from '../../engine/control.ts'
import type { Principal } from '../access/principal.ts'
import { exposureOf, trafficParameter, trafficTo, type Traffic } from '../exposure.ts'
import { filterOf } from '../../topics/filter-text.ts'
import { insightPage } from '../insight-page.ts'
import {
  insightOrder,
  insightRows,
  problemSorts,
  wordConditions,
  type InsightList,
  type ProblemSort,
} from '../insights.ts'
import { among } from '../../topics/conditions.ts'
import { atParameter, moment } from '../../topics/time-span.ts'
import { fingerprintOf, readPageCursor, writePageCursor } from '../../topics/page-cursor.ts'
import type { ApiContext } from '../options.ts'
import { abortOnDisconnect, requireStore, rowsOf } from '../store-query.ts'
import { object, pageOf, refusals } from '../json-schema.ts'
import { rows } from './insight-rows.ts'
import { imageDiffRoute, imageDiffSchemas } from './image-diff.ts'
import { reportRoute } from './report.ts'

const page = (list: InsightList) => pageOf(list, object(rows[list]))

const severitySums = {
  type: 'object',
  required: ['severities', 'at'],
  properties: {
    at: { type: 'string', description: 'Time of the state.' },
    severities: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          severity: { type: 'string', enum: severities },
          ids: { type: 'integer', description: 'Distinct ids.' },
          findings: { type: 'integer', description: 'Each package of an image with a problem.' },
          fixable: { type: 'integer', description: 'Findings with a fixed version.' },
          waived: { type: 'integer', description: 'Findings with a waiver; the other numbers include them.' },
          images: { type: 'integer', description: 'Images with such problems.' },
        },
      },
    },
  },
} as const

export const insightSchemas = {
  ProblemSums: severitySums,
  ...imageDiffSchemas,
  PackagePage: page('packages'),
  ProblemPage: page('problems'),
  FactPage: page('facts'),
  ImagePage: page('images'),
} as const

interface Query {
  readonly filter?: string
  readonly at?: string
  readonly image?: string
  readonly text?: string
  readonly limit?: number
  readonly sort?: ProblemSort
  readonly traffic?: string
  readonly cursor?: string
}

const lists: Readonly<
  Record<InsightList, { readonly summary: string; readonly sorted: string; readonly example: string }>
> = {
  packages: {
    summary: 'Packages of images, with the pods that run them',
    sorted: 'Sorted by name, version and image.',
    example: 'name = log4j-core and version = 2.14.* and pods > 0',
  },
  problems: {
    summary: 'Problems in packages of images, with the pods that run them',
    sorted: 'Sorted by severity, score, id and image, after the keys of `sort`.',
    example: 'severity = CRITICAL and exists(fixed_version) and pods > 0',
  },
  facts: {
    summary: 'Facts of images, with the pods that run them',
    sorted: 'Sorted by category, name and image.',
    example: 'category = environment and name = LAGOON_*',
  },
  images: {
    summary: 'Images with reports, and images that run without one',
    sorted: 'Sorted by the numbers of critical and high problems, and name.',
    example: 'critical > 0 and pods > 0',
  },
}

const selection = (list: InsightList): object => ({
  filter: {
    type: 'string',
    maxLength: 65_536,
    description: 'Filter (see `weir help filters`). Unset: every row.',
    examples: [lists[list].example],
  },
  at: atParameter,
  image: { type: 'string', maxLength: 4096, description: 'Digests of images, comma-separated.' },
  text: {
    type: 'string',
    maxLength: 500,
    description: 'Words to search, all of which a row must have; case-insensitive.',
    examples: ['log4j 2.14'],
  },
})

const sort = {
  type: 'string',
  enum: problemSorts,
  default: 'severity',
  description: 'Order; priority: exploited, then EPSS.',
} as const

const pageNames = { packages: 'PackagePage', problems: 'ProblemPage', facts: 'FactPage', images: 'ImagePage' } as const
const hasExposure = (list: InsightList): boolean => list === 'problems' || list === 'images'

const schemaOf = (list: InsightList): object => ({
  operationId: list,
  summary: lists[list].summary,
  description: `As of a time. ${lists[list].sorted} All pages show the time of the first page.`,
  querystring: {
    type: 'object',
    additionalProperties: false,
    properties: {
      ...selection(list),
      ...(list === 'problems' ? { sort } : {}),
      ...(hasExposure(list) ? { traffic: trafficParameter } : {}),
      limit: { type: 'integer', minimum: 1, maximum: 1000, default: 100, description: 'Maximum rows of a page.' },
      cursor: {
        type: 'string',
        maxLength: 8192,
        description: '`next` of the previous page. All other parameters must be the same.',
      },
    },
  },
  response: {
    200: { $ref: `${pageNames[list]}#` },
    ...refusals,
  },
})

const sumsSchema = {
  operationId: 'problemSums',
  summary: 'Numbers of problems by severity, worst first',
  description: 'As of a time; the parameters select as those of `problems`.',
  querystring: {
    type: 'object',
    additionalProperties: false,
    properties: { ...selection('problems'), traffic: trafficParameter },
  },
  response: { 200: { $ref: 'ProblemSums#' }, ...refusals },
} as const

function sumsRoute(app: FastifyInstance, context: ApiContext): void {
  app.get('/api/v1/problems/sums', { schema: sumsSchema }, async (request, reply) => {
    const query = request.query as Query
    const [store, disconnected] = [requireStore(context), abortOnDisconnect(reply)]
    const dialect = dialectOf(store)
    const { conditions, fields, words } = selected(query, 'problems', dialect)
    const at = moment(query.at ?? 'now', 'at', context.host.clock.now())
    const { principal } = request
    const needed = await neededTraffic(query, fields, { store, principal, at }, disconnected)
    if (needed === undefined) return reply.hijack()
    const problems = { dialect, list: 'problems', at, principal, fields, words, ...needed } as const
    const rows = insightRows(problems)
    const all = [...conditions, ...wordConditions(problems)]
    const where = all.length === 0 ? '' : ` WHERE ${all.join(' AND ')}`
    const sums = await rowsOf(
      store,
      `SELECT severity, count(DISTINCT id) AS ids, count(*) AS findings, count(fixed_version) AS fixable,
        count(*) FILTER (WHERE waived) AS waived, count(DISTINCT image) AS images FROM (${rows})${where}
        GROUP BY severity ORDER BY min(severity_rank)`,
      disconnected,
    )
    if (sums === undefined || disconnected.aborted) return reply.hijack()
    const severities = sums.map(({ severity, ...counts }) => ({
      severity,
      ...Object.fromEntries(Object.entries(counts).map(([name, value]) => [name, Number(value)])),
    }))
    return answerJson(request, reply, { severities, at: isoOf(at) })
  })
}

function selected(
  { filter = '', image, text: words }: Query,
  list: InsightList,
  dialect: Dialect,
): Readonly<Record<'conditions' | 'fields' | 'words', readonly string[]>> {
  const { bound } = filterOf(filter, list)
  return {
    conditions: [...among(dialect, 'image', image), ...(bound.is === 'always' ? [] : [compileSql(bound, { dialect })])],
    fields: testsOf(bound).map(({ field }) => field),
    words: wordsOf(words),
  }
}

type Scene = Readonly<{ store: StoreReader; principal: Principal; at: bigint }>

/** Undefined when the client has disconnected. */
async function neededTraffic(
  { traffic: window = '1h' }: Query,
  fields: readonly string[],
  scene: Scene,
  disconnected: AbortSignal,
): Promise<Readonly<{ traffic?: Traffic }> | undefined> {
  if (!fields.includes('exposure')) return {}
  const traffic = await trafficTo({ ...scene, window }, disconnected)
  return traffic && { traffic }
}

/** Rows of a page with the exposure of their images. */
async function exposed(
  { traffic: window = '1h' }: Query,
  rows: readonly Readonly<Record<string, unknown>>[],
  known: Traffic | undefined,
  scene: Scene,
  disconnected: AbortSignal,
): Promise<readonly Readonly<Record<string, unknown>>[] | undefined> {
  const workloads = new Set(rows.flatMap((row) => row['workloads'] as string[]))
  const traffic = known ?? (await trafficTo({ ...scene, window, workloads }, disconnected))
  return traffic && rows.map((row) => ({ ...row, ...exposureOf(row, traffic) }))
}

export function insightRoutes(app: FastifyInstance, context: ApiContext): void {
  reportRoute(app, context)
  sumsRoute(app, context)
  imageDiffRoute(app, context)
  for (const list of Object.keys(lists) as InsightList[])
    app.get(`/api/v1/${list}`, { schema: schemaOf(list) }, async (request, reply) => {
      const query = request.query as Query
      const [store, disconnected, limit] = [requireStore(context), abortOnDisconnect(reply), query.limit ?? 100]
      const dialect = dialectOf(store)
      const { conditions, fields, words } = selected(query, list, dialect)
      const order = insightOrder({ list, ...known({ sort: query.sort }) })
      const fingerprint = fingerprintOf(
        list,
        conditions,
        words,
        query.sort,
        query.traffic,
        request.principal.namespaces,
      )
      const after = query.cursor === undefined ? undefined : readPageCursor(query.cursor, fingerprint, 1, order.length)
      const at = after?.times[0] ?? moment(query.at ?? 'now', 'at', context.host.clock.now())
      const behind =
        after === undefined
          ? []
          : [`(${order.join(', ')}) > (${after.keys.map((key) => dialect.text(key)).join(', ')})`]
      const { principal } = request
      const needed = await neededTraffic(query, fields, { store, principal, at }, disconnected)
      if (needed === undefined) return reply.hijack()
      const sought = { dialect, list, at, principal, fields, words, ...known({ sort: query.sort }), ...needed }
      const page = await insightPage((sql) => rowsOf(store, sql, disconnected), sought, {
        conditions: [...conditions, ...wordConditions(sought)],
        behind,
        limit,
      })
      const found = page?.rows.slice(0, limit)
      const shown =
        hasExposure(list) && found !== undefined
          ? await exposed(query, found, needed.traffic, { store, principal, at }, disconnected)
          : found
      if (page === undefined || shown === undefined || disconnected.aborted) return reply.hijack()
      const last = shown.at(-1)
      return answerJson(request, reply, {
        [list]: shown.map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => name in rows[list]))),
        next:
          page.rows.length > limit
            ? writePageCursor({
                fingerprint,
                times: [at],
                keys: order.map((_, key) => textOf(last?.[`k${key}`]) ?? ''),
              })
            : null,
        at: isoOf(at),
        ...(page.total === undefined ? {} : { total: page.total }),
      })
    })
}

function wordsOf(written: string | undefined): readonly string[] {
  return (written ?? '').split(/\s+/).filter((word) => word !== '')
}
