import { groupings, type Grouping } from './groupings.ts'
import { auto } from '../../state/auto.ts'
import { codecOf } from '../../state/codec.ts'
import { frameParts, type Frame } from '../../state/frame.ts'
import { openChangeParts, type OpenChange } from '../../state/open-change.ts'
import { flag, oneOf, text, textList } from '../../state/parts.ts'
import { range } from '../../state/range.ts'

const facets = ['kind', 'namespace', 'actor', 'cluster'] as const
export type Facet = (typeof facets)[number]

/** Each list contains alternatives; empty: no restriction. */
export interface ChangeFilter extends Readonly<Record<Facet | 'operation' | 'name', readonly string[]>> {
  readonly q: string
  readonly uid: string
  readonly noise: boolean
}

export interface ChangesState extends Frame, ChangeFilter, OpenChange {
  readonly by: Grouping | typeof auto
  readonly traffic: boolean
  readonly marks: boolean
}

export const changesCodec = codecOf<ChangesState>({
  ...frameParts,
  t: range({ from: 'now-1d', to: 'now' }),
  q: text(),
  operation: textList(),
  kind: textList(),
  namespace: textList(),
  name: textList(),
  actor: textList(),
  cluster: textList(),
  uid: text(),
  noise: flag('off'),
  by: oneOf([auto, ...groupings], auto),
  traffic: flag('on'),
  marks: flag('on'),
  ...openChangeParts,
})

export function isFiltered({ q, uid, operation, kind, namespace, name, actor, cluster }: ChangeFilter): boolean {
  return (
    q !== '' || uid !== '' || [operation, kind, namespace, name, actor, cluster].some((values) => values.length > 0)
  )
}

export const noFilter = {
  q: '',
  uid: '',
  operation: [],
  kind: [],
  namespace: [],
  name: [],
  actor: [],
  cluster: [],
} as const satisfies Partial<ChangesState>
