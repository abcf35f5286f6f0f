import type { AlertRule } from '../alerts/rule.ts'
import type { Host } from '../host/index.ts'
import { self } from '../host/process.ts'
import { WeirError } from '../model/errors.ts'
import {
  applyOverrides,
  environmentOverrides,
  expandVariables,
  filesOf,
  formatPath,
  formatProblems,
  validate,
  type ConfigDocument,
  type Override,
  type Problem,
} from '../schema/index.ts'
import { locate } from '../schema/document.ts'
import { weirSchema, type WeirConfig } from './config.ts'
import { withBuiltIns } from './config-entries.ts'
import { alertSource } from '../model/alerts.ts'
import { compileAlerts } from './compile-alerts.ts'
import { checkFilters, filterProblem, transformProblems, type CompileFilter } from './config-filters.ts'
import { ackProblems } from './config-ack.ts'
import { clashes } from './config-clashes.ts'
import { useConnectorPackages } from './config-packages.ts'
import { sourcesOfTransform } from '../manifests.ts'
import { didYouMean } from '../schema/suggest.ts'
import { shortForms } from './short-forms.ts'
import { sharedProblems } from './config-shared.ts'
import { emptyFiles, readDocument } from './config-text.ts'

export type ConfigArguments = Readonly<{
  /** Files and folders; later ones override earlier ones. */
  config: readonly string[]
  overrides: readonly Override[]
}>

export type Loaded = Readonly<{
  config: WeirConfig
  document: ConfigDocument
  warnings: string
  empty: readonly string[]
  filter?: CompileFilter
  alerts: readonly AlertRule[]
}>

const ownVariables = ['WEIR_CONFIG', 'WEIR_TOKEN', 'WEIR_URL', 'WEIR_CACHE']

/** Throws WEIR_CONFIG_INVALID with every problem and its location. */
export async function loadConfig(host: Host, files: readonly string[], flags: readonly Override[]): Promise<Loaded> {
  const parsed = await readDocument(host, files)
  return { ...(await loadDocument(parsed, flags)), empty: files.length > 0 ? emptyFiles(parsed) : [] }
}

/** Loads the packages that the files name, and reads nothing else of them. Throws as `loadConfig`. */
export async function readConnectors(host: Host, files: readonly string[]): Promise<void> {
  const parsed = await readDocument(host, files)
  const problems = await useConnectorPackages(parsed, self.env, [])
  if (problems.length > 0) throw invalid(problems, textsOf(parsed))
}

/** Throws WEIR_CONFIG_INVALID, as `loadConfig`. */
export async function loadDocument(parsed: ConfigDocument, flags: readonly Override[]): Promise<Omit<Loaded, 'empty'>> {
  const text = textsOf(parsed)
  const packages = await useConnectorPackages(parsed, self.env, flags)
  if (packages.length > 0) throw invalid(packages, text)
  const first = applyOverrides(parsed, withBuiltIns(parsed))
  const environment = environmentOverrides(self.env, weirSchema, { document: first, known: ownVariables })
  const given = expandVariables(
    applyOverrides(applyOverrides(first, environment.overrides), flags),
    weirSchema,
    self.env,
  )
  // Otherwise a value with an unset variable is reported twice.
  if (given.problems.length > parsed.problems.length) throw invalid(given.problems, text)
  const document = applyOverrides(given, shortForms(given))
  const result = validate(weirSchema, document)
  if (result.problems !== undefined) throw invalid(result.problems, text)
  const filters = await checkFilters(result.value, document)
  const alerts = await compileAlerts(result.value.alerts, document)
  const across = [
    ...crossCheck(result.value, document),
    ...(await quickFilterProblems(result.value, document)),
    ...filters.problems,
    ...alerts.problems,
    ...(await transformProblems(result.value, document)),
  ]
  if (across.length > 0) throw invalid(across, text)
  return {
    config: result.value,
    document,
    alerts: alerts.rules,
    ...(filters.compile === undefined ? {} : { filter: filters.compile }),
    warnings: formatProblems([...environment.warnings, ...result.warnings], text, 'warning'),
  }
}

export function textsOf(document: ConfigDocument): ReadonlyMap<string, string> {
  return new Map(filesOf(document).map(({ file, text }) => [file, text]))
}

function invalid(problems: readonly Problem[], text: ReadonlyMap<string, string>) {
  return new WeirError('WEIR_CONFIG_INVALID', formatProblems(problems, text))
}

function crossCheck(config: WeirConfig, document: ConfigDocument): Problem[] {
  const sources = new Set([
    'http',
    alertSource,
    ...Object.keys(config.sources),
    ...Object.values(config.transforms).flatMap(sourcesOfTransform),
  ])
  const problems: Problem[] = []
  const complain = (path: readonly (string | number)[], message: string, hint: string) => {
    problems.push({ ...locate(document, path, 'value'), path: formatPath(path), message, hint })
  }
  const missing = (path: readonly (string | number)[], source: string) =>
    complain(
      path,
      `there is no source \`${source}\``,
      didYouMean(source, [...sources]) ?? `sources: ${[...sources].join(', ')}`,
    )
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
      else if (feeds(config, source, id))
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
  for (const { path, message, hint } of ackProblems(config)) complain(path, message, hint)
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

function feeds(config: WeirConfig, source: string, id: string, seen: ReadonlySet<string> = new Set()): boolean {
  if (source === id) return true
  if (seen.has(source)) return false
  const transform = Object.values(config.transforms).find((one) => sourcesOfTransform(one).includes(source))
  if (transform?.id === id) return true
  return (transform?.common.from ?? []).some((from) => feeds(config, from, id, new Set([...seen, source])))
}
