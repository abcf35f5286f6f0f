import { QueryError } from './ast.ts'
import { readFilter } from './index.ts'
import { flowNames } from './names.ts'
import { quote } from './print.ts'
import { testText, type ForeignTest } from './netobserv-tests.ts'

export type ImportedLink = Readonly<{
  filter: string
  bothWays: boolean
  /** `now-300s`, `now`, or Unix ms. */
  from: string | undefined
  to: string | undefined
  dropped: readonly DroppedPart[]
}>

export type DroppedPart = Readonly<{
  part: string
  reason: string
}>

const display = new Set(['limit', 'percentile', 'dataSource', 'showDup', 'function', 'type', 'refresh', 'bnf', 'back'])

/**
 * Reads the console's form (`a=x,y;b!=z`) and its server's (`a=x&b!~z|c>=5`), time, match, drops and record type. Never
 * throws: unsupported parts are in `dropped`.
 */
export function importNetObserv(link: string): ImportedLink {
  const parameters = parametersOf(link)
  const dropped: DroppedPart[] = []
  const drop = (part: string, reason: string): void => void dropped.push({ part, reason })
  const match = parameters.get('match') ?? 'all'
  const parts = filterParts(decodedFilters(parameters.get('filters') ?? ''), match === 'any' ? 'or' : 'and', drop)
  for (const [name, value] of parameters) {
    const [text, reason] = settingOf(name, value)
    if (reason !== undefined) drop(`${name}=${value}`, reason)
    else if (text !== undefined) parts.push(text)
  }
  const filter = joined(parts, 'and')
  return {
    filter: filter === '' ? '' : readFilter(filter, flowNames).normal,
    bothWays: match === 'bidirectional',
    ...timesOf(parameters, drop),
    dropped,
  }
}

function parametersOf(link: string): Map<string, string> {
  const [beforeHash = ''] = link.trim().split('#')
  const at = beforeHash.indexOf('?')
  return new Map(new URLSearchParams(at < 0 ? beforeHash : beforeHash.slice(at + 1)))
}

function decodedFilters(written: string): string {
  if (!/%[0-9a-f]{2}/i.test(written)) return written
  try {
    return decodeURIComponent(written)
  } catch {
    return written
  }
}

const test = /^\s*([\w.]+?)\s*(!~|!=|>=|=|~)(.*)$/su

/** @param operator between tests. */
function filterParts(written: string, operator: 'and' | 'or', drop: (part: string, reason: string) => void): string[] {
  const server = !written.includes(';') && /[|&]/.test(withoutQuotes(written))
  const alternatives = server ? split(written, '|') : [written]
  const groups = alternatives.map((group) => {
    const ends: string[] = []
    const others: string[] = []
    for (const part of split(group, server ? '&' : ';')) {
      if (part.trim() === '') continue
      const [, id = '', sign = '', values = ''] = test.exec(part) ?? []
      const read =
        id === ''
          ? { problem: 'This is not a filter.' }
          : testText({ id, operator: sign as ForeignTest['operator'], values: split(values, ',') })
      const problem = read.problem ?? problemOf(read.eitherEnd ? `either(${read.text})` : read.text)
      if (problem !== undefined) drop(part.trim(), problem)
      else if (read.text !== undefined) (read.eitherEnd ? ends : others).push(read.text)
    }
    const either = ends.length === 0 ? [] : [`either(${joined(ends, operator)})`]
    return joined([...others, ...either], operator)
  })
  const whole = joined(
    groups.filter((group) => group !== ''),
    'or',
  )
  return whole === '' ? [] : [whole]
}

function problemOf(filter: string): string | undefined {
  try {
    readFilter(filter, flowNames)
    return undefined
  } catch (error) {
    if (error instanceof QueryError) return error.message
    throw error
  }
}

function settingOf(name: string, value: string): readonly [text: string | undefined, reason?: string] {
  if (name === 'filters' || name === 'startTime' || name === 'endTime' || name === 'timeRange') return [undefined]
  if (name === 'match')
    return ['all', 'any', 'bidirectional'].includes(value)
      ? [undefined]
      : [undefined, 'Unknown match; all filters must match.']
  if (name === 'packetLoss') {
    const texts: Readonly<Record<string, string>> = {
      all: '',
      dropped: 'drop_packets > 0 and not packets > 0',
      hasDrops: 'drop_packets > 0',
      sent: 'packets > 0',
    }
    return Object.hasOwn(texts, value)
      ? [texts[value] === '' ? undefined : texts[value]]
      : [undefined, 'Unknown choice of drops.']
  }
  if (name === 'recordType') {
    if (value === 'flowLog') return [undefined]
    if (value === 'allConnections') return ['record_type in ("newConnection", "heartbeat", "endConnection")']
    return [`record_type = ${quote(value)}`]
  }
  return [
    undefined,
    display.has(name) ? 'It selects no rows; the page has its own setting.' : 'Weir has no such parameter.',
  ]
}

function timesOf(
  parameters: ReadonlyMap<string, string>,
  drop: (part: string, reason: string) => void,
): { from: string | undefined; to: string | undefined } {
  const seconds = (name: string) => {
    const value = parameters.get(name)
    if (value === undefined || /^\d{1,11}$/.test(value)) return value
    drop(`${name}=${value}`, 'It is not a number of seconds.')
    return undefined
  }
  const [start, end, range] = [seconds('startTime'), seconds('endTime'), seconds('timeRange')]
  if (start !== undefined) return { from: `${start}000`, to: end === undefined ? 'now' : `${Number(end) + 1}000` }
  return range === undefined ? { from: undefined, to: undefined } : { from: `now-${range.slice(0, 9)}s`, to: 'now' }
}

function split(text: string, separator: string): string[] {
  const parts: string[] = []
  let [from, quoted] = [0, false]
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '"') quoted = !quoted
    else if (text[at] === separator && !quoted) {
      parts.push(text.slice(from, at))
      from = at + 1
    }
  }
  return [...parts, text.slice(from)]
}

function withoutQuotes(text: string) {
  return text.replace(/"[^"]*"/g, '')
}

function joined(parts: readonly string[], word: 'and' | 'or') {
  return parts.length < 2 ? (parts[0] ?? '') : parts.map((part) => `(${part})`).join(` ${word} `)
}
