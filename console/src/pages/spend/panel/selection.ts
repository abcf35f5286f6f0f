import type { PanelProps } from '../../../parts/dashboards/kind.ts'
import { selected } from '../../../parts/dashboards/variables.ts'
import type { Query } from '../../../api/client.ts'
import { daysBefore, daysOf, groups, spans, usualSpan, type Days, type Group, type Span } from '../days.ts'
import { readSpend, type SpendSums } from '../requests.ts'
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

/** As a parameter of the API. */
export const byOf = ({ group, tag }: PanelSelection): string => (group === 'tag' ? `tag:${tag}` : group)

export type Costs = Readonly<{ now: SpendSums; before: SpendSums }>

/** Costs of the selected days, and of as many before. */
export async function costsOf(selection: PanelSelection, shape: Query, signal: AbortSignal): Promise<Costs> {
  const { filters, days } = selection
  const query = { ...filters, by: byOf(selection) }
  const [now, before] = await Promise.all([
    readSpend({ ...query, ...days, ...shape }, signal),
    readSpend({ ...query, ...daysBefore(days), limit: 1000 }, signal),
  ])
  return { now, before }
}
