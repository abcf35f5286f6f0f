import {
  Array as ArrayOf,
  Boolean as Flag,
  Integer,
  Number as Real,
  Object as ObjectOf,
  Optional,
  String as Text,
  Unsafe,
} from 'typebox'
import {
  atParameter,
  decimal,
  described,
  names,
  nullText,
  oneOf,
  orNull,
  pageFrame,
  parameters,
  type Of,
} from '../schema.ts'

export const facetNames = ['provider', 'account', 'region', 'type', 'state', 'finding'] as const
export type FacetName = (typeof facetNames)[number]

const places = {
  provider: names('Providers, comma-separated.', ['exoscale']),
  account: names('Accounts, comma-separated.'),
  region: names('Regions, comma-separated.'),
  type: names('Types, comma-separated.', ['instance,volume']),
  state: names('States, comma-separated.', ['stopped']),
  finding: names('Findings, comma-separated.', ['detached,unused']),
  text: Optional(Text({ maxLength: 500, description: 'Text to search; case-insensitive.', examples: ['web'] })),
}

const filter = Optional(
  Text({
    maxLength: 65_536,
    description: 'Filter (see `weir help filters`). Unset: every resource.',
    examples: ['type = volume and exists(finding) and tag = "team=shop"'],
  }),
)

export const FacetsParameters = parameters({ filter, at: atParameter, ...places })

export const InventoryParameters = parameters({
  filter,
  at: atParameter,
  ...places,
  limit: Optional(Integer({ minimum: 1, maximum: 1000, default: 100, description: 'Maximum resources of a page.' })),
  cursor: names('`next` of the previous page. All other parameters must be the same; `at` is that of the first page.'),
})
export type InventoryQuery = Of<typeof InventoryParameters>

export const ResourceParameters = parameters({
  ref: Text({
    minLength: 1,
    maxLength: 2000,
    description: 'The resource: `<provider>:<account>/<region>/<type>/<id>`.',
    examples: ['aws:123456789012/eu-central-1/instance/i-0abc'],
  }),
  at: atParameter,
})

export const DiffParameters = parameters({
  filter,
  ...places,
  from: Text({
    maxLength: 64,
    description: 'Earlier time: `now-1d`, ISO 8601, or Unix milliseconds.',
    examples: ['now-1d'],
  }),
  to: Optional(Text({ maxLength: 64, default: 'now', description: 'Later time.' })),
  limit: Optional(Integer({ minimum: 1, maximum: 10_000, default: 1000, description: 'Maximum resources.' })),
})

const number = () => orNull(Real())

const resource = () => ({
  provider: Text(),
  account: Text(),
  region: Text(),
  type: Text(),
  id: Text(),
  name: Text(),
  state: Text(),
  parent: nullText(),
  raw_state: nullText(),
  size: nullText(),
  cpu_cores: number(),
  gpus: number(),
  memory_bytes: number(),
  disk_bytes: number(),
  nodes: number(),
  cost_per_hour: number(),
  created: nullText(),
  currency: nullText(),
  attached_to: ArrayOf(Text(), { description: 'Ids of resources; empty: none, or not stated.' }),
  addresses: ArrayOf(Text()),
  tags: described<Readonly<Record<string, string>> | null>('An object, or null.'),
  attributes: described<Readonly<Record<string, unknown>> | null>('An object, or null.'),
  finding: nullText('detached, unused, no_targets, stopped, old_snapshot or untagged.'),
  first_seen: Text(),
  last_change: nullText(),
  ref: Text(),
})

const InventoryRow = ObjectOf(resource())
export type InventoryRow = Of<typeof InventoryRow>

/** The SELECT list of rows. */
export const inventoryColumns = Object.keys(InventoryRow.properties).join(', ')

export const InventoryPage = ObjectOf({ resources: ArrayOf(InventoryRow), ...pageFrame() }, { $id: 'InventoryPage' })
export type InventoryPage = Of<typeof InventoryPage>

