import {
  bind,
  endpointField,
  rowTables,
  parse,
  QueryError,
  type FilterKind,
  type NameTable,
  type QueryField,
} from '../query/index.ts'
import { hasStats, isSortable } from '../query/plan/index.ts'
import { statistics } from '../query/statistics.ts'
import { pointerSteps } from '../model/json-pointer.ts'
import { didYouMean, nearest } from '../schema/suggest.ts'
import { readCondition } from './condition.ts'
import type { Aggregate, AlertRule } from './rule.ts'
import type { WrittenRule } from './settings.ts'
import { templateProblem } from './template.ts'

export type RuleProblem = Readonly<{
  path: readonly (string | number)[]
  message: string
  hint?: string | undefined
  /** The text at the path and the place of the problem in it. */
  text?: string
  from?: number
}>

class Refused extends Error {
  readonly problem: RuleProblem
  constructor(problem: RuleProblem) {
    super(problem.message)
    this.problem = problem
  }
}

const refuse = (path: RuleProblem['path'], message: string, hint?: string): never => {
  throw new Refused({ path, message, hint })
}

export function compileRule(name: string, written: WrittenRule): AlertRule | RuleProblem {
  try {
    return compiled(name, written)
  } catch (error) {
    if (error instanceof Refused) return error.problem
    throw error
  }
}

export function isProblem(rule: AlertRule | RuleProblem): rule is RuleProblem {
  return 'message' in rule
}

const labelName = /^[a-zA-Z_]\w*$/
const ownLabels = ['alertname', 'severity']

function compiled(name: string, written: WrittenRule): AlertRule {
  const common = {
    name,
    every: written.every,
    for: written.for,
    resend: written.resend ?? 0,
    noData: written.no_data,
    severity: written.severity,
    labels: written.labels,
    annotations: written.annotations,
    conditionText: written.condition ?? '',
  }
  if (written.sql !== null) {
    for (const key of ['filter', 'measure'] as const)
      if (written[key] !== null) refuse([key], `a rule has \`sql\` or \`${key}\``, 'remove one of them')
    if (written.by.length > 0) refuse(['by'], 'groups of a statement are its text columns', 'remove `by`')
    templates(written, undefined)
    const condition =
      written.condition === null ? undefined : conditionOf(written.condition, { unit: '', perSecond: false })
    return { is: 'sql', ...common, sql: written.sql, ...(condition === undefined ? {} : { condition }) }
  }
  const names = rowTables[written.on]
  const { aggregate, perSecond, unit } = measureOf(written, names)
  const by = written.by.map((field, index) => groupOf(field, names, index))
  templates(
    written,
    by.map((field) => field.name),
  )
  if (written.condition === null) refuse(['condition'], 'is missing', 'write for example `> 10 MB/s`')
  return {
    is: 'filter',
    ...common,
    view: written.on,
    filterText: written.filter ?? '',
    filter: filterOf(written.filter ?? '', names),
    measure: written.measure ?? defaultMeasure(written.on),
    aggregate,
    perSecond,
    unit,
    by,
    window: written.window,
    condition: conditionOf(written.condition!, { unit, perSecond }),
  }
}

function templates({ labels, annotations }: WrittenRule, groups: readonly string[] | undefined) {
  for (const [label, pattern] of Object.entries(labels)) {
    if (!labelName.test(label) || ownLabels.includes(label))
      refuse(['labels', label], `\`${label}\` can't be a label`, 'use letters, digits and `_`; `severity` is a setting')
    if (groups?.includes(label) === true) refuse(['labels', label], `\`${label}\` is already a label of the groups`)
    // A value in a label would make each evaluation another alert.
    const problem = templateProblem(pattern, groups, [])
    if (problem !== undefined) refuse(['labels', label], problem)
  }
  for (const [key, pattern] of Object.entries(annotations)) {
    if (!labelName.test(key)) refuse(['annotations', key], `\`${key}\` can't be an annotation`)
    const all = groups === undefined ? undefined : [...groups, ...Object.keys(labels)]
    const problem = templateProblem(pattern, all)
    if (problem !== undefined) refuse(['annotations', key], problem)
  }
}

