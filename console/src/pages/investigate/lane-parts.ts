/** The lanes of a subject are read in parts, so that each is shown when it arrives. */
import type { Investigation, LaneName } from '../../../../src/api/published.ts'

/** Lanes of one request: the first also has the numbers of traffic. */
export const laneParts = [
  ['traffic', 'latency', 'drops'],
  ['changes', 'audit', 'events', 'errors'],
  ['problems'],
  ['cost', 'gaps'],
] as const satisfies readonly (readonly LaneName[])[]

/** Absent without values, so that no row waits for them. */
const optional: readonly LaneName[] = ['latency', 'drops', 'errors']

/** `isOld`: of the request before, which may be of another subject or range. */
export type PartAnswer = Readonly<{ data: Investigation | undefined; isOld: boolean }>

/** `waiting`: lanes that have not arrived. Undefined before the first part. */
export type ArrivedLanes = Readonly<{ data: Investigation; waiting: readonly LaneName[] }>

const lengthOf = ({ span }: Investigation) => Date.parse(span.to) - Date.parse(span.from)

/** `parts`: in the order of {@link laneParts}. Old parts are only used beside others of the same subject and length. */
export function arrivedLanes(parts: readonly PartAnswer[]): ArrivedLanes | undefined {
  const base =
    parts.find(({ data, isOld }) => data !== undefined && !isOld)?.data ?? parts.find(({ data }) => data)?.data
  if (base === undefined) return undefined
  const usable = parts.map(({ data, isOld }) =>
    data !== undefined && (!isOld || (data.subject.ref === base.subject.ref && lengthOf(data) === lengthOf(base)))
      ? data
      : undefined,
  )
  const [traffic] = usable
  const { step, buckets, measured, since, stored_to, lost, stopped } = traffic ?? base
  const lanes = usable.flatMap((data, at) =>
    (data?.lanes ?? []).filter(({ name }) => (laneParts[at] as readonly LaneName[]).includes(name)),
  )
  const waiting = laneParts.flatMap((names, at) =>
    usable[at] === undefined ? names.filter((name) => !optional.includes(name)) : [],
  )
  return { data: { ...base, step, buckets, measured, since, stored_to, lost, stopped, lanes }, waiting }
}
