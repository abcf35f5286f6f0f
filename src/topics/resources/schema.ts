import { Array as ArrayOf, Integer, Object as ObjectOf, Optional, String as Text } from 'typebox'
import type { ResourceData } from '../../model/kubernetes.ts'
import { ChangeRow } from '../changes/schema.ts'
import { placeParameters } from '../place.ts'
import { atParameter, described, names, nullText, orNull, pageFrame, parameters, type Of } from '../schema.ts'

export const ResourcesParameters = parameters({
  filter: Optional(
    Text({
      maxLength: 65_536,
      description: 'Filter (see `weir help filters`). Unset: every object.',
      examples: ['kind = Pod and not phase = Running and label = "app=web"'],
    }),
  ),
  ...placeParameters,
  at: atParameter,
  node: names('Nodes of pods, comma-separated.'),
  phase: names('Phases of pods, comma-separated.', ['Running']),
  owner: names('Names of owners, comma-separated.'),
  limit: Optional(Integer({ minimum: 1, maximum: 1000, default: 100, description: 'Maximum objects of a page.' })),
  cursor: names('`next` of the previous page. All other parameters must be the same; `at` is that of the first page.'),
})

const resource = () => ({
  cluster: Text(),
  group: Text(),
  kind: Text(),
  namespace: nullText(),
  name: Text(),
  uid: Text(),
  ref: Text(),
  labels: described<Readonly<Record<string, string>> | null>('An object, or null.'),
  node: nullText(),
  zone: nullText(),
  phase: nullText(),
  status: nullText('As kubectl shows it: Running, CrashLoopBackOff, Ready, Terminating; null: the kind has none.'),
  ready: orNull(Integer({ description: 'Containers of a pod, pods of a workload, completions of a job.' })),
  desired: orNull(Integer()),
  restarts: orNull(Integer()),
  images: ArrayOf(Text()),
  addresses: ArrayOf(Text()),
  conditions: described<ResourceData['conditions'] | null>('A list of `type`, `status` and `reason`, or null.'),
  owner_kind: nullText(),
  owner_name: nullText(),
  owner_uid: nullText(),
  created: nullText(),
  valid_from: Text({ description: 'Last change of content or status.' }),
  valid_to: nullText('null: still valid.'),
  resource_version: nullText(),
})

export const ResourceRow = ObjectOf(resource())
export type ResourceRow = Of<typeof ResourceRow>

/** The SELECT list of rows. */
export const resourceColumns =
  'cluster, api_group AS "group", kind, namespace, name, uid, ref, labels, node, zone, phase, status, ready, ' +
  'desired, restarts, images, addresses, conditions, owner_kind, owner_name, owner_uid, created, ' +
  'valid_from, valid_to, resource_version'

export const ResourcePage = ObjectOf({ resources: ArrayOf(ResourceRow), ...pageFrame() }, { $id: 'ResourcePage' })
export type ResourcePage = Of<typeof ResourcePage>

export const ResourceParameters = parameters({
  ref: Text({
    minLength: 1,
    maxLength: 2000,
    description: 'The object: `k8s:<cluster>/<group>/<kind>/<namespace>/<name>`.',
    examples: ['k8s:prod-eu//Pod/shop/web-1'],
  }),
  at: atParameter,
})

const Relation = ObjectOf({
  relation: Text(),
  from: Text(),
  to: Text(),
  valid_from: Text(),
  valid_to: nullText(),
})
export type Relation = Of<typeof Relation>

const related = (description: string) => ArrayOf(Relation, { description })

const ResourceVersion = ObjectOf({
  uid: Text(),
  resource_version: nullText(),
  operation: nullText('Event that created this version; null: the first list.'),
  valid_from: Text(),
  valid_to: nullText('null: still valid.'),
  images: ArrayOf(Text(), { description: 'Images of its containers, or of those of its pods.' }),
})
export type ResourceVersion = Of<typeof ResourceVersion>

const count = () => orNull(Integer())

const ObjectState = ObjectOf(
  {
    images: ArrayOf(ObjectOf({ container: Text(), image: Text() })),
    replicas: orNull(ObjectOf({ desired: count(), ready: count(), updated: count() })),
    strategy: nullText('Type and limits of an update.'),
    conditions: ArrayOf(
      ObjectOf({
        type: Text(),
        status: Text({ description: '`True`, `False` or `Unknown`.' }),
        reason: nullText(),
        message: nullText(),
        since: nullText(),
      }),
    ),
  },
  { description: 'Of the manifest; null without it. `replicas` and `strategy` are null for other kinds.' },
)
export type ObjectState = Of<typeof ObjectState>

const ClusterEvent = ObjectOf({
  id: Text(),
  time: Text(),
  type: nullText(),
  reason: nullText(),
  message: nullText(),
  reporter: nullText(),
  count: count(),
  pos: Text(),
})
export type ClusterEvent = Of<typeof ClusterEvent>

const ResourceNow = ObjectOf(
  {
    ...resource(),
    data: described<Partial<ResourceData>>('All known properties: addresses, owners, images, ports …'),
  },
  { description: 'State at that time, with all known properties in `data`; null: it did not exist.' },
)
export type ResourceNow = Of<typeof ResourceNow>

export const Resource = ObjectOf(
  {
    ref: Text(),
    at: Text(),
    manifest: described<Readonly<Record<string, unknown>> | null>(
      'The object at that time, as returned by the API server, without noise and secrets; null: see `manifest_note`.',
    ),
    manifest_note: nullText('Reason for a missing manifest.'),
    versions: ArrayOf(ResourceVersion, {
      description:
        'Versions of the object with their validity, newest first. Versions that differ only in noise are combined.',
    }),
    moments: ArrayOf(Text(), {
      description:
        'Times at which content or status changed, and at which the object was deleted or created again, ascending; ' +
        'the last 5000.',
    }),
    state: orNull(ObjectState),
    now: orNull(ResourceNow),
    intervals: ArrayOf(ResourceRow, {
      description: 'States, newest first. Recreated objects with the same name have different uids.',
    }),
    owners: related("At that time: its owner, the owner's owner, and so on."),
    owned: related('At that time: objects that it owns, directly and indirectly.'),
    relations: related('At that time: its node, images and namespace, services that select it, pods of a node.'),
    changes: ArrayOf(ChangeRow, { description: 'The last ones before that time, newest first.' }),
    events: ArrayOf(ClusterEvent, {
      description: 'Kubernetes events about it before that time, newest first.',
    }),
  },
  { $id: 'Resource' },
)
export type Resource = Of<typeof Resource>
