/** Price lists of transfers: those of Weir, and the form of files of users. */
import {
  Complaint,
  choice,
  defineSchema,
  group,
  list,
  parseYaml,
  text,
  validate,
  type ConfigOf,
} from '../../schema/index.ts'
import { regexProblem } from '../../query/regex.ts'

/** Kinds of money. A byte can cost in several: out to the internet through a NAT gateway. */
export const transferKinds = ['cross_zone', 'cross_region', 'egress', 'ingress', 'nat', 'load_balancer'] as const
export type TransferKind = (typeof transferKinds)[number]

const pattern = (description: string, example: string) => ({ description, required: true, example }) as const

const priceGroup = group(
  {
    kind: choice(transferKinds, { description: 'What the price is for', required: true, example: 'egress' }),
    region: text({
      description: 'Region of the paying zone. Unset: all others',
      default: null,
      example: 'eu-central-1',
    }),
    price: text(
      { description: 'Price of one unit, as exact decimal in quotes', required: true, example: '0.09' },
      { pattern: /\d{1,6}(\.\d{1,9})?/, expects: 'a decimal number with up to nine decimals such as 0.09' },
    ),
    source: text({ description: 'Where the price is published', default: null, example: 'https://example.com/prices' }),
    note: text({ description: 'What the price does not cover', default: null, example: 'First paid tier' }),
  },
  { description: 'A price', required: true, example: { kind: 'egress', price: '0.09' } },
)

const invoiceGroup = group(
  {
    kind: choice(transferKinds, { description: 'What the line is for', required: true, example: 'egress' }),
    pattern: text(pattern('Regular expression (RE2) of SKU, meter or description of a line', 'DataTransfer-Out-Bytes')),
  },
  { description: 'Lines of an invoice', required: true, example: { kind: 'egress', pattern: 'DataTransfer-Out' } },
  ({ pattern: written }) => patternComplaint(written, 'pattern'),
)

const units = ['GiB', 'GB'] as const

export const priceListSchema = defineSchema({
  type: 'transfer-prices',
  role: 'setting',
  summary: 'Prices of transfers in a cloud network',
  fields: {
    name: text({ description: 'Name of the list', required: true, example: 'Our contract' }),
    date: text(
      { description: 'Day from which the prices are known', required: true, example: '2026-11-01' },
      { pattern: /\d{4}-\d{2}-\d{2}/, expects: 'a day such as 2026-11-01' },
    ),
    provider: text({ description: 'Provider, as costs name it', required: true, example: 'aws' }),
    currency: text(
      { description: 'Currency', required: true, example: 'EUR' },
      { pattern: /[A-Z]{3}/, expects: 'three capital letters' },
    ),
    unit: choice(units, { description: 'Unit of all prices: 2^30 bytes (GiB) or 10^9 bytes (GB)', default: 'GiB' }),
    zone_region: text({
      description: 'Regular expression (RE2) of a zone; its first group is the region',
      default: '^(.*)$',
      example: '^(.*[0-9])[a-z]$',
    }),
    prices: list(priceGroup, { description: 'Prices', required: true, example: [{ kind: 'egress', price: '0.09' }] }),
    invoice: list(invoiceGroup, { description: 'Lines of invoices to compare with', default: [] }),
  },
  check: ({ prices, zone_region: zoneRegion }) => {
    const keys = prices.map(({ kind, region }) => `${kind} ${region ?? ''}`)
    const twice = keys.findIndex((key, at) => keys.indexOf(key) !== at)
    if (twice >= 0)
      return new Complaint(`two prices are for ${keys[twice]!.trim()}`, 'keep one of them', ['prices', twice])
    return patternComplaint(zoneRegion, 'zone_region')
  },
})

export type PriceList = ConfigOf<typeof priceListSchema>

function patternComplaint(written: string, field: string): Complaint | null {
  const problem = regexProblem(written)
  return problem === undefined ? null : new Complaint(problem, 'write a regular expression of RE2', [field])
}

/** Bytes of a unit of the list. */
export const bytesOf = (unit: PriceList['unit']): bigint => (unit === 'GiB' ? 1n << 30n : 1_000_000_000n)

/** Throws with the places of all mistakes. */
export function readPriceList(content: string, file: string): PriceList {
  const result = validate(priceListSchema, parseYaml(content, file))
  if (result.problems === undefined) return result.value
  const texts = result.problems
    .slice(0, 3)
    .map(({ line, column, path, message, hint }) =>
      [`${file}:${line}:${column}: ${path} ${message}`, ...(hint === undefined ? [] : [hint])].join('; '),
    )
  throw new Error(texts.join(' | '))
}
