import type { BatchTransform, TransformOutput, TransformWindows } from '../../engine/contracts.ts'
import { murmur128 } from '../../engine/dedupe/murmur.ts'
import type { Batch } from '../../model/batches.ts'
import { toEventBatch, type WeirEvent } from '../../model/events.ts'
import type { Failure } from '../../model/outcome.ts'
import { parseExact } from '../../model/exact-json.ts'
import { flowField, resolveFieldName } from '../../model/fields.ts'
import { memberOf } from '../../model/flow-members.ts'
import { isRecord } from '../../model/json.ts'
import { jsonReader, numberReader } from '../rows/fields.ts'
import { JournalTime } from '../rows/held.ts'
import { jsonText, putFields } from '../../codecs/flow-values/index.ts'
import { addNumber, callOf, newValue, resultOf, type Call, type Value } from './calls.ts'
import type { AggregateConfig } from './config.ts'

/** Wait for rows on their way to the journal before a window is closed without a later row. */
const graceMs = 2000
const overflow = '\0'

interface Group {
  /** JSON by field of the key; empty if absent. */
  readonly key: readonly string[]
  rows: number
  readonly values: readonly Value[]
}

export interface WindowedTransform extends BatchTransform {
  readonly windows: TransformWindows
}

/**
 * The watermark is the journal's time less the lateness. It never decreases, and follows from the rows: with it the
 * open windows and the late rows do, too. By receive time one window is open, and no row is late.
 * @param since the journal's time of the first row, Unix ms
 */
export function aggregateStep(config: AggregateConfig, id: string, since = 0): WindowedTransform {
  const { window, by, groups: maxGroups, rows: kind, lateness } = config
  const names = by ?? []
  const calls = Object.entries(config.values).flatMap(([name, written]): [string, Call][] => {
    const call = callOf(written)
    return call === undefined ? [] : [[name, call]]
  })
  const time = new JournalTime()
  /** Open windows by number. */
  const windows = new Map<number, Map<string, Group>>()
  const firstOpen = (): number => Math.floor((time.now - lateness) / window)

  const closeWindows = (): TransformOutput[] => {
    const first = firstOpen()
    time.release(first * window)
    const closedNumbers = [...windows.keys()].filter((number) => number < first).sort((a, b) => a - b)
    return closedNumbers.map((number) => {
      const all = [...(windows.get(number)?.values() ?? [])]
      windows.delete(number)
      const start = number * window
      const from = config.time === 'receive' ? Math.max(start, since) : start
      const times = { from, to: start + window, since }
      const batch = kind === 'flows' ? flowsOf(all, names, calls, times) : eventsOf(all, names, calls, times, id)
      return { to: '', batch }
    })
  }
  const groupOf = (number: number, key: readonly string[]): Group => {
    let groups = windows.get(number)
    if (groups === undefined) windows.set(number, (groups = new Map()))
    const text = key.join('\u0001')
    const groupName = groups.has(text) || groups.size < maxGroups ? text : overflow
    let group = groups.get(groupName)
    if (group === undefined)
      groups.set(groupName, (group = { key: groupName === overflow ? [] : key, rows: 0, values: calls.map(newValue) }))
    return group
  }
  return {
    take({ batch, rows, header }) {
      const all = Uint32Array.from(rows, (_, index) => index)
      if (rows.length === 0) return { outputs: [], failures: [] }
      if (batch.kind !== kind) return { outputs: [], failures: [filtered('kind', all)] }
      time.advance(header.received)
      const outputs = closeWindows()
      const first = firstOpen()
      const windowOf = windowReader(batch, config, time.now)
      const isLate = (index: number): boolean => windowOf(rows[index] as number) < first
      const lateRows = config.time === 'event' ? all.filter(isLate) : new Uint32Array(0)
      const takenRows = lateRows.length === 0 ? all : all.filter((index) => !isLate(index))
      if (takenRows.length > 0) time.need()
      const numbers = lateRows.length === 0 ? rows : takenRows.map((index) => rows[index] as number)
      sum(batch, numbers, names, calls, (row, key) => groupOf(windowOf(row), key))
      const failures = [filtered('aggregated', takenRows), filtered('late', lateRows)]
      return { outputs, failures: failures.filter((failure) => failure.rows.length > 0) }
    },
    windows: {
      begin(at) {
        time.begin(at)
        windows.clear()
      },
      at: (position) => time.at(position),
      holds: () => time.holds(),
      due: () => (windows.size === 0 ? undefined : (Math.min(...windows.keys()) + 1) * window + lateness + graceMs),
      close(now) {
        time.advance(now)
        return closeWindows()
      },
    },
  }
}

function filtered(reason: string, rows: Uint32Array): Extract<Failure, { readonly is: 'filter' }> {
  return { index: rows[0] ?? 0, is: 'filter', reason, rows }
}