function filterOf(text: string, names: NameTable) {
  try {
    const expression = parse(text, names)
    bind(expression, names)
    return expression
  } catch (error) {
    if (!(error instanceof QueryError)) throw error
    const { from = 0, hint } = error.problems[0] ?? {}
    throw new Refused({ path: ['filter'], message: error.message, hint, text, from })
  }
}

function conditionOf(written: string, amounts: Parameters<typeof readCondition>[1]) {
  const condition = readCondition(written, amounts)
  return typeof condition === 'string' ? refuse(['condition'], condition) : condition
}

function groupOf(written: string, names: NameTable, index: number): QueryField {
  const endpoint = names.view === 'flows' ? endpointField(written) : undefined
  const field = endpoint ?? names.field(names.resolve(written) ?? '')
  if (field === undefined)
    return refuse(['by', index], `${written} is not a field of ${names.view}`, suggestion(written, names))
  if (!isSortable(field)) refuse(['by', index], `${field.name} has lists or JSON, which are no groups`)
  return field
}

function suggestion(written: string, names: NameTable) {
  return didYouMean(
    written,
    names.fields.map((field) => field.name),
  )
}

export function defaultMeasure(on: FilterKind): string {
  return on === 'flows' ? 'bytes/s' : 'count'
}

const sums: Readonly<Record<string, Readonly<{ aggregate: Aggregate; unit: string }>>> = {
  bytes: { aggregate: { is: 'bytes' }, unit: 'By' },
  packets: { aggregate: { is: 'packets' }, unit: '{packet}' },
  flows: { aggregate: { is: 'count' }, unit: '{flow}' },
  count: { aggregate: { is: 'count' }, unit: '' },
}

function measureOf({ on, measure }: WrittenRule, names: NameTable) {
  const written = measure ?? defaultMeasure(on)
  const [, head = '', of, rate] = /^\s*(\w+)\s*(?:\(\s*([^()]+?)\s*\))?\s*(\/\s*s)?\s*$/.exec(written) ?? []
  const perSecond = rate !== undefined
  const usable = on === 'flows' ? ['bytes', 'packets', 'flows', 'count'] : ['count']
  if (of === undefined) {
    const sum = usable.includes(head) ? sums[head] : undefined
    if (sum !== undefined) return { ...sum, perSecond }
    const all = [...usable, ...statistics.map((name) => `${name}(field)`)]
    return refuse(
      ['measure'],
      `\`${written}\` is not a measure of ${on}`,
      rateOf(nearest(head, usable), rate) ?? `use ${all.join(', ')}, and \`/s\` for a rate`,
    )
  }
  const stat = statistics.find((name) => name === head)
  if (stat === undefined)
    return refuse(
      ['measure'],
      `\`${head}\` is not a function`,
      didYouMean(head, statistics) ?? `use ${statistics.join(', ')}`,
    )
  if (perSecond && stat !== 'sum') refuse(['measure'], `${head} has no rate`, 'remove `/s`')
  if (of.startsWith('/')) {
    if (on !== 'events') refuse(['measure'], 'only events have JSON pointers', 'use a field')
    return { aggregate: { is: 'stat', stat, of: pointerSteps(of) } as const, perSecond, unit: '' }
  }
  const field = names.field(names.resolve(of) ?? '')
  if (field === undefined) return refuse(['measure'], `${of} is not a field of ${names.view}`, suggestion(of, names))
  if (!hasStats(field)) refuse(['measure'], `${field.name} has no numbers`)
  return { aggregate: { is: 'stat', stat, of: field } as const, perSecond, unit: field.unit ?? '' }
}

function rateOf(measure: string | undefined, rate: string | undefined) {
  return measure === undefined ? undefined : `did you mean \`${measure}${rate === undefined ? '' : '/s'}\`?`
}
