import type { PatchStep } from '../../../../src/api/published.ts'
import { objectsText } from './text.ts'
import { shortImage } from '../image-text.ts'

export type DiffRow = Readonly<{
  path: string
  is: 'added' | 'removed' | 'changed' | 'moved'
  old: unknown
  new: unknown
}>

export const maxRows = 400

type Dict = Readonly<Record<string, unknown>>

/** Applies each step, because later paths refer to its result. Composite values become a row per leaf. */
export function diffRows(before: object | null, after: object | null, patch: readonly PatchStep[]): readonly DiffRow[] {
  if (before === null || after === null) return leaves(before ?? undefined, after ?? undefined, '')
  let now: unknown = structuredClone(before)
  const rows: DiffRow[] = []
  for (const step of patch) {
    const keys = keysOf(step.path)
    if (step.op === 'move') {
      const from = keysOf(step.from)
      const value = at(now, from)
      rows.push({ path: readable(now, from), is: 'moved', old: itemName(from), new: itemName(keys) })
      now = withoutAt(now, from)
      now = put(now, keys, value, 'insert')
      continue
    }
    const old = step.op === 'add' && Array.isArray(at(now, keys.slice(0, -1))) ? undefined : at(now, keys)
    rows.push(
      ...leaves(
        old,
        step.op === 'remove' ? undefined : step.value,
        step.op === 'add' ? readable(put(now, keys, step.value, 'insert'), keys) : readable(now, keys),
      ),
    )
    now =
      step.op === 'remove' ? withoutAt(now, keys) : put(now, keys, step.value, step.op === 'add' ? 'insert' : 'replace')
  }
  return rows
}

const itemName = (keys: readonly string[]) => objectsText.item(Number(keys.at(-1)) + 1)

function leaves(old: unknown, is: unknown, path: string): readonly DiffRow[] {
  const [was, now] = [old, is].map((value) => (isDict(value) || Array.isArray(value) ? value : undefined))
  const parts = [was, now].flatMap((value) => (value === undefined ? [] : Object.keys(value)))
  const whole =
    parts.length === 0 ||
    (old !== undefined && was === undefined) ||
    (is !== undefined && now === undefined) ||
    (Array.isArray(was) !== Array.isArray(now) && was !== undefined && now !== undefined)
  if (!whole) {
    return [...new Set(parts)].flatMap((key) => {
      const [wasValue, nowValue] = [(was as Dict | undefined)?.[key], (now as Dict | undefined)?.[key]]
      return same(wasValue, nowValue) ? [] : leaves(wasValue, nowValue, joined(path, now ?? was, key))
    })
  }
  if (same(old, is)) return []
  return [
    {
      path: path === '' ? objectsText.wholeObject : path,
      is: old === undefined ? 'added' : is === undefined ? 'removed' : 'changed',
      old,
      new: is,
    },
  ]
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)

function isDict(value: unknown): value is Dict {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function keysOf(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function at(value: unknown, keys: readonly string[]) {
  return keys.reduce<unknown>(
    (part, key) => (typeof part === 'object' && part !== null ? (part as Dict)[key] : undefined),
    value,
  )
}

function put(value: unknown, [key, ...rest]: readonly string[], wanted: unknown, act: 'insert' | 'replace'): unknown {
  if (key === undefined) return wanted
  if (Array.isArray(value)) {
    const index = key === '-' ? value.length : Number(key)
    return rest.length === 0 && act === 'insert'
      ? value.toSpliced(index, 0, wanted)
      : value.map((item: unknown, of) => (of === index ? put(item, rest, wanted, act) : item))
  }
  return { ...(value as Dict), [key]: put((value as Dict | undefined)?.[key], rest, wanted, act) }
}

function withoutAt(value: unknown, [key, ...rest]: readonly string[]): unknown {
  if (key === undefined || typeof value !== 'object' || value === null) return value
  if (Array.isArray(value))
    return rest.length === 0
      ? value.toSpliced(Number(key), 1)
      : value.map((item: unknown, index) => (index === Number(key) ? withoutAt(item, rest) : item))
  if (rest.length > 0) return { ...(value as Dict), [key]: withoutAt((value as Dict)[key], rest) }
  const { [key]: _gone, ...others } = value as Dict
  return others
}

const names = ['name', 'key', 'type', 'ip', 'uid'] as const

function readable(value: unknown, keys: readonly string[]): string {
  let path = ''
  let here = value
  for (const key of keys) {
    path = joined(path, here, key)
    here = typeof here === 'object' && here !== null ? (here as Dict)[key] : undefined
  }
  return path
}

function joined(path: string, parent: unknown, key: string): string {
  if (Array.isArray(parent)) {
    const entry: unknown = parent[Number(key)]
    const name = isDict(entry) ? names.map((each) => entry[each]).find((each) => typeof each === 'string') : undefined
    return `${path}[${typeof name === 'string' ? name : key}]`
  }
  const plain = /^[\w-]+$/.test(key) ? key : `"${key}"`
  return path === '' ? plain : `${path}.${plain}`
}

/** A keyed digest in place of a secret value. */
export function isRedacted(value: unknown): value is string {
  return typeof value === 'string' && value.startsWith('redacted:')
}

export function inShort(operation: string | null, patch: readonly PatchStep[] | null): readonly string[] {
  if (operation !== 'updated' || patch === null) return []
  return patch.map((step) => {
    const keys = keysOf(step.path)
    const last = keys.at(-1) ?? ''
    const name = /^(?:\d+|-)$/.test(last) ? `${keys.at(-2) ?? ''}[${last}]` : last
    if (step.op === 'remove') return objectsText.removed(name)
    if (step.op === 'move') return objectsText.moved(name)
    return typeof step.value === 'object' && step.value !== null
      ? `${name} ${step.op === 'add' ? 'added' : 'changed'}`
      : `${name} → ${shownValue(name, step.value as string | number | boolean | null)}`
  })
}

function shownValue(name: string, value: string | number | boolean | null): string {
  if (isRedacted(value)) return 'redacted'
  return name === 'image' ? shortImage(String(value)) : String(value)
}