/** The number of a row's window. A time after the receipt cannot be right. */
function windowReader(batch: Batch, { time, window }: AggregateConfig, now: number): (row: number) => number {
  const receivedWindow = Math.floor(now / window)
  if (time === 'receive') return () => receivedWindow
  const read = batch.kind === 'flows' ? numberReader(batch, 'time_end') : (row: number) => batch.time[row] ?? Number.NaN
  return (row) => {
    const at = read(row)
    return at <= now ? Math.floor(at / window) : receivedWindow
  }
}

function sum(
  batch: Batch,
  rows: Uint32Array,
  names: readonly string[],
  calls: readonly (readonly [string, Call])[],
  groupOf: (row: number, key: readonly string[]) => Group,
): void {
  const keys = names.map((name) => jsonReader(batch, name))
  const adders = calls.map(([, { of, field }]) => {
    if (field === '') return undefined
    if (of === 'last') {
      const read = jsonReader(batch, field)
      return (value: Value, row: number): void => {
        const text = read(row)
        if (text !== '') value.last = text
      }
    }
    if (of === 'count') {
      const read = jsonReader(batch, field)
      return (value: Value, row: number): void => {
        if (read(row) !== '') value.count++
      }
    }
    const read = numberReader(batch, field)
    return (value: Value, row: number): void => addNumber(value, read(row))
  })
  for (const row of rows) {
    const group = groupOf(
      row,
      keys.map((read) => read(row)),
    )
    group.rows++
    for (let index = 0; index < adders.length; index++) adders[index]?.(group.values[index] as Value, row)
  }
}

type Times = Readonly<{
  /** Start of the window, Unix ms. */
  from: number
  to: number
  /** Unix ms: a window that began earlier may have another result. */
  since: number
}>

function flowsOf(
  groups: readonly Group[],
  names: readonly string[],
  calls: readonly (readonly [string, Call])[],
  { from, to }: Times,
): Batch {
  const puts = putFields(groups.length)
  const [start, end] = [puts.to('time_start'), puts.to('time_end')]
  const fields = names.map((name) => puts.to(name))
  const targets = calls.map(([name]) => puts.to(name))
  groups.forEach((group, row) => {
    start?.(row, from)
    end?.(row, to)
    const addedFields = new Map<string, unknown>()
    group.key.forEach((text, index) => {
      if (text === '') return
      const put = fields[index]
      if (put !== undefined) put(row, JSON.parse(text))
      else for (const [name, value] of membersOf(names[index] ?? '', text)) addedFields.set(name, value)
    })
    calls.forEach(([name, call], index) => {
      const result = resultOf(call, group.values[index] ?? newValue(), group.rows)
      if (result === undefined) return
      const value = typeof result === 'number' && isWhole(name) ? Math.round(result) : result
      if (targets[index]?.(row, value) !== true) addedFields.set(memberOf(name) ?? name, result)
    })
    if (names.length > 0 && group.key.length === 0) addedFields.set('overflow', true)
    if (addedFields.size > 0) puts.extra(row, Object.fromEntries(addedFields))
  })
  return puts.done()
}

/** Members of the JSON of a member, or of column `extra` as a whole. */
function membersOf(name: string, json: string): readonly (readonly [string, unknown])[] {
  const value = parseExact(json)
  const member = memberOf(name)
  return member !== undefined ? [[member, value]] : isRecord(value) ? Object.entries(value) : []
}

function isWhole(name: string): boolean {
  const kind = flowField(resolveFieldName(name) ?? '')?.kind
  return kind !== undefined && kind !== 'f64'
}

const utf8 = new TextEncoder()

function eventsOf(
  groups: readonly Group[],
  names: readonly string[],
  calls: readonly (readonly [string, Call])[],
  { from, to, since }: Times,
  id: string,
): Batch {
  return toEventBatch(
    groups.map((group): WeirEvent => {
      const isOverflow = names.length > 0 && group.key.length === 0
      const data = {
        from: new Date(from).toISOString(),
        to: new Date(to).toISOString(),
        ...(isOverflow ? { overflow: true } : {}),
        group: Object.fromEntries(
          names.flatMap((name, index) => {
            const text = group.key[index] ?? ''
            return text === '' ? [] : [[name, JSON.parse(text) as unknown]]
          }),
        ),
        values: Object.fromEntries(
          calls.map(([name, call], index) => [
            name,
            resultOf(call, group.values[index] ?? newValue(), group.rows) ?? null,
          ]),
        ),
      }
      const [a, b] = murmur128([utf8.encode(isOverflow ? overflow : group.key.join('\u0001'))])
      return {
        id: `${from < since ? `${from}.${since}` : from}/${(a * 2 ** 20 + (b >>> 12)).toString(36)}`,
        source: `/weir/${id}`,
        type: 'io.weir.aggregate.v1',
        time: from,
        datacontenttype: 'application/json',
        encoding: 'json',
        data: utf8.encode(jsonText(data)),
      }
    }),
  )
}
