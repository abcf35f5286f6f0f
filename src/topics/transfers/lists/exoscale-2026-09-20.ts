import type { PriceList } from '../price-list.ts'

const source =
  'Exoscale Academy, lesson Traffic: https://github.com/zihanKuang/exoscale-academy, content/learning-paths/' +
  '98e16360-a366-4b78-8e0a-031da07fdacb/advanced-course/basics/content/traffic.md'

/** https://www.exoscale.com/pricing/ has the price of outgoing traffic, by currency; this list has none. */
export const exoscale: PriceList = {
  name: 'Exoscale',
  date: '2026-09-20',
  provider: 'exoscale',
  currency: 'CHF',
  unit: 'GB',
  zone_region: '^(.*)$',
  prices: [
    { kind: 'cross_zone', region: null, price: '0', source, note: 'Also beyond the borders of zones' },
    { kind: 'cross_region', region: null, price: '0', source, note: 'Also beyond the borders of zones' },
    { kind: 'ingress', region: null, price: '0', source, note: null },
  ],
  invoice: [],
}
