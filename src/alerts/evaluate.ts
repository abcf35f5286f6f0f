import type { StoreReader } from '../engine/control.ts'
import { dialectOf } from '../query/index.ts'
import { holds } from './condition.ts'
import { maxInstances, maxLabel, type AlertRule, type FilterRule, type SqlRule } from './rule.ts'
import { anySql, maxGroups, samplesSql } from './sample-sql.ts'
import type { Outcome, Sample } from './states.ts'
import { fill, valueText } from './template.ts'

/** Why a rule cannot be evaluated, for users. */
export class NotEvaluated extends Error {}

const maxLagMs = 60_000
const graceMs = 1000

export type Row = Readonly<Record<string, unknown>>

export async function evaluate(
  rule: AlertRule,
  store: StoreReader | undefined,
  at: number,
  signal: AbortSignal,
  /** Ms by which the store is behind. */
  lagOf: () => Promise<number> = () => Promise.resolve(0),
): Promise<Outcome> {
  if (store === undefined) throw new NotEvaluated('This instance has no store to query.')
  let end = at
  if ((await store.fresh?.()) === false) {
    const lag = await lagOf()
    if (lag > maxLagMs)
      throw new NotEvaluated(
        `The store is ${Math.round(lag / 1000)} s behind the journal; its newest rows are missing.`,
      )
    // The window ends where everything is stored.
    end = at - lag - graceMs
  }
  return rule.is === 'sql' ? ofStatement(rule, store, signal) : ofFilter(rule, store, end, signal)
}

async function ofFilter(rule: FilterRule, store: StoreReader, at: number, signal: AbortSignal): Promise<Outcome> {
  const dialect = dialectOf(store)
  if (dialect.name === 'clickhouse' && rule.aggregate.is === 'stat' && !('name' in rule.aggregate.of))
    throw new NotEvaluated('The store in ClickHouse has no numbers in bodies of events. Use `sql`.')
  const rows = await rowsOf(store, samplesSql(rule, at, dialect), signal)
  const hasRows = async () => (await rowsOf(store, anySql(rule, at, dialect), signal)).length > 0
  return outcomeOf(rule, rows, hasRows)
}

/** Outcome of the rows of a window. `hasRows`: whether the view has any row in it, whatever the filter. */
export async function outcomeOf(
  rule: FilterRule,
  rows: readonly Row[],
  hasRows: () => Promise<boolean>,
): Promise<Outcome> {
  const matched = rows.filter(({ n }) => Number(n) > 0)
  if (matched.length === 0) {
    const isSum = rule.aggregate.is !== 'stat' || rule.aggregate.stat === 'sum'
    // Objects, users and events may be quiet; exporters that send nothing are unknown.
    const isLabel = isSum && (rule.view !== 'flows' || (await hasRows()))
    if (!isLabel) return { is: 'no data', sample: sampleOf(rule, {}, null) }
    return { is: 'samples', samples: rule.by.length > 0 ? [] : [sampleOf(rule, {}, 0)], others: 'not met' }
  }
  const samples = matched.map((row) => sampleOf(rule, labelsOf(rule, row), numberOf(row['value'])))
  return {
    is: 'samples',
    samples: bounded(samples),
    others: rule.aggregate.is !== 'stat' || rows.length === maxGroups ? 'not met' : 'no value',
  }
}

function labelsOf(rule: FilterRule, row: Row): Readonly<Record<string, string>> {
  return Object.fromEntries(
    rule.by.flatMap(({ name }, index) => {
      const value = row[`g${index}`]
      return typeof value === 'string' && value !== '' ? [[name, value.slice(0, maxLabel)]] : []
    }),
  )
}

function sampleOf(rule: FilterRule, labels: Readonly<Record<string, string>>, counted: number | null): Sample {
  const value = counted === null || !rule.perSecond ? counted : counted / (rule.window / 1000)
  const text = valueText(value, rule)
  return labelled(rule, labels, { value, text, met: value === null ? undefined : holds(rule.condition, value) })
}

