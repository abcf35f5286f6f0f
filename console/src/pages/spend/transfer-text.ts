import type { Transfers, UnpricedReason } from '../../../../src/topics/transfers/schema.ts'
import type { TransferGroup } from './transfer-groups.ts'

type Kind = Transfers['invoice']['lines'][number]['kind']

export const transferGroupNames: Readonly<Record<TransferGroup, string>> = {
  pair: 'Pair',
  workload: 'Workload',
  namespace: 'Namespace',
  team: 'Team',
  zones: 'Zones',
}

export const kindNames: Readonly<Record<Kind, string>> = {
  cross_zone: 'Between zones',
  cross_region: 'Between regions',
  egress: 'To the internet',
  ingress: 'From the internet',
  nat: 'NAT gateway',
  load_balancer: 'Load balancer',
}

export const reasonNames: Readonly<Record<UnpricedReason, string>> = {
  source_zone_unknown: 'the zone of the sender is unknown',
  destination_zone_unknown: 'the zone of the receiver is unknown',
  zones_unknown: 'both zones are unknown',
  service: 'the address of a Service: its pod and zone are unknown',
  private_peer: 'a private address that is no object of a cluster',
  outside: 'no end is an object of a cluster',
  no_list: 'the cluster has no price list',
  no_price: 'the list has no price',
}

export const transferText = {
  transfers: 'Transfers',
  group: 'Group transfers by',
  loading: 'Loading transfers …',
  noFlows: 'No flows in the time range.',
  noList: 'No price list is configured. Set the prices of transfers between zones and to the internet:',
  recipe: 'spend:\n  transfers:\n    lists:\n      - list: aws   # or file: /etc/weir/prices.yaml',
  costs: (currency: string) => `Transfers in ${currency}`,
  from: 'From',
  to: 'To',
  bytes: 'Bytes',
  none: '(none)',
  others: (groups: number) => `${groups} others`,
  unpriced: (bytes: string) => `${bytes} without a price`,
  part: (bytes: string, flows: number) => `${bytes} of ${flows} flows:`,
  noPrice: (list: string, kind: string, region: string) => `list ${list} has no price “${kind}” for ${region}`,
  otherRegions: 'other regions',
  notCompared: (note: string) => `Not compared with invoices: ${note}`,
  invoice: (from: string, to: string) => `Compared with invoices, ${from} to before ${to}`,
  kind: 'Kind',
  computed: 'From flows',
  invoiced: 'Invoiced',
  difference: 'Difference',
} as const
