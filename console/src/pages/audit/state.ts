import { auto } from '../../state/auto.ts'
import { groupings, type Grouping } from '../../parts/audit/groupings.ts'
import { noValue } from '../../parts/audit/values.ts'
import { leftOut } from '../../parts/choices.ts'
import { codecOf } from '../../state/codec.ts'
import { frameParts, type Frame } from '../../state/frame.ts'
import { flag, oneOf, text, textList } from '../../state/parts.ts'
import { range } from '../../state/range.ts'

export const facets = ['actor', 'action', 'service', 'severity', 'address', 'resource', 'tenant', 'region'] as const
export type Facet = (typeof facets)[number]

/** Each list contains alternatives; a leading `!` excludes a value. Empty: no restriction. */
export interface TraceFilter extends Readonly<Record<Facet, readonly string[]>> {
  readonly q: string
}

const auditViews = ['traces', 'graph', 'first-seen', 'logins'] as const
export type AuditView = (typeof auditViews)[number]

export interface AuditState extends Frame, TraceFilter {
  readonly view: AuditView
  readonly by: Grouping | typeof auto
  readonly sel: string
  readonly node: string
  readonly from: string
  readonly table: boolean
}

const list = textList()

export const auditCodec = codecOf<AuditState>({
  ...frameParts,
  t: range({ from: 'now-1d', to: 'now' }),
  q: text(),
  actor: list,
  action: list,
  service: list,
  severity: list,
  address: list,
  resource: list,
  tenant: list,
  region: list,
  view: oneOf(auditViews, 'traces'),
  by: oneOf([auto, ...groupings], auto),
  sel: text(),
  node: text(),
  from: text(),
  table: flag('off'),
})

export const noFilter = {
  q: '',
  actor: [],
  action: [],
  service: [],
  severity: [],
  address: [],
  resource: [],
  tenant: [],
  region: [],
} as const satisfies TraceFilter

export function isFiltered(filter: TraceFilter): boolean {
  return filter.q !== '' || facets.some((facet) => filter[facet].length > 0)
}

export function only(value: string | null): readonly string[] {
  return [value ?? noValue]
}

export function without(values: readonly string[], value: string | null): readonly string[] {
  return leftOut(values, value ?? noValue)
}
