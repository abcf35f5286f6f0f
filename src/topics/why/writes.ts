import { isDeepStrictEqual } from 'node:util'
import { isRecord } from '../../model/json.ts'
import type { Candidate } from './types.ts'
import { numbersOf } from './weights.ts'

/** What further writes of the same object show about a change. */
export type WriteFacts = Readonly<{
  /** It adds replicas, or removes a restriction. */
  restores: boolean
  /** Unix ms of the last earlier change that it undid, unless that undid one itself. */
  undid: number | undefined
  /** Unix ms of the change that restored the state before it. */
  undoneAt: number | undefined
  /** Unix ms of all earlier changes of the object. */
  earlier: readonly number[]
  /** Unix ms of further writes of the same fields, if its values are usual among them. */
  similar: readonly number[]
}>

/** Further writes of the same fields in the look-back that are a habit. */
export const habit = 3

const noFacts: WriteFacts = { restores: false, undid: undefined, undoneAt: undefined, earlier: [], similar: [] }

/** Facts of each change, from all changes of the time range. */
export function writeFacts(candidates: readonly Candidate[]): (candidate: Candidate) => WriteFacts {
  const byObject = Map.groupBy(
    candidates.filter(({ is, ref }) => is !== 'audit' && ref !== null),
    ({ ref }) => ref,
  )
  const facts = new Map<Candidate, WriteFacts>()
  for (const writes of byObject.values()) {
    const ordered = writes.toSorted((a, b) => a.at - b.at)
    ordered.forEach((write, index) => {
      const similar = ordered.filter(
        (further) => further !== write && hasSameFields(further, write) && mayHaveSameWriter(further, write),
      )
      const undone = ordered.slice(0, index).findLast((earlier) => undoes(write, earlier))
      facts.set(write, {
        restores: isRestoring(write),
        undid: undone !== undefined && facts.get(undone)?.undid === undefined ? undone.at : undefined,
        undoneAt: ordered.slice(index + 1).find((later) => undoes(later, write))?.at,
        earlier: ordered.slice(0, index).map(({ at }) => at),
        similar: isUsual(write, similar) ? similar.map(({ at }) => at) : [],
      })
    })
  }
  return (candidate) => facts.get(candidate) ?? noFacts
}

/** Specifications are known of some kinds only; of others the changed fields are compared. */
function undoes(later: Candidate, earlier: Candidate) {
  if (earlier.operation === 'created') return later.operation === 'deleted'
  if (earlier.operation === 'deleted') return later.operation === 'created'
  if (later.operation !== 'updated' || !hasSameFields(earlier, later)) return false
  return earlier.before !== null && isDeepStrictEqual(later.after, earlier.before)
}

/** More replicas, or a policy that no longer restricts. */
function isRestoring({ kind, operation, paths, before, after }: Candidate) {
  if (operation === 'deleted') return kind.endsWith('NetworkPolicy')
  const [from, to] = numbersOf('replicas', before, after)
  const isScale = paths.length === 1 && paths[0] === '/spec/replicas'
  return isScale && from !== undefined && to !== undefined && to > from
}

function hasSameFields(a: Candidate, b: Candidate) {
  return a.operation === b.operation && isDeepStrictEqual(a.paths.toSorted(), b.paths.toSorted())
}

/** A person's write is none of a program that writes the same fields. */
function mayHaveSameWriter(a: Candidate, b: Candidate) {
  const [ofA, ofB] = [writerOf(a), writerOf(b)]
  return ofA === null || ofB === null || ofA === ofB
}

function writerOf({ actor, manager }: Candidate) {
  return actor ?? manager
}

/** Numbers are usual within the range of the other writes, and truth values if another write has the same. */
function isUsual({ diff }: Candidate, others: readonly Candidate[]) {
  return diff.every((step) => {
    if (!isRecord(step) || !['number', 'boolean'].includes(typeof step['value'])) return true
    const values = others.flatMap((write) =>
      write.diff.flatMap((of) => (isRecord(of) && of['path'] === step['path'] ? [of['value']] : [])),
    )
    const numbers = values.filter((value) => typeof value === 'number')
    return typeof step['value'] === 'number'
      ? step['value'] >= Math.min(...numbers) && step['value'] <= Math.max(...numbers)
      : values.includes(step['value'])
  })
}
