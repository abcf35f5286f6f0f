import type { PriceList } from '../price-list.ts'

const rates = 'https://www.usage.ai/blogs/aws/networking-cost/data-transfer-costs/ (updated 2026-06-02)'
const nat = 'https://leanopstech.com/blog/aws-data-transfer-pricing-2026/ (2026-04-27)'

/** https://aws.amazon.com/ec2/pricing/on-demand/ has the current prices of every region. */
export const aws: PriceList = {
  name: 'AWS',
  date: '2026-07-01',
  provider: 'aws',
  currency: 'USD',
  unit: 'GiB',
  zone_region: '^([a-z]+(?:-[a-z]+)+-[0-9]+)',
  prices: [
    { kind: 'cross_zone', region: null, price: '0.02', source: rates, note: '0.01 at each end of the same byte' },
    { kind: 'ingress', region: null, price: '0', source: rates, note: null },
    {
      kind: 'egress',
      region: 'us-east-1',
      price: '0.09',
      source: rates,
      note: 'First paid tier, up to 10 TB a month; the first 100 GB of a month are free',
    },
    { kind: 'nat', region: 'us-east-1', price: '0.045', source: nat, note: 'Data processed; hours are extra' },
  ],
  invoice: [
    { kind: 'cross_zone', pattern: 'DataTransfer-Regional-Bytes' },
    { kind: 'egress', pattern: 'DataTransfer-Out-Bytes' },
    { kind: 'nat', pattern: 'NatGateway-Bytes' },
    { kind: 'load_balancer', pattern: '(LCUUsage|DataProcessing-Bytes)$' },
    { kind: 'cross_region', pattern: '[A-Z0-9]+-AWS-Out-Bytes' },
  ],
}
