import {
  Array as ArrayOf,
  Boolean as Flag,
  Integer,
  Object as ObjectOf,
  Optional,
  String as Text,
  Unsafe,
} from 'typebox'
import type { PatchStep } from '../../model/kubernetes.ts'
import { eventCoverage } from '../event-coverage.ts'
import { placeParameters } from '../place.ts'
import {
  described,
  groupLimits,
  names,
  nextPage,
  nullText,
  oneOf,
  orNull,
  parameters,
  spanCursor,
  timeRange,
  type Of,
} from '../schema.ts'
import { spanParameters } from '../time-span.ts'

const selection = {
  filter: Optional(
    Text({
      maxLength: 65_536,
      description: 'Filter (see `weir help filters`). Unset: every change.',
      examples: ['kind = Deployment and not actor = system:*'],
    }),
  ),
  ...placeParameters,
  uid: Optional(Text({ maxLength: 500, description: 'Id of one object.' })),
  operation: Optional(
    Text({ description: 'created, updated, deleted; comma-separated.', examples: ['created,deleted'] }),
  ),
  actor: names('Users or field managers, comma-separated.', ['alice,kubectl-edit']),
  actor_ref: Optional(
    Text({
      maxLength: 8192,
      description:
        'Actors in the form of GET /api/v1/audit, comma-separated (a comma within a value as `\\,`). The ' +
        'domain is part of the actor.',
      examples: ['user:prod-eu/alice'],
    }),
  ),
  ...spanParameters,
  noise: Optional(
    oneOf(['hidden', 'shown'], {
      default: 'hidden',
      description: 'Changes without meaning, such as heartbeats, by the noise rules of the source.',
    }),
  ),
}

export const ChangesParameters = parameters({
  ...selection,
  limit: Optional(Integer({ minimum: 1, maximum: 1000, default: 100, description: 'Maximum changes of a page.' })),
  cursor: spanCursor,
})
export type ChangesQuery = Of<typeof ChangesParameters>

export const changeGroups = ['operation', 'kind', 'namespace', 'cluster', 'actor'] as const

export const ChangeSumsParameters = parameters({
  ...selection,
  by: Optional(oneOf(changeGroups, { default: 'operation', description: 'Field to group by.' })),
  ...groupLimits,
})

export const ChangeParameters = parameters({
  pos: Text({ minLength: 1, maxLength: 1000, description: '`pos` of the change.' }),
})

export const ChangeGapsParameters = parameters({ cluster: placeParameters.cluster, ...spanParameters })

const change = () => ({
  time: Text(),
  cluster: Text(),
  group: Text(),
  kind: Text(),
  namespace: nullText(),
  name: Text(),
  uid: Text(),
  ref: Text(),
  operation: nullText('created, updated or deleted.'),
  actor: nullText('The user from the audit log if available, else the field manager.'),
  actor_kind: orNull(oneOf(['user', 'manager'])),
  actor_ref: nullText('The actor in the form of GET /api/v1/audit, if the audit log has it.'),
  manager: nullText(),
  audit_id: nullText(),
  coalesced: Flag(),
  initial: Flag(),
  noise: ArrayOf(Text()),
  paths: ArrayOf(Text()),
  diff: described<readonly PatchStep[] | null>('JSON Patch from old to new (RFC 6902).'),
  resource_version: nullText(),
  pos: Text({ description: 'Permanent id of the change.' }),
})

export const ChangeRow = ObjectOf(change())
export type ChangeRow = Of<typeof ChangeRow>

export const Change = ObjectOf(
  {
    ...change(),
    old: described<object | null>('The object before; null if it was created.'),
    new: described<object | null>('The object after; null if it was deleted.'),
  },
  { $id: 'Change' },
)
export type Change = Of<typeof Change>

const hiddenChanges = (description: string) =>
  ObjectOf(
    {
      total: Integer(),
      rules: Unsafe<Readonly<Record<string, number>>>({ type: 'object', additionalProperties: Integer() }),
    },
    { description: `${description}, in total and by rule (a change may match several rules).` },
  )

export const ChangePage = ObjectOf(
  {
    changes: ArrayOf(ChangeRow),
    next: nextPage(),
    span: timeRange(),
    hidden: Optional(hiddenChanges('On the first page, if noise is hidden: matching changes that are not shown')),
  },
  { $id: 'ChangePage' },
)
export type ChangePage = Of<typeof ChangePage>
export type HiddenChanges = NonNullable<ChangePage['hidden']>

export const ChangeSums = ObjectOf(
  {
    span: timeRange(),
    step: Integer({ description: 'Length of a bucket in seconds.' }),
    by: Text(),
    total: Integer({ description: 'Matching changes, without hidden ones.' }),
    groups: ArrayOf(ObjectOf({ value: nullText(), changes: Integer() }), { description: 'Largest first.' }),
    others: ObjectOf({ groups: Integer(), changes: Integer() }, { description: 'Number of remaining groups.' }),
    buckets: ArrayOf(ObjectOf({ time: Text(), changes: ArrayOf(Integer()) }), {
      description:
        'Start of each bucket, with the number of changes in each of `groups` and in the rest. Empty buckets are ' +
        'omitted.',
    }),
    hidden: Optional(hiddenChanges('If noise is hidden: matching changes that are not counted above')),
    ...eventCoverage,
  },
  { $id: 'ChangeSums' },
)
export type ChangeSums = Of<typeof ChangeSums>

export const maxGaps = 100

const ChangeGap = ObjectOf({
  time: Text({ description: 'Time at which the difference was found; it was then repaired.' }),
  since: nullText('Last time at which the known state was verified; null: unknown.'),
  cluster: Text(),
  group: Text(),
  resource: Text({ description: 'Plural form, as in API paths.' }),
  missing: Integer({ description: 'Objects that existed but were unknown.' }),
  stale: Integer({ description: 'Objects known in an older state.' }),
  extra: Integer({ description: 'Known objects that no longer existed.' }),
  cause: Text(),
  pos: Text(),
})
export type ChangeGap = Of<typeof ChangeGap>

export const ChangeGaps = ObjectOf(
  {
    span: timeRange(),
    total: Integer(),
    gaps: ArrayOf(ChangeGap, { description: `The newest ${maxGaps}, newest first.` }),
  },
  { $id: 'ChangeGaps' },
)
export type ChangeGaps = Of<typeof ChangeGaps>
