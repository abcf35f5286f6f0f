import type { PanelProps } from '../../../parts/dashboards/kind.ts'
import { selected } from '../../../parts/dashboards/variables.ts'
import { daysOf, groups, spans, usualSpan, type Days, type Group, type Span } from '../days.ts'
import { transferGroups, type TransferGroup } from '../transfer-groups.ts'

/** The settings of a panel, as the page has them in its URL. */
export type PanelSelection = Readonly<{
  filters: Readonly<Record<string, string>>
  group: Group
  /** Key of the tag of group `tag`. */
  tag: string
  span: Span
  days: Days
  transfers: TransferGroup
}>

export function selectionOf(props: PanelProps): PanelSelection {
  const { span: chosen, tag = '', tags = '', transfers, ...filters } = selected(props)
  const span = spans.find((name) => name === chosen) ?? usualSpan(Date.now())
  return {
    filters: { ...filters, tag: tags },
    group: groups.find((name) => name === props.panel.group) ?? 'service',
    tag,
    span,
    days: daysOf(span, Date.now()),
    transfers: transferGroups.find((name) => name === transfers) ?? 'pair',
  }
}
