import { expect, test } from 'vitest'
import { csvCells, csvTitles } from '../../parts/cell-text.ts'
import { rawGroup, shownColumns, shownGroups } from './shown-groups.ts'

const group = (value: string | null, cost: string) => ({ value, name: null, cost, estimated: '0' })
const currency = (groups: readonly ReturnType<typeof group>[], others: number) => ({
  span: { from: '2026-11-01', to: '2026-12-01' },
  by: 'service',
  currencies: [
    {
      currency: 'USD',
      cost: '2000.00',
      estimated: '0',
      groups,
      others: { groups: others, cost: '500.00', estimated: '0' },
      buckets: [],
    },
  ],
})

test('the groups are saved with the order, the amounts and the rest of the table, and raw with exact decimals', () => {
  const now = currency([group('Compute', '1234.567'), group(null, '265.43')], 3)
  const rows = shownGroups(now, currency([group('Compute', '1000')], 0), 'service')
  const columns = shownColumns('service')
  expect(csvTitles(columns)).toEqual(['Currency', 'Service', 'Cost', 'Share', 'Previous', 'Change'])
  expect(rows.map((row) => csvCells(columns, row))).toEqual([
    ['USD', 'Compute', '$1,234.57', '61.7%', '$1,000.00', '+23.5%'],
    ['USD', 'unallocated', '$265.43', '13.3%', null, null],
    ['USD', '3 others', '$500.00', '25.0%', null, null],
  ])
  expect(rows.flatMap((row) => rawGroup(row, 'service') ?? [])).toEqual([
    { currency: 'USD', by: 'service', value: 'Compute', name: null, cost: '1234.567', estimated: '0' },
    { currency: 'USD', by: 'service', value: null, name: null, cost: '265.43', estimated: '0' },
  ])
})
