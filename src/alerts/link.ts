import type { AlertCause } from '../model/alerts.ts'
import type { AlertRule, FilterRule } from './rule.ts'

/** The view of the console that shows the rows of an alert, as path and query. */
export function viewOf(rule: AlertRule | undefined, labels: Readonly<Record<string, string>>, at: number): string {
  if (rule === undefined) return '/home'
  if (rule.is === 'sql') return `/sql?${query({ q: rule.sql })}`
  // That page shows the newest events, without a filter.
  if (rule.view === 'events') return '/events'
  const filter = filterOf(rule, labels)
  // Twice the window, so that the view shows the time before.
  const t = `${second(at - 2 * rule.window, Math.floor)}..${second(at, Math.ceil)}`
  return `/${rule.view}?${query({ ...(filter === '' ? {} : { q: filter }), t })}`
}

const beforeOnsetMs = 15 * 60_000

const aroundChangeMs = 60 * 60_000

/**
 * The URL of the changes that preceded an alert with the view `url`, until `at` (Unix ms): in a view of flows the list
 * of them, else the change itself.
 */
export function causeUrlOf(url: string, { onset, shown, pos, time, object }: AlertCause, at: number): string {
  const link = new URL(url)
  if (shown !== undefined) {
    const change = Date.parse(time)
    const t = `${second(change - aroundChangeMs, Math.floor)}..${second(change + aroundChangeMs, Math.ceil)}`
    const search = shown === 'inventory' ? { v: '1', sel: object.ref ?? '' } : { v: '1', live: '0', t, sel: pos }
    return new URL(`${pathBefore(link)}/${shown}?${query(search)}`, link).href
  }
  link.searchParams.set('t', `${second(Date.parse(onset) - beforeOnsetMs, Math.floor)}..${second(at, Math.ceil)}`)
  link.searchParams.set('why', '1')
  return link.href
}

/** Path below which the console is served. */
function pathBefore({ pathname }: URL) {
  return pathname.slice(0, pathname.lastIndexOf('/'))
}

/** Filter of the rows of an alert. */
export function filterOf(rule: FilterRule, labels: Readonly<Record<string, string>>): string {
  const groups = rule.by.flatMap(({ name, sql }) => {
    const value = labels[name]
    return value === undefined || sql !== undefined ? [] : [`${name} = ${quoted(value)}`]
  })
  const written = rule.filterText.trim()
  return [...(written === '' ? [] : [groups.length > 0 ? `(${written})` : written]), ...groups].join(' and ')
}

function quoted(value: string): string {
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

function second(ms: number, round: (value: number) => number): string {
  return `${new Date(round(ms / 1000) * 1000).toISOString().slice(0, 19)}Z`
}

function query(parameters: Readonly<Record<string, string>>): string {
  return new URLSearchParams(parameters).toString()
}