async function ofStatement(rule: SqlRule, store: StoreReader, signal: AbortSignal): Promise<Outcome> {
  const rows = await rowsOfStatement(store, rule.sql, signal)
  const samples = rows.map((row) => {
    const labels = Object.fromEntries(
      Object.entries(row).flatMap(([name, value]) =>
        name !== 'value' && typeof value === 'string' && value !== ''
          ? [[labelName(name), value.slice(0, maxLabel)]]
          : [],
      ),
    )
    const value = numberOf(row['value'])
    const met = rule.condition === undefined ? true : value === null ? undefined : holds(rule.condition, value)
    return labelled(rule, labels, {
      value,
      text: value === null ? '' : valueText(value, { unit: '', perSecond: false }),
      met,
    })
  })
  return { is: 'samples', samples: bounded(samples), others: 'not met' }
}

function labelName(column: string): string {
  const name = column.replaceAll(/\W/g, '_')
  return /^[a-zA-Z_]/.test(name) ? name : `_${name}`
}

function labelled(
  rule: AlertRule,
  groups: Readonly<Record<string, string>>,
  { value, text, met }: Readonly<{ value: number | null; text: string; met: boolean | undefined }>,
): Sample {
  const facts = {
    rule: rule.name,
    severity: rule.severity,
    condition: rule.conditionText,
    value: text,
    number: value === null ? '' : String(value),
  }
  const filled = (patterns: Readonly<Record<string, string>>, labels: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(patterns).map(([name, pattern]) => [name, fill(pattern, { ...facts, labels })]))
  const labels = { ...groups, ...filled(rule.labels, groups), alertname: rule.name, severity: rule.severity }
  return { labels, annotations: filled(rule.annotations, labels), value, met }
}

function bounded(samples: readonly Sample[]): readonly Sample[] {
  const met = samples.filter((sample) => sample.met === true).length
  if (met > maxInstances)
    throw new NotEvaluated(
      `The condition holds for ${met === maxGroups ? `${met} or more` : met} groups; the limit of a rule is ` +
        `${maxInstances}. Use fewer groups, or a stricter condition.`,
    )
  return samples
}

export function numberOf(value: unknown): number | null {
  if (typeof value !== 'number' && typeof value !== 'string') return null
  const number = typeof value === 'string' && value.trim() === '' ? Number.NaN : Number(value)
  return Number.isFinite(number) ? number : null
}

const maxRows = 1000
const maxBytes = 4 * 1024 * 1024

/** A statement of users runs in a separate process. */
async function rowsOfStatement(store: StoreReader, sql: string, signal: AbortSignal): Promise<Row[]> {
  if (store.isolated === undefined) return rowsOf(store, sql, signal)
  return limitedRows(await store.isolated({ sql, format: 'ndjson', bound: 'work' }, signal))
}

async function rowsOf(store: StoreReader, sql: string, signal: AbortSignal): Promise<Row[]> {
  return limitedRows(await store.query(sql, 'ndjson', signal))
}

async function limitedRows(answer: AsyncIterable<Uint8Array>): Promise<Row[]> {
  const rows = await parsedRows(answer, maxBytes)
  if (rows.length > maxRows) throw new NotEvaluated(`The statement returns more than ${maxRows} rows. Aggregate them.`)
  return rows
}

/** Rows of NDJSON. */
export async function parsedRows(answer: AsyncIterable<Uint8Array>, limit: number): Promise<Row[]> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of answer) {
    bytes += piece.length
    if (bytes > limit)
      throw new NotEvaluated(`The result is larger than ${limit / 1024 / 1024} MiB. Return fewer columns or rows.`)
    pieces.push(piece)
  }
  const lines = Buffer.concat(pieces).toString('utf8').split('\n').filter(Boolean)
  return lines.map((line) => JSON.parse(line) as Row)
}