const facetValues = ArrayOf(ObjectOf({ value: Text(), resources: Integer() }))

export const InventoryFacets = ObjectOf(
  {
    at: Text({ description: 'Time of the state.' }),
    total: Integer({ description: 'Number of resources.' }),
    costs: ArrayOf(ObjectOf({ currency: Text(), per_hour: decimal() }), {
      description: 'Sums of prices of an hour. Different currencies are never added.',
    }),
    facets: Unsafe<Readonly<Record<FacetName, Of<typeof facetValues>>>>({
      type: 'object',
      description: 'Values with their number of resources, most first, that the other parameters select.',
      additionalProperties: facetValues,
    }),
  },
  { $id: 'InventoryFacets' },
)
export type InventoryFacets = Of<typeof InventoryFacets>

const value = () => Optional(Unsafe<unknown>({}))
const fieldChanges = (description: string) =>
  ArrayOf(ObjectOf({ path: Text(), from: value(), to: value() }), { description })

export const InventoryResource = ObjectOf(
  {
    ref: Text(),
    at: Text(),
    now: orNull(
      ObjectOf(
        { ...resource(), valid_from: Text(), valid_to: nullText(), data: Unsafe<unknown>({}) },
        { description: 'State at that time, with all known properties in `data`; null: it did not exist.' },
      ),
    ),
    changes: ArrayOf(
      ObjectOf({
        time: Text(),
        operation: Text(),
        state: nullText(),
        changes: orNull(fieldChanges('Path, old and new value; null: none.')),
        actor: nullText('Actor of the last audit event in the 15 minutes before, since the change before.'),
        audit: nullText('Id of the audit event.'),
      }),
      { description: 'Creations, changes and deletions before that time, newest first.' },
    ),
    relations: ArrayOf(
      ObjectOf({ relation: Text(), from: Text(), to: Text(), valid_from: Text(), valid_to: nullText() }),
      { description: 'At that time: attached resources, its cluster, node, addresses and services.' },
    ),
    audit: ArrayOf(
      ObjectOf({
        time: Text(),
        actor: nullText(),
        actor_name: nullText(),
        service: nullText(),
        action: nullText(),
        outcome: nullText(),
        resource: nullText(),
        resource_id: nullText(),
        id: nullText(),
      }),
      { description: 'Audit events with its id before that time, newest first.' },
    ),
    costs: orNull(
      ArrayOf(ObjectOf({ currency: Text(), billed: decimal() }), {
        description: 'Costs of the 30 days before, by currency; null: the store has no sums of costs.',
      }),
    ),
    traffic: orNull(
      ObjectOf(
        { node: Text(), sent: Text(), received: Text() },
        { description: 'Bytes of its Kubernetes node in the hour before that time; null: it is no node.' },
      ),
    ),
  },
  { $id: 'InventoryResource' },
)
export type InventoryResource = Of<typeof InventoryResource>

const differenceKinds = ['created', 'found', 'deleted', 'changed'] as const

const Difference = ObjectOf({
  kind: oneOf(differenceKinds, {
    description: '`found`: first listed between the times, and its creation is not known.',
  }),
  ref: Text(),
  provider: Text(),
  account: Text(),
  region: Text(),
  type: Text(),
  id: Text(),
  name: Text(),
  state: Text(),
  finding: nullText(),
  changes: fieldChanges('Path, old and new value.'),
})
export type Difference = Of<typeof Difference>

export const InventoryDiff = ObjectOf(
  {
    from: Text(),
    to: Text(),
    counts: ObjectOf(
      { created: Integer(), found: Integer(), deleted: Integer(), changed: Integer() },
      { description: 'Of all matching resources.' },
    ),
    more: Flag({ description: 'Whether `resources` has fewer than all.' }),
    resources: ArrayOf(Difference, {
      description: 'With the values of the later time; of deleted ones the last. Sorted as the list.',
    }),
  },
  { $id: 'InventoryDiff' },
)
export type InventoryDiff = Of<typeof InventoryDiff>
