/** Checks that need several settings at once, with the location of each problem. */
import { alertSource } from '../model/alerts.ts'
import { sourcesOfTransform } from '../components/manifests.ts'
import { locate } from '../schema/document.ts'
import { formatPath, type ConfigDocument, type Problem } from '../schema/index.ts'
import { didYouMean } from '../schema/suggest.ts'
import { fieldsOf } from '../model/json.ts'
import type { AlertRule } from '../alerts/rule.ts'
import { compileAlerts } from './compile-alerts.ts'
import { ackProblems } from './config-ack.ts'
import { clashes } from './config-clashes.ts'
import { checkFilters, filterProblem, problemIn, transformProblems, type CompileFilter } from './config-filters.ts'
import { sharedProblems } from './config-shared.ts'
import type { WeirConfig } from './config.ts'

type Across = Readonly<{
  problems: readonly Problem[]
  alerts: readonly AlertRule[]
  filter?: CompileFilter
}>

/** `written`: the settings before repair; components that they name exist. */
export async function checkAcross(config: WeirConfig, document: ConfigDocument, written: unknown): Promise<Across> {
  const filters = await checkFilters(config, document)
  const alerts = await compileAlerts(config.alerts, document, hasAlertmanager(config) ? 'refresh' : 'once')
  return {
    problems: [
      ...crossCheck(config, document, written),
      ...(await quickFilterProblems(config, document)),
      ...filters.problems,
      ...alerts.problems,
      ...(await transformProblems(config, document)),
      ...(await loginProblems(config, document)),
    ],
    alerts: alerts.rules,
    ...(filters.compile === undefined ? {} : { filter: filters.compile }),
  }
}

export function hasAlertmanager({ sinks }: Pick<WeirConfig, 'sinks'>): boolean {
  return Object.values(sinks).some(
    ({ settings, common: { from } }) =>
      fieldsOf(settings)['template'] === 'alertmanager' && (from === null || from.includes(alertSource)),
  )
}

/** JMESPath is loaded only for a login at an identity provider. */
async function loginProblems({ auth: { oidc } }: WeirConfig, document: ConfigDocument): Promise<Problem[]> {
  if (oidc === null) return []
  const { expressionProblem } = await import('../api/access/oidc/claims.ts')
  return (['role', 'namespaces'] as const).flatMap((name) => {
    const text = oidc[name]
    const message = text === null ? undefined : expressionProblem(text)
    return text === null || message === undefined
      ? []
      : [
          problemIn(document, ['auth', 'oidc', name], {
            text,
            from: 0,
            message: `is not a JMESPath expression: ${message}`,
            hint: "for example `contains(groups, 'weir') && 'admin' || 'viewer'`",
          }),
        ]
  })
}

