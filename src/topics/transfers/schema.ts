import { Array as ArrayOf, Integer, Object as ObjectOf, Optional, String as Text, Unsafe } from 'typebox'
import { lostFlows, stoppedTimes } from '../flows/schema.ts'
import { reporters, reportersText } from '../row-selection.ts'
import { decimal, largestFirst, nullText, oneOf, orNull, parameters, timeRange, type Of } from '../schema.ts'
import { spanFrom } from '../time-span.ts'
import { transferKinds } from './price-list.ts'

export const transferGroups = ['pair', 'workload', 'namespace', 'team', 'zones'] as const
export type TransferGroup = (typeof transferGroups)[number]

export const TransfersParameters = parameters({
  filter: Optional(
    Text({ maxLength: 65_536, description: 'Filter of flows. Unset: every flow.', examples: ['src.ns = shop'] }),
  ),
  ...spanFrom('now-24h'),
  by: Optional(
    oneOf(transferGroups, {
      default: 'pair',
      description:
        'Group: `pair` of sender and receiver, `workload`, `namespace` or `team` of the sender (of the receiver for ' +
        'bytes from outside), or the `zones` of both. A team is a label of the workload, else of its namespace.',
    }),
  ),
  reporters: Optional(oneOf(reporters, { default: 'one', description: reportersText })),
  limit: Optional(Integer({ minimum: 1, maximum: 1000, default: 20, description: 'Maximum groups of a currency.' })),
})
export type TransfersQuery = Of<typeof TransfersParameters>

/** Beyond 2^53 a text. */
const bytes = () => Unsafe<number | string>({ type: ['number', 'string'], description: 'Estimated bytes.' })

const KindCost = ObjectOf({
  kind: oneOf(transferKinds, {
    description:
      '`cross_zone` and `cross_region` between zones, `egress` to the internet, `ingress` from it, `nat` through a ' +
      'NAT gateway, `load_balancer` through a load balancer.',
  }),
  bytes: bytes(),
  cost: decimal(),
})
export type KindCost = Of<typeof KindCost>

const sums = () => ({
  bytes: bytes(),
  cost: decimal('Exact decimal with up to nine decimals.'),
  kinds: ArrayOf(KindCost, { description: 'Kinds with bytes. A byte can be of two kinds.' }),
})
const AnySums = ObjectOf(sums())
export type TransferSums = Of<typeof AnySums>

export const unpricedReasons = [
  'source_zone_unknown',
  'destination_zone_unknown',
  'zones_unknown',
  'service',
  'private_peer',
  'outside',
  'no_list',
  'no_price',
] as const
export type UnpricedReason = (typeof unpricedReasons)[number]

const Unpriced = ObjectOf({
  reason: oneOf(unpricedReasons, {
    description:
      'Unknown zone of source, destination or both; `service`: the address of a Service, so that the pod and its ' +
      'zone are unknown; `private_peer`: a private address that is no object; `outside`: no end is an object; ' +
      '`no_list`: the cluster has no price list; `no_price`: the list has no price of `kind` in `region`.',
  }),
  list: nullText('Name of the price list.'),
  kind: orNull(oneOf(transferKinds)),
  region: nullText('null: a region without separate prices.'),
  flows: Integer(),
  bytes: bytes(),
})
export type Unpriced = Of<typeof Unpriced>

const UsedPrice = ObjectOf({
  list: Text(),
  date: Text({ description: 'Day from which the prices are known.' }),
  kind: oneOf(transferKinds),
  region: nullText('null: all others.'),
  price: decimal(),
  currency: Text(),
  unit: oneOf(['GiB', 'GB']),
  source: nullText('Where the price is published.'),
  note: nullText(),
})
export type UsedPrice = Of<typeof UsedPrice>

const InvoiceLine = ObjectOf({
  provider: Text(),
  currency: Text(),
  kind: oneOf(transferKinds),
  computed: decimal('From flows.'),
  invoiced: decimal('From rows of costs.'),
  difference: decimal('Computed − invoiced.'),
})
export type InvoiceLine = Of<typeof InvoiceLine>

export const Transfers = ObjectOf(
  {
    span: timeRange(),
    by: oneOf(transferGroups),
    currencies: ArrayOf(
      ObjectOf({
        currency: Text(),
        ...sums(),
        groups: largestFirst(
          ObjectOf({
            from: nullText('Sender or its zone; the only name of groups without a second end.'),
            to: nullText('Receiver or its zone; null for groups with one name.'),
            ...sums(),
          }),
        ),
        others: ObjectOf({ groups: Integer(), ...sums() }, { description: 'Sums of the remaining groups.' }),
      }),
      { description: 'Money of different currencies is never added. Groups and others add up to the sums.' },
    ),
    unpriced: ArrayOf(Unpriced, { description: 'Flows without money, or with one kind missing, by reason.' }),
    prices: ArrayOf(UsedPrice, { description: 'Prices that the sums use.' }),
    invoice: ObjectOf(
      {
        span: orNull(ObjectOf({ from: Text(), to: Text() }, { description: 'Whole days, UTC, the end exclusive.' })),
        note: nullText('Why there is no comparison.'),
        lines: ArrayOf(InvoiceLine),
      },
      { description: 'The same money as rows of costs have it, for the whole days of the time range.' },
    ),
    since: Optional(Text({ description: 'Time of the oldest stored flow, if the range begins earlier.' })),
    stored_to: Optional(Text({ description: 'Flows received later are not stored yet.' })),
    lost: Optional(lostFlows()),
    stopped: Optional(stoppedTimes()),
  },
  { $id: 'Transfers' },
)
export type Transfers = Of<typeof Transfers>
