/** Which price list applies to which flows, and the price of each way that a byte can take. */
import { bytesOf, type PriceList, type TransferKind } from './price-list.ts'

export type TransferRule = Readonly<{
  list: PriceList
  /** Clusters of the flows; empty: all clusters without a rule. */
  clusters: readonly string[]
  /** Connections from inside to the internet pass a NAT gateway. */
  nat: boolean
  /** Connections from the internet pass a load balancer even if the flow names no Service. */
  inbound: boolean
}>

/** The kinds of money of a step: a path, and what the bytes pass on it. */
export const kindsOfStep: Readonly<Record<string, readonly TransferKind[]>> = {
  same_zone: [],
  cross_zone: ['cross_zone'],
  cross_region: ['cross_region'],
  internet_out: ['egress'],
  internet_in: ['ingress'],
  'internet_out+nat': ['egress', 'nat'],
  'internet_in+nat': ['ingress', 'nat'],
  'internet_out+lb': ['egress', 'load_balancer'],
  'internet_in+lb': ['ingress', 'load_balancer'],
}

/** Undefined: the list has no price for the kind in the region. */
export function priceOf({ prices }: PriceList, kind: TransferKind, region: string): string | undefined {
  const ofKind = prices.filter((price) => price.kind === kind)
  return (ofKind.find((price) => price.region === region) ?? ofKind.find((price) => price.region === null))?.price
}

/** Regions with separate prices. */
export const regionsOf = ({ prices }: PriceList): readonly string[] => [
  ...new Set(prices.flatMap(({ region }) => region ?? [])),
]

/** `<rule>/<step>/<region>`; the region is empty without separate prices, the rule is -1 without a list. */
export type TransferClass = Readonly<{ rule: TransferRule | undefined; step: string; region: string }>

export function classOf(text: string, rules: readonly TransferRule[]): TransferClass {
  const [rule = '', step = '', ...region] = text.split('/')
  return { rule: rules[Number(rule)], step, region: region.join('/') }
}

/** Classes that cost money, each with the money of a byte. Only ranks use it. */
export function ratesOf(rules: readonly TransferRule[]): readonly (readonly [string, number])[] {
  return rules.flatMap(({ list }, rule) =>
    Object.entries(kindsOfStep).flatMap(([step, kinds]) =>
      ['', ...regionsOf(list)].flatMap((region) => {
        const price = kinds.reduce((sum, kind) => sum + Number(priceOf(list, kind, region) ?? 0), 0)
        return price === 0 ? [] : [[`${rule}/${step}/${region}`, price / Number(bytesOf(list.unit))] as const]
      }),
    ),
  )
}
