import type { PriceList } from '../price-list.ts'

const source = 'https://docs.digitalocean.com/products/droplets/details/pricing/ (edited 2025-05-07)'

export const digitalocean: PriceList = {
  name: 'DigitalOcean',
  date: '2025-05-07',
  provider: 'digitalocean',
  currency: 'USD',
  unit: 'GiB',
  zone_region: '^(.*)$',
  prices: [
    { kind: 'ingress', region: null, price: '0', source, note: null },
    { kind: 'egress', region: null, price: '0.01', source, note: 'Beyond the pooled allowance of the Droplets' },
  ],
  invoice: [{ kind: 'egress', pattern: '(?i)bandwidth' }],
}
