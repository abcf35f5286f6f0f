/** The state of a subject at a time: what is compared besides traffic and cost. */
import { storedJson } from '../../../model/json.ts'
import { asOf } from '../../conditions.ts'
import type { Surroundings } from '../../operation.ts'
import { Refusal } from '../../refusal.ts'
import { describeObject, type Watched } from '../../resources/one.ts'
import { readRows } from '../../rows.ts'
import { relatedTo } from '../related.ts'
import type { Subject } from '../scene.ts'
import type { SubjectContext } from '../subject.ts'

type RelationAt = Readonly<{ relation: string; from: string; to: string }>

export type StateAt = Readonly<{
  exists: boolean
  manifest: unknown
  /** Known properties, if a manifest is missing. */
  data: unknown
  relations: readonly RelationAt[]
  images: readonly string[]
}>

const absent: StateAt = { exists: false, manifest: undefined, data: undefined, relations: [], images: [] }

type Around = Readonly<{ context: SubjectContext; surroundings: Surroundings & Watched }>

/** `at`: µs. Undefined: the subject has no state. */
export async function stateAt(subject: Subject, at: bigint, around: Around): Promise<StateAt | undefined> {
  switch (subject.is) {
    case 'object':
      return objectAt(subject.ref, at, around)
    case 'resource':
      return resourceAt(subject.ref, at, around)
    case 'address': {
      const { refs } = await relatedTo(subject, { ...around.context, span: { from: at, to: at + 1n } })
      const relations = refs.map((ref) => ({ relation: 'holds', from: ref, to: subject.ref }))
      return { ...absent, exists: refs.length > 0, relations }
    }
    case 'image': {
      const { refs } = await relatedTo(subject, { ...around.context, span: { from: at, to: at + 1n } })
      const relations = refs.map((ref) => ({ relation: 'runs', from: ref, to: subject.ref }))
      return { ...absent, exists: refs.length > 0, relations }
    }
    case 'actor':
    case 'account':
      return undefined
  }
}

async function objectAt(ref: string, at: bigint, { surroundings }: Around): Promise<StateAt> {
  try {
    const { now, manifest, state, relations, owners, owned } = await describeObject({ ref, at }, surroundings)
    if (now === null) return absent
    const all = [...relations, ...owners, ...owned].map(({ relation, from, to }) => ({ relation, from, to }))
    const images = [...new Set((state?.images ?? []).map(({ image }) => image))]
    const { resource_version: _, valid_from: _from, valid_to: _to, data, ...properties } = now
    return { exists: true, manifest: manifest ?? undefined, data: { ...properties, data }, relations: all, images }
  } catch (error) {
    if (error instanceof Refusal && error.code === 'WEIR_API_NOT_FOUND') return absent
    throw error
  }
}

async function resourceAt(ref: string, at: bigint, { context, surroundings }: Around): Promise<StateAt | undefined> {
  // Cloud resources have no namespace.
  if (context.viewer.namespaces !== undefined) return undefined
  const { dialect } = context
  const [row] = await readRows<Readonly<{ data: unknown }>>(
    surroundings,
    `SELECT data FROM inventory WHERE ref = ${dialect.text(ref)} AND ${asOf(at, dialect)} LIMIT 1`,
  )
  return row === undefined ? absent : { ...absent, exists: true, data: storedJson(row.data) }
}
