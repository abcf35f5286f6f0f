import type { Transfers, UnpricedReason } from '../../../../src/topics/transfers/schema.ts'
import type { TransferGroup } from './transfer-groups.ts'

export const groupNames = {
  service: 'Service',
  account: 'Account',
  provider: 'Provider',
  region: 'Region',
  resource: 'Resource',
  namespace: 'Namespace',
  workload: 'Workload',
  team: 'Team',
  charge_category: 'Charge category',
  tag: 'Tag',
} as const

export const spanNames = {
  month: 'This month',
  'last-month': 'Last month',
  quarter: 'Last 3 months',
  year: 'Last 12 months',
  days: 'Last 30 days',
} as const

export type Allocation = 'allocated' | 'shared' | 'idle'

export const allocationNames: Readonly<Record<Allocation, string>> = {
  allocated: 'allocated',
  shared: 'shared',
  idle: 'idle',
}

export const allocationHints: Readonly<Record<Allocation, string>> = {
  allocated: 'With a resource or a namespace.',
  shared: 'Without a resource and without a namespace.',
  idle: 'Of a resource that has a finding.',
}

export const budgetTexts = {
  kept: (rest: string) => `expected ${rest} below the budget`,
  expected: (excess: string) => `expected ${excess} above the budget`,
  exceeded: (excess: string) => `exceeded by ${excess}`,
} as const

export const spendText = {
  spend: 'Spend',
  span: 'Time range',
  group: 'Group by',
  tagKey: 'Tag',
  coverage: 'Coverage',
  tagValues: 'Values',
  tagsOf: (currency: string) => `Tags of costs in ${currency}`,
  tagsOfCosts: (cost: string) => `of ${cost} in total`,
  noTags: 'No cost has a tag.',
  byTag: (tag: string) => `Group by tag ${tag}`,
  coverageOf: (tag: string) => `Coverage of tag ${tag}`,
  ofTag: (tag: string) => `Tag: ${tag}`,
  allTags: 'Show all tags',
  filters: 'Filters',
  total: (currency: string) => `Total in ${currency}`,
  estimated: (cost: string) => `${cost} not final`,
  allFinal: 'all days are final',
  comparedWith: (from: string, to: string) => `compared with ${from} – ${to}`,
  noneBefore: 'no costs in the previous time range',
  costs: (currency: string) => `Costs in ${currency}`,
  byDay: (currency: string, step: string) => `Costs in ${currency} by ${step}`,
  day: 'day',
  month: 'month',
  notFinal: 'not final',
  others: 'others',
  unallocated: 'unallocated',
  currency: 'Currency',
  cost: 'Cost',
  share: 'Share',
  before: 'Previous',
  change: 'Change',
  costsBy: (group: string) => `Costs by ${group.toLowerCase()}`,
  costsOf: (currency: string, group: string) => `Costs in ${currency} by ${group.toLowerCase()}`,
  sharesBy: (group: string) => `Shares by ${group.toLowerCase()}`,
  sharesOf: (currency: string, group: string) => `Shares of costs in ${currency} by ${group.toLowerCase()}`,
  folded: (parts: string) => `${parts} small parts`,
  creditsNotDrawn: (credits: string) => `Credits have no area: ${credits}.`,
  movers: 'Largest changes',
  moversOf: (currency: string) => `Largest changes in ${currency}`,
  noMovers: 'No group changed.',
  percent: 'Percent',
  isNew: 'new',
  allocation: 'Allocation',
  allocationOf: (currency: string) => `Allocation of costs in ${currency}`,
  use: 'Allocation',
  meaning: 'Meaning',
  sum: 'Total',
  showFindings: 'Show findings',
  outlookOf: (currency: string) => `Forecast in ${currency}`,
  forecast: 'Forecast',
  forecastFor: (month: string) => `Forecast for ${month}`,
  noForecast: 'none: no day of the month is final yet',
  rateOf: (rate: string, days: string) => `${rate} a day, from ${days}`,
  rateOfEstimates: (rate: string) => `${rate} a day, from estimates, because no day is final`,
  openDays: (days: string) => `${days} not final, not in the rate`,
  budget: 'Budget',
  budgetOf: (account: string) => `Budget of ${account}`,
  budgetPerDay: 'budget per day',
  budgetPerMonth: 'budget per month',
  budgetBar: (cost: string, forecast: string, amount: string) =>
    `Costs ${cost}, forecast ${forecast}, budget ${amount}`,
  only: (value: string) => `Select only ${value}`,
  without: (name: string, value: string) => `${name}: ${value} ✕`,
  exportFocus: 'Export FOCUS',
  needsStore: 'Spend requires the store',
  noCosts: 'No costs',
  noneSince: (from: string) => `No costs since ${from}.`,
  noneInSpan: (from: string, to: string) => `No cost is stored from ${from} to ${to}.`,
  showYear: 'Show the last 12 months',
  configureHint:
    'Sources read costs from clouds (exoscale, digitalocean, aws). Source spend reads AWS Cost Explorer ' +
    '(cost_explorer), and files: FOCUS, reports of AWS, or other CSV. Providers publish the costs of a day up to two ' +
    'days later. For example:',
  recipe: `sources:
  spend:
    path: /var/lib/weir/spend`,
  reload: '.',
  tagMissing: 'Select a tag.',
}

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
