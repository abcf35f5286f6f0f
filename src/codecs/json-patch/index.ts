import type { PatchStep } from '../../model/kubernetes.ts'
import { isRecord } from '../../model/json.ts'

type Dict = Readonly<Record<string, unknown>>

/** Identify list entries, so that a moved entry does not count as changed. */
const names = ['name', 'key', 'type', 'ip', 'uid', 'mountPath', 'containerPort', 'port'] as const

export function diff(before: unknown, after: unknown): PatchStep[] {
  const steps: PatchStep[] = []
  if (!equal(before, after)) compare(before, after, '', steps)
  return steps
}

function compare(before: unknown, after: unknown, path: string, steps: PatchStep[]) {
  if (Array.isArray(before) && Array.isArray(after)) compareLists(before, after, path, steps)
  else if (isRecord(before) && isRecord(after)) compareDicts(before, after, path, steps)
  else if (!same(before, after)) steps.push({ op: 'replace', path, value: after })
}

function compareDicts(before: Dict, after: Dict, path: string, steps: PatchStep[]) {
  for (const key of Object.keys(before)) {
    if (!Object.hasOwn(after, key)) steps.push({ op: 'remove', path: `${path}/${escaped(key)}` })
    else if (!equal(before[key], after[key])) compare(before[key], after[key], `${path}/${escaped(key)}`, steps)
  }
  for (const key of Object.keys(after)) {
    if (!Object.hasOwn(before, key)) steps.push({ op: 'add', path: `${path}/${escaped(key)}`, value: after[key] })
  }
}

function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return same(a, b)
  if (Array.isArray(a) || Array.isArray(b))
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((entry, at) => equal(entry, b[at]))
  let keys = 0
  for (const key in a) {
    if (!Object.hasOwn(b, key) || !equal((a as Dict)[key], (b as Dict)[key])) return false
    keys++
  }
  for (const _ in b) keys--
  return keys === 0
}

/** On a copy: each step refers to the list after the previous ones. */
function compareLists(before: readonly unknown[], after: readonly unknown[], path: string, steps: PatchStep[]) {
  const name = names.find((candidate) => isNamed(before, candidate) && isNamed(after, candidate))
  const idOf = name === undefined ? (entry: unknown) => entry : (entry: unknown) => (entry as Dict)[name]
  if (name === undefined && !(isPlain(before) && isPlain(after))) return compareByIndex(before, after, path, steps)
  const now = [...before]
  const wanted = new Set(after.map(idOf))
  for (let at = now.length - 1; at >= 0; at--) {
    if (wanted.has(idOf(now[at]))) continue
    now.splice(at, 1)
    steps.push({ op: 'remove', path: `${path}/${at}` })
  }
  after.forEach((entry, at) => {
    const from = now.findIndex((value, index) => index >= at && idOf(value) === idOf(entry))
    if (from === -1) {
      now.splice(at, 0, entry)
      steps.push({ op: 'add', path: `${path}/${at}`, value: entry })
      return
    }
    if (from !== at) {
      now.splice(at, 0, ...now.splice(from, 1))
      steps.push({ op: 'move', from: `${path}/${from}`, path: `${path}/${at}` })
    }
    if (!equal(now[at], entry)) compare(now[at], entry, `${path}/${at}`, steps)
  })
  for (let at = now.length - 1; at >= after.length; at--) steps.push({ op: 'remove', path: `${path}/${at}` })
}

function compareByIndex(before: readonly unknown[], after: readonly unknown[], path: string, steps: PatchStep[]) {
  for (let at = before.length - 1; at >= after.length; at--) steps.push({ op: 'remove', path: `${path}/${at}` })
  after.forEach((entry, at) => {
    if (at < before.length && equal(before[at], entry)) return
    if (at < before.length) compare(before[at], entry, `${path}/${at}`, steps)
    else steps.push({ op: 'add', path: `${path}/${at}`, value: entry })
  })
}

function isNamed(list: readonly unknown[], name: string): boolean {
  const ids = new Set<unknown>()
  for (const entry of list) {
    const id = isRecord(entry) ? entry[name] : undefined
    if ((typeof id !== 'string' && typeof id !== 'number') || ids.has(id)) return false
    ids.add(id)
  }
  return true
}

function isPlain(list: readonly unknown[]) {
  return list.every((entry) => typeof entry === 'string' || typeof entry === 'number' || typeof entry === 'boolean')
}

function same(a: unknown, b: unknown) {
  return Object.is(a, b) || (a === 0 && b === 0)
}

const special = /[~/]/

function escaped(key: string) {
  return special.test(key) ? key.replaceAll('~', '~0').replaceAll('/', '~1') : key
}

/** Each once; entries by name if both states have names. */
export function changedPaths(steps: readonly PatchStep[]): string[] {
  return [...new Set(steps.map(({ path }) => path))]
}
