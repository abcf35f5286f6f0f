import type { PriceList } from '../price-list.ts'

const source = 'https://open-telekom-cloud.com/en/prices/pricing-models/network (read 2026-11-30)'

/** The calculator of Open Telekom Cloud has the scale of outgoing traffic; this list has none. */
export const otc: PriceList = {
  name: 'Open Telekom Cloud',
  date: '2026-11-30',
  provider: 'otc',
  currency: 'EUR',
  unit: 'GiB',
  zone_region: '^(.*?)-[0-9]+$',
  prices: [
    { kind: 'cross_zone', region: null, price: '0', source, note: 'Data transfer within the cloud is free' },
    { kind: 'ingress', region: null, price: '0', source, note: 'Data transfer to the cloud is free' },
  ],
  invoice: [],
}
