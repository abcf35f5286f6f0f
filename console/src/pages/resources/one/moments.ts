import type { ResourceState, WholeResource } from '../../../api/objects.ts'

const contentOf = ({ uid, labels, node, zone, phase, owner_uid: owner }: ResourceState) =>
  JSON.stringify([uid, labels, node, zone, phase, owner])

/** Times at which the content of the object changed, and at which it was deleted; ISO 8601, ascending. */
export function momentsOf({ intervals, versions }: Pick<WholeResource, 'intervals' | 'versions'>): readonly string[] {
  const states = intervals.toSorted((a, b) => (a.valid_from < b.valid_from ? -1 : 1))
  const starts = states.filter((state, index) => {
    const before = states[index - 1]
    return before === undefined || before.valid_to !== state.valid_from || contentOf(before) !== contentOf(state)
  })
  const began = new Set(states.map(({ valid_from: from }) => from))
  const ends = states.flatMap(({ valid_to: to }) => (to === null || began.has(to) ? [] : [to]))
  const all = [...versions.map(({ valid_from: from }) => from), ...starts.map(({ valid_from: from }) => from), ...ends]
  return [...new Set(all)].toSorted()
}

/** The version of the content at a time. ISO 8601. */
export function contentAt(
  versions: WholeResource['versions'],
  uid: string,
  at: string,
): WholeResource['versions'][number] | undefined {
  return versions.find(
    (version) =>
      version.uid === uid && version.valid_from <= at && (version.valid_to === null || version.valid_to > at),
  )
}
