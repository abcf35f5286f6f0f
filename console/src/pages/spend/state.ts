import type { Query } from '../../api/client.ts'
import { auto } from '../../state/auto.ts'
import { filters, groups, spans, type Filter, type Group, type Span } from './days.ts'
import { transferGroups, type TransferGroup } from './transfer-groups.ts'
import { codecOf } from '../../state/codec.ts'
import { listText, oneOf, text, textList } from '../../state/parts.ts'

interface Selection extends Readonly<Record<Filter, readonly string[]>> {
  readonly span: Span
  /** Key of the tag to group by; empty: the list of keys. */
  readonly tag: string
  /** Groups of transfers. */
  readonly transfers: TransferGroup
  /** Filter: `NAME=VALUE`. */
  readonly tags: readonly string[]
}

export interface SpendChoice extends Omit<Selection, 'span'> {
  readonly span: Span | typeof auto
  readonly by: Group | typeof auto
}

export interface SpendState extends Selection {
  readonly by: Group
}

const list = textList()

export const spendCodec = codecOf<SpendChoice>({
  span: oneOf([auto, ...spans], auto),
  by: oneOf([auto, ...groups], auto),
  tag: text(),
  transfers: oneOf(transferGroups, 'pair'),
  tags: list,
  provider: list,
  account: list,
  service: list,
  region: list,
  resource: list,
  namespace: list,
  workload: list,
  team: list,
})

export function selectionOf(state: Selection): Query {
  return { ...Object.fromEntries(filters.map((name) => [name, listText(state[name])])), tag: listText(state.tags) }
}
