import type { KubeObject } from '../client/types.ts'

export type Members = readonly number[]

/** Undefined if a full comparison is needed. The documents share a prefix and a suffix of members. */
export function differing(
  old: Buffer,
  document: Buffer,
  members: Members,
  object: KubeObject,
): readonly [before: KubeObject, after: KubeObject] | undefined {
  const shorter = Math.min(old.length, document.length)
  const begins = sameAtBegin(old, document, shorter)
  const ends = document.length - sameAtEnd(old, document, shorter - begins)
  let [first, last] = [0, members.length - 2]
  while (first < members.length && members[first + 1]! <= begins) first += 2
  while (last >= 0 && members[last]! >= ends) last -= 2
  const [from, to] = [members[first] ?? Infinity, members[last + 1] ?? -1]
  const oldTo = to + old.length - document.length
  // A member was added or removed beside an equal one, or only white space differs.
  if (from > begins || to < ends || oldTo <= from) return undefined
  const parts = [old.toString('utf8', from, oldTo), document.toString('utf8', from, to)].map(
    (part) => JSON.parse(`{${part}}`) as KubeObject,
  )
  const { kind, apiVersion } = object
  const [before, after] = parts.map((part) => ({ kind, apiVersion, ...part })) as [KubeObject, KubeObject]
  return [before, after]
}

const step = 512

function sameAtBegin(a: Buffer, b: Buffer, most: number) {
  let at = 0
  while (at + step <= most && a.compare(b, at, at + step, at, at + step) === 0) at += step
  while (at < most && a[at] === b[at]) at++
  return at
}

function sameAtEnd(a: Buffer, b: Buffer, most: number): number {
  let at = 0
  while (
    at + step <= most &&
    a.compare(b, b.length - at - step, b.length - at, a.length - at - step, a.length - at) === 0
  )
    at += step
  while (at < most && a[a.length - at - 1] === b[b.length - at - 1]) at++
  return at
}
