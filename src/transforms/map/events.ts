import { families, type EventBatch, type Family } from '../../model/batches.ts'
import { eventAt, toEventBatch, type WeirEvent } from '../../model/events.ts'
import { parseRaw } from '../../model/exact-json.ts'
import { isRecord } from '../../model/json.ts'
import { assertShallow } from '../../model/json-depth.ts'
import { at, isEnvelope, isEventField } from '../rows/fields.ts'
import { jsonText } from '../../codecs/flow-values/index.ts'
import type { MapConfig } from './config.ts'
import { readExpression } from './expression.ts'
import { withWholeNumbers, type Mapped } from './flows.ts'

const [utf8, fromUtf8] = [new TextEncoder(), new TextDecoder()]

type Tree = Record<string, unknown>

interface Draft {
  readonly event: { -readonly [Name in keyof WeirEvent]: WeirEvent[Name] }
  readonly extensions: Record<string, string | number | boolean>
  body: unknown
  changed: boolean
}

export function mapEvents({ rename, copy, drop, set, services }: MapConfig): (batch: EventBatch) => Mapped<EventBatch> {
  const renamed = Object.entries(rename).filter(([from]) => isEventField(from))
  const copied = Object.entries(copy).filter(([from]) => isEventField(from))
  const dropped = (drop ?? []).filter(isEventField)
  const assigned = Object.entries(set)
    .filter(([name]) => isEventField(name))
    .map(([name, text]) => ({ name, expression: readExpression(text, services) }))
  const touchesBody = [...renamed.flat(), ...copied.flat(), ...dropped, ...assigned.map(({ name }) => name)].some(
    (name) => name.startsWith('data.'),
  )
  const apply = (given: WeirEvent) => {
    const draft: Draft = {
      event: { ...given },
      extensions: { ...given.extensions },
      body: touchesBody ? bodyOf(given) : undefined,
      changed: false,
    }
    const values = assigned.map(({ name, expression }) => {
      try {
        return { name, value: expression.evaluate(expression.isConstant ? {} : contextOf(given), given.data?.length) }
      } catch (error) {
        throw new Error(`set.${name}: ${(error as Error).message}`, { cause: error })
      }
    })
    for (const [from, to] of copied) {
      const value = valueOf(draft, from)
      if (value !== undefined) put(draft, to, value)
    }
    for (const [from, to] of renamed) {
      const value = take(draft, from)
      if (value !== undefined) put(draft, to, value)
    }
    for (const name of dropped) take(draft, name)
    for (const { name, value } of values)
      if (value === null || value === undefined) take(draft, name)
      else put(draft, name, value)
    return finished(draft)
  }
  return (batch) => {
    const failed = new Map<number, string>()
    const events = Array.from({ length: batch.count }, (_, row) => {
      const event = eventAt(batch, row)
      try {
        return apply(event)
      } catch (error) {
        failed.set(row, (error as Error).message)
        return event
      }
    })
    return { outputs: toEventBatch(events), failed }
  }
}

function bodyOf({ encoding, data }: WeirEvent): unknown {
  if (encoding !== 'json' || data === undefined) return undefined
  assertShallow(data)
  try {
    return parseRaw(fromUtf8.decode(data))
  } catch (error) {
    throw new Error('the data is declared as JSON but does not parse', { cause: error })
  }
}

function contextOf(event: WeirEvent): Tree {
  const { data, encoding, time, ...rest } = event
  if (data !== undefined && encoding === 'json') assertShallow(data)
  return {
    event: {
      ...rest,
      ...(time === undefined ? {} : { time: new Date(time) }),
      ...(encoding === 'json' && data !== undefined
        ? { data: withWholeNumbers(JSON.parse(fromUtf8.decode(data))) }
        : encoding === 'text' && data !== undefined
          ? { data: fromUtf8.decode(data) }
          : {}),
    },
  }
}

function valueOf({ event, extensions, body }: Draft, name: string): unknown {
  const [head = '', ...path] = name.split('.')
  if (head === 'data') return structuredCopy(at(body, path))
  return head === 'extensions' ? extensions[path.join('.')] : event[head as 'subject']
}

/** Later steps may change the original; raw numbers cannot be cloned by the platform. */
function structuredCopy(value: unknown) {
  return isRecord(value) || Array.isArray(value) ? parseRaw(jsonText(value)) : value
}

function take(draft: Draft, name: string): unknown {
  const [head = '', ...path] = name.split('.')
  if (head === 'data') return remove(draft, draft.body, path)
  if (head === 'extensions') {
    const key = path.join('.')
    const value = draft.extensions[key]
    delete draft.extensions[key]
    return value
  }
  const value = draft.event[head as 'subject']
  delete draft.event[head as 'subject']
  return value
}

function remove(draft: Draft, node: unknown, [key = '', ...path]: readonly string[]): unknown {
  if (!isRecord(node) || !Object.hasOwn(node, key)) return undefined
  if (path.length > 0) return remove(draft, node[key], path)
  const value = node[key]
  delete (node as Tree)[key]
  draft.changed = true
  return value
}

function put(draft: Draft, name: string, value: unknown) {
  const [head = '', ...path] = name.split('.')
  if (head === 'data') {
    draft.changed = true
    if (!isRecord(draft.body)) draft.body = {}
    return putIn(draft.body as Tree, path, value, name)
  }
  if (head === 'extensions') {
    const plain = typeof value === 'bigint' ? Number(value) : value
    if (typeof plain !== 'string' && typeof plain !== 'number' && typeof plain !== 'boolean')
      throw new Error(`set.${name}: an extension is a text, a number or true or false`)
    draft.extensions[path.join('.')] = plain
    return
  }
  if (!isEnvelope(head)) return
  if (typeof value !== 'string' || value === '') throw new Error(`set.${name}: the value is no text`)
  if (head === 'family' && !families.includes(value as Family))
    throw new Error(`set.family: there is no family ${value}`)
  draft.event[head as 'subject'] = value
}

function putIn(node: Tree, [key = '', ...path]: readonly string[], value: unknown, name: string) {
  if (['__proto__', 'constructor', 'prototype'].includes(key)) throw new Error(`set.${name}: ${key} is not allowed`)
  if (path.length === 0) {
    node[key] = value
    return
  }
  const inner = Object.hasOwn(node, key) ? node[key] : undefined
  const next = isRecord(inner) ? (inner as Tree) : {}
  node[key] = next
  putIn(next, path, value, name)
}

function finished({ event, extensions, body, changed }: Draft): WeirEvent {
  const { extensions: _, ...rest } = event
  const named = Object.keys(extensions).length === 0 ? rest : { ...rest, extensions }
  return changed ? { ...named, encoding: 'json', data: utf8.encode(jsonText(body)) } : named
}
