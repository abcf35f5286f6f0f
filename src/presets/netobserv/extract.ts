import { joined, reads, type Assembly, type Branch } from './branch.ts'
import type { Aggregates, Timebased } from './flp-file.ts'
import { mapOf, MapSteps } from './steps.ts'
import { constant, fieldOf, isNumeric, referenceTo } from './values.ts'

export type AggregateRule = Readonly<{
  name: string
  keys: readonly string[]
  operation: string
  key: string
}>

/** Flows before a stage `aggregates`: a metric of its results is a metric of these flows. */
export type Aggregated = Readonly<{
  before: Branch
  rules: readonly AggregateRule[]
}>

/** flowlogs-pipeline emits the groups with each batch. */
const window = '10s'
const functions: readonly string[] = ['sum', 'min', 'max', 'avg', 'count']

function aggregatedOf(before: Branch, { rules = [] }: Aggregates): Aggregated {
  return {
    before,
    rules: rules.map((rule): AggregateRule => ({
      name: rule.name ?? '',
      keys: rule.groupByKeys ?? [],
      operation: rule.operationType ?? '',
      key: rule.operationKey ?? '',
    })),
  }
}

/** Without rows: every following stage makes metrics. */
export function aggregatesForMetrics(before: Branch, aggregates: Aggregates): Branch {
  return { ...before, aggregated: aggregatedOf(before, aggregates) }
}

export function aggregatesStage(
  name: string,
  before: Branch,
  aggregates: Aggregates,
  path: string,
  assembly: Assembly,
): Branch {
  const aggregated = aggregatedOf(before, aggregates)
  assembly.report.note(
    path,
    `each group is one row per ${window}; total_value, total_count and recent_raw_values are not in it`,
  )
  const from = aggregated.rules.flatMap((rule, index) =>
    aggregateRows(name, before, rule, `${path}.rules[${index}]`, assembly),
  )
  return behind(before, from, aggregated, path, assembly)
}

function aggregateRows(name: string, before: Branch, rule: AggregateRule, at: string, assembly: Assembly): string[] {
  const { keys, operation, key } = rule
  if (!functions.includes(operation))
    return refused(assembly, at, `the operation \`${operation}\` makes no rows; use a metric (agg_histogram)`)
  if (operation !== 'count' && key === '') return refused(assembly, `${at}.operationKey`, 'the key is missing')
  const call = operation === 'count' ? 'count()' : `${operation}(${key})`
  const values = { recent_op_value: call, recent_count: 'count()' }
  const id = groups(name, before, { keys, key: operation === 'count' ? '' : key, window, values }, at, assembly)
  if (id === undefined) return []
  const steps = new MapSteps()
  const texts = keys.toSorted((a, b) => (a < b ? -1 : 1)).map((text) => `string(${referenceTo(text).value})`)
  steps.set('name', constant(rule.name))
  steps.set('operation_type', constant(operation))
  steps.set('operation_key', constant(key))
  steps.set('by', constant(keys.join(',')))
  steps.set('aggregate', texts.length === 0 ? constant('') : `[${texts.join(', ')}].join(",")`)
  return [...mapOf(name, { ...before, from: [id], filters: [] }, steps, assembly).from]
}

/** Windows follow each other here; there they slide. */
export function timebasedStage(
  name: string,
  before: Branch,
  { rules = [] }: Timebased,
  path: string,
  assembly: Assembly,
): Branch {
  const from = rules.flatMap((rule, index) => {
    const at = `${path}.rules[${index}]`
    const { indexKey = '', indexKeys = [], operationType: operation = 'sum', operationKey: key = '' } = rule
    const keys = indexKeys.length > 0 ? indexKeys : indexKey.split(',').filter((part) => part !== '')
    if (key === '') return refused(assembly, `${at}.operationKey`, 'the key is missing')
    if (operation === 'diff') return refused(assembly, at, 'differences of the first and last value are not computed')
    if ((rule.topK ?? 0) > 0)
      assembly.report.refuse(`${at}.topK`, 'groups are not ranked; ignored, every group is reported')
    const ms = rule.timeInterval ?? 0
    if (ms < 100 || ms > 3_600_000)
      return refused(assembly, `${at}.timeInterval`, 'the interval must be between 100ms and 1h')
    const values = { [key]: `${operation}(${key})` }
    const id = groups(name, before, { keys, key, window: `${Math.round(ms)}ms`, values }, at, assembly)
    if (id === undefined) return []
    const steps = new MapSteps()
    steps.set('name', constant(rule.name ?? ''))
    steps.set('index_key', constant(indexKey))
    steps.set('operation', constant(operation))
    return [...mapOf(name, { ...before, from: [id], filters: [] }, steps, assembly).from]
  })
  if (rules.length > 0)
    assembly.report.note(path, 'intervals follow each other; each group is one row at the end of its interval')
  return behind(before, from, { before, rules: [] }, path, assembly)
}

/** Without a source a sink cannot start. */
function behind(
  before: Branch,
  from: readonly string[],
  aggregated: Aggregated,
  path: string,
  { report }: Assembly,
): Branch {
  if (from.length > 0) return { ...before, from, filters: [], aggregated }
  report.refuse(path, 'no rule can be computed; ignored, every flow passes')
  return before
}

type Groups = Readonly<{
  keys: readonly string[]
  key: string
  window: string
  values: Readonly<Record<string, string>>
}>

/** The id of a transform `aggregate`. Flows without a field of the group do not count, as there. */
function groups(name: string, before: Branch, given: Groups, at: string, assembly: Assembly): string | undefined {
  const { keys, key, window: length, values } = given
  const unknown = keys.find((text) => fieldOf(text) === undefined)
  const field = key === '' ? undefined : fieldOf(key)
  const problem =
    unknown !== undefined
      ? `\`${unknown}\` is no field of a flow, so that rows cannot be grouped by it; use a metric (encode prom)`
      : key !== '' && (field === undefined || !isNumeric(field))
        ? `\`${key}\` is no number`
        : undefined
  if (problem !== undefined) {
    assembly.report.refuse(at, problem)
    return undefined
  }
  const exist = keys.map((text) => `with(${text})`).join(' and ')
  const filter = exist === '' ? undefined : assembly.filter(exist, at, before)
  const id = assembly.id(name)
  assembly.transforms[id] = {
    type: 'aggregate',
    ...reads({ ...before, filters: [joined(before.filters), filter ?? ''] }),
    window: length,
    ...(keys.length === 0 ? {} : { by: keys }),
    values,
  }
  return id
}

function refused({ report }: Assembly, at: string, reason: string): [] {
  report.refuse(at, reason)
  return []
}
