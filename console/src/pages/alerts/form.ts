import type { AlertSettings } from '../../api/alerts.ts'
import type { AlertsState, views } from './state.ts'

/** Texts as they are typed. `rest`: settings without a control. */
export type Form = Readonly<{
  name: string
  on: (typeof views)[number]
  filter: string
  measure: string
  by: string
  window: string
  condition: string
  for: string
  severity: string
  summary: string
  sql: string
  rest: AlertSettings
}>

export const severities = ['info', 'warning', 'critical'] as const
export const usualMeasure = (on: Form['on']): string => (on === 'flows' ? 'bytes/s' : 'count')

export function newForm({ on, q, m, by }: AlertsState, names: readonly string[]): Form {
  const measure = m === '' ? usualMeasure(on) : m
  return {
    name: freeName(`${on}-${measure}`, names),
    on,
    filter: q,
    measure,
    by,
    window: '5m',
    condition: on === 'flows' ? '' : '> 0',
    for: '0s',
    severity: 'warning',
    summary: '',
    sql: '',
    rest: {},
  }
}

export function formOf(name: string, settings: AlertSettings): Form {
  const { on = 'flows', filter, measure, by, window = '5m', condition, severity = 'warning', sql, ...rest } = settings
  const { for: holds = '0s', annotations: { summary = '' } = {} } = settings
  return {
    name,
    on,
    filter: filter ?? '',
    measure: measure ?? usualMeasure(on),
    by: (by ?? []).join(', '),
    window,
    condition: condition ?? '',
    for: holds,
    severity,
    summary,
    sql: sql ?? '',
    rest,
  }
}

export function settingsOf(form: Form): AlertSettings {
  const { rest, on, window, severity, sql } = form
  const { summary: _, ...annotations } = rest.annotations ?? {}
  const summary = form.summary.trim()
  const common = {
    ...rest,
    severity,
    for: form.for.trim(),
    condition: form.condition.trim() === '' ? null : form.condition.trim(),
    annotations: { ...annotations, ...(summary === '' ? {} : { summary }) },
  }
  if (sql.trim() !== '') return { ...common, sql }
  const by = form.by.split(',').map((field) => field.trim())
  return {
    ...common,
    on,
    window: window.trim(),
    filter: form.filter.trim() === '' ? null : form.filter.trim(),
    measure: form.measure.trim(),
    by: by.filter((field) => field !== ''),
  }
}

/** A name that no rule has. */
export function freeName(text: string, names: readonly string[]): string {
  const base =
    text
      .toLowerCase()
      .replaceAll('/s', '-rate')
      .replaceAll(/[^a-z0-9_.]+/g, '-')
      .replaceAll(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')
      .slice(0, 90) || 'alert'
  for (let number = 1; ; number++) {
    const name = number === 1 ? base : `${base}-${number}`
    if (!names.includes(name)) return name
  }
}

const scales = [
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
] as const

/** A condition that the values did not meet: a quarter beyond the largest, with two digits. */
export function conditionBeyond(
  peak: number,
  { unit, perSecond }: Readonly<{ unit: string; perSecond: boolean }>,
): string | undefined {
  if (!(peak > 0)) return undefined
  const rate = perSecond ? '/s' : ''
  const limit = Number((peak * 1.25).toPrecision(2))
  if (unit === 'ns' && !perSecond) return limit >= 1e6 ? `> ${plain(limit / 1e6)}ms` : `> ${plain(limit)}ns`
  if (unit === 'us' || unit === 'ms' || unit === 's') return perSecond ? undefined : `> ${plain(limit)}${unit}`
  const [size, prefix] = scales.find(([size]) => limit >= size) ?? [1, '']
  if (unit === 'By') return `> ${plain(limit / size)} ${prefix}B${rate}`
  return `> ${plain(limit / size)}${prefix}${rate}`
}

const plain = (value: number) => String(Number(value.toPrecision(3)))
