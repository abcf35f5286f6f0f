import { decodeBatch } from '../../journal/bodies.ts'
import { eventAt, type WeirEvent } from '../../model/events.ts'
import { isPresent, type Column } from '../../model/columns.ts'
import { formatIp } from '../../model/ip.ts'
import type { DeadLetter } from '../control.ts'
import type { StoredDeadLetter } from './dead-letters.ts'

export function describeDeadLetter(
  sink: string,
  letter: StoredDeadLetter,
  body: 'with body' | 'without body' = 'with body',
): DeadLetter {
  const { id, time, reason, attempts, state } = letter
  return {
    id,
    sink,
    time,
    reason,
    attempts,
    state,
    kind: letter.kind,
    ...(body === 'with body' && letter.body !== '' ? { body: bodyOf(letter) } : {}),
  }
}

function bodyOf(letter: StoredDeadLetter): unknown {
  const batch = decodeBatch(letter.kind, new Uint8Array(Buffer.from(letter.body, 'base64')))
  if (batch.kind === 'events') return readable(eventAt(batch, 0))
  const fields: Record<string, unknown> = {}
  for (const [name, column] of Object.entries(batch.columns)) {
    const value = cell(column, batch.dictionary)
    if (value !== undefined) fields[name] = value
  }
  return fields
}

function readable({ data, encoding, ...event }: WeirEvent): unknown {
  if (data === undefined) return event
  const text = new TextDecoder().decode(data)
  if (encoding === 'binary') return { ...event, data_base64: Buffer.from(data).toString('base64') }
  if (encoding === 'text') return { ...event, data: text }
  try {
    return { ...event, data: JSON.parse(text) as unknown }
  } catch {
    return { ...event, data: text }
  }
}

function cell(column: Column, dictionary: readonly string[]): unknown {
  if ('valid' in column && !isPresent(column.valid, 0)) return undefined
  switch (column.kind) {
    case 'ip':
      return formatIp(column.words, 0)
    case 'u64':
    case 'mac':
      return (column.words[1] ?? 0) * 2 ** 32 + (column.words[0] ?? 0)
    case 'dict':
    case 'json':
      return column.codes[0] === 0 ? undefined : dictionary[column.codes[0] ?? 0]
    case 'list<u8>':
      return [...column.items]
    case 'list<dict>':
      return [...column.items].map((code) => dictionary[code])
    case 'time':
      return new Date(column.values[0] ?? 0).toISOString()
    default:
      return column.values[0]
  }
}
