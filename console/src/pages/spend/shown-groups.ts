import type { SpendCurrency, SpendGroup, SpendSums } from './requests.ts'
import type { CsvColumn } from '../../parts/cell-text.ts'
import { count } from '../../parts/format.ts'
import { changeText, money } from '../../parts/money.ts'
import { generalText } from '../../text/general.ts'
import { groupNames, spendText } from './text.ts'
import { groupText, shareText } from './group-text.ts'
import type { SpendState } from './state.ts'

/** A line of the tables on the screen. */
export type ShownGroup = Readonly<{
  currency: string
  name: string
  cost: string
  /** Of the currency. */
  total: string
  before: string | undefined
  /** Absent for the sum of the other groups. */
  group?: SpendGroup
}>

type By = SpendState['by']

export function shownGroups(now: SpendSums, before: SpendSums | undefined, by: By): readonly ShownGroup[] {
  return now.currencies.flatMap((of) => {
    const earlier = before?.currencies.find(({ currency }) => currency === of.currency)
    return [...of.groups.map((group) => lineOf(of, group, earlier, by)), ...restOf(of)]
  })
}

function lineOf(
  { currency, cost: total }: SpendCurrency,
  group: SpendGroup,
  earlier: SpendCurrency | undefined,
  by: By,
): ShownGroup {
  const before = earlier?.groups.find(({ value }) => value === group.value)?.cost
  return { currency, name: groupText(group, by), cost: group.cost, total, before, group }
}

function restOf({ currency, cost: total, others }: SpendCurrency): readonly ShownGroup[] {
  const name = generalText.remaining(count(others.groups))
  return others.groups === 0 ? [] : [{ currency, name, cost: others.cost, total, before: undefined }]
}

export function shownColumns(by: By): readonly CsvColumn<ShownGroup>[] {
  return [
    { id: 'currency', title: spendText.currency, cell: ({ currency }) => currency },
    { id: 'group', title: groupNames[by], cell: ({ name }) => name },
    { id: 'cost', title: spendText.cost, cell: ({ cost, currency }) => money(cost, currency) },
    { id: 'share', title: spendText.share, cell: ({ cost, total }) => shareText(cost, total) },
    {
      id: 'before',
      title: spendText.before,
      cell: ({ before, currency }) => (before === undefined ? '–' : money(before, currency)),
    },
    { id: 'change', title: spendText.change, cell: ({ cost, before }) => changeText(cost, before) ?? '–' },
  ]
}

/** The exact values of a group; nothing for a sum of groups. */
export function rawGroup({ currency, group }: ShownGroup, by: By): object | undefined {
  return group === undefined ? undefined : { currency, by, ...group }
}