function crossCheck(config: WeirConfig, document: ConfigDocument, written: unknown): Problem[] {
  const [sourceIds, sinkIds, transformIds] = ['sources', 'sinks', 'transforms'].map((part) =>
    Object.keys(fieldsOf(fieldsOf(written)[part])),
  ) as [string[], string[], string[]]
  const sources = new Set([
    'http',
    alertSource,
    ...Object.keys(config.sources),
    ...Object.values(config.transforms).flatMap(sourcesOfTransform),
    // Also those with a fault of their own.
    ...sourceIds,
    ...transformIds,
  ])
  const feeds = fedInCircles(config)
  const problems: Problem[] = []
  const complain = (path: readonly (string | number)[], message: string, hint: string) => {
    problems.push({ ...locate(document, path, 'value'), path: formatPath(path), message, hint })
  }
  const transform = (of: unknown, id: string) => fieldsOf(fieldsOf(of)['transforms'])[id]
  // The outputs of a repaired one are unknown.
  const faulty = transformIds.filter((id) => transform(document.value, id) !== transform(written, id))
  const missing = (path: readonly (string | number)[], source: string) => {
    if (faulty.some((id) => source.startsWith(`${id}.`))) return
    complain(
      path,
      `there is no source \`${source}\``,
      didYouMean(source, [...sources]) ?? `sources: ${[...sources].join(', ')}`,
    )
  }
  if (config.store.from?.length === 0)
    complain(['store', 'from'], 'names no source', 'leave it out for all sources, or set `store.enabled: none`')
  for (const [index, source] of (config.store.from ?? []).entries())
    if (!sources.has(source)) missing(['store', 'from', index], source)
  for (const { id, common } of Object.values(config.sinks)) {
    if (id === 'store') complain(['sinks', id], 'the id `store` is taken by the store', 'choose another id')
    for (const [index, source] of (common.from ?? []).entries()) {
      if (!sources.has(source)) missing(['sinks', id, 'from', index], source)
    }
  }
  for (const { id, common } of Object.values(config.transforms)) {
    if (id in config.sinks || id in config.sources || id === 'store' || id === 'http' || id === alertSource)
      complain(['transforms', id], `the id \`${id}\` is taken`, 'choose another id')
    if (common.from === null)
      complain(
        ['transforms', id],
        'a transform names its sources',
        'add `from:`; sources: ' + [...sources].filter((source) => source !== id).join(', '),
      )
    for (const [index, source] of (common.from ?? []).entries()) {
      if (!sources.has(source)) missing(['transforms', id, 'from', index], source)
      else if (feeds(source, id))
        complain(
          ['transforms', id, 'from', index],
          `\`${source}\` is derived from \`${id}\``,
          'a stream cannot feed itself',
        )
    }
  }
  if ('http' in config.sources)
    complain(
      ['sources', 'http'],
      'the id `http` is taken by POST /events',
      'set `http:` at the top level, or choose another id',
    )
  if (alertSource in config.sources)
    complain(['sources', alertSource], `the id \`${alertSource}\` is taken by alert rules`, 'choose another id')
  for (const { path, message, hint } of [...sharedProblems(config), ...clashes(config, document.value)])
    complain(path, message, hint)
  for (const { path, message, hint } of ackProblems(config, new Set(sinkIds))) complain(path, message, hint)
  return problems
}

/** The filter language is loaded only if a filter is configured. */
async function quickFilterProblems(
  { console: { quick_filters: filters } }: WeirConfig,
  document: ConfigDocument,
): Promise<Problem[]> {
  if ((document.value as { console?: { quick_filters?: unknown } } | null)?.console?.quick_filters === undefined)
    return []
  const { flowNames, QueryError, readFilter } = await import('../query/index.ts')
  return filters.flatMap(({ filter }, index) => {
    try {
      readFilter(filter, flowNames)
      return []
    } catch (error) {
      if (!(error instanceof QueryError)) throw error
      return [filterProblem(document, ['console', 'quick_filters', index, 'filter'], filter, error)]
    }
  })
}

/** True for transforms that are fed by themselves, or by such a transform. */
function fedInCircles({ transforms }: WeirConfig): (source: string, id: string) => boolean {
  const transformOf = new Map(
    Object.values(transforms).flatMap((transform) =>
      sourcesOfTransform(transform).map((source) => [source, transform] as const),
    ),
  )
  const feeding = new Map(
    Object.values(transforms).map(({ id, common }) => [
      id,
      new Set((common.from ?? []).flatMap((source) => transformOf.get(source)?.id ?? [])),
    ]),
  )
  const pairs = [...feeding].flatMap(([reader, ids]) => [...ids].map((id) => ({ id, reader })))
  const readers = Map.groupBy(pairs, ({ id }) => id)
  const open = new Map([...feeding].map(([id, ids]) => [id, ids.size]))
  const ended = [...open].flatMap(([id, count]) => (count === 0 ? [id] : []))
  for (const id of ended)
    for (const { reader } of readers.get(id) ?? []) {
      const count = open.get(reader)! - 1
      open.set(reader, count)
      if (count === 0) ended.push(reader)
    }
  for (const id of ended) feeding.delete(id)
  return (source, id) => {
    const next = [transformOf.get(source)?.id ?? source]
    const seen = new Set(next)
    for (const path of next) {
      if (path === id) return true
      for (const before of feeding.get(path) ?? []) {
        if (!seen.has(before)) next.push(before)
        seen.add(before)
      }
    }
    return false
  }
}
