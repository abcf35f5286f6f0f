import { dash } from '../dash.tsx'
import type { CloudRow } from './requests.ts'
import { shortTime } from '../format.ts'
import { findingText, StateText, typeText } from './texts.tsx'
import type { GridColumn } from '../grid.tsx'
import { money } from '../money.ts'
import { generalText } from '../../text/general.ts'
import { inventoryText } from './text.ts'

const name: GridColumn<CloudRow> = {
  id: 'name',
  line: 1,
  title: generalText.name,
  width: 150,
  grow: 2,
  cell: (row) => <span title={row.id}>{row.name}</span>,
}

const finding: GridColumn<CloudRow> = {
  id: 'finding',
  line: 2,
  title: inventoryText.finding,
  width: 136,
  cell: ({ finding }) => (finding === null ? dash : <span className="warning">{findingText(finding)}</span>),
}

const others: readonly GridColumn<CloudRow>[] = [
  { id: 'type', line: 2, title: generalText.type, width: 150, cell: ({ type }) => typeText(type) },
  { id: 'state', line: 2, title: inventoryText.state, width: 94, cell: ({ state }) => <StateText of={state} /> },
  { id: 'size', title: inventoryText.size, width: 128, cell: ({ size }) => size ?? dash },
  { id: 'provider', title: inventoryText.provider, width: 104, cell: ({ provider }) => provider },
  { id: 'account', title: inventoryText.account, width: 80, grow: 1, cell: ({ account }) => account },
  { id: 'region', title: generalText.region, width: 88, cell: ({ region }) => region },
  {
    id: 'price',
    line: 1,
    title: inventoryText.price,
    width: 120,
    end: true,
    cell: ({ cost_per_hour: price, currency }) => (price === null ? dash : money(price, currency)),
  },
]

const changed: GridColumn<CloudRow> = {
  id: 'changed',
  title: inventoryText.lastChange,
  width: 116,
  cell: ({ last_change: at }) => (at === null ? dash : <span className="mono">{shortTime(at)}</span>),
}

export const columns = {
  resources: [name, ...others, finding, changed],
  findings: [finding, name, ...others, changed],
} as const satisfies Readonly<Record<string, readonly GridColumn<CloudRow>[]>>
