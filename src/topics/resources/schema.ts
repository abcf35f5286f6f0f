import { Array as ArrayOf, Integer, Object as ObjectOf, Optional, String as Text } from 'typebox'
import { placeParameters } from '../place.ts'
import { atParameter, described, names, nullText, pageFrame, parameters, type Of } from '../schema.ts'

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

export const ResourceRow = ObjectOf({
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
  owner_kind: nullText(),
  owner_name: nullText(),
  owner_uid: nullText(),
  created: nullText(),
  valid_from: Text(),
  valid_to: nullText('null: still valid.'),
  resource_version: nullText(),
})
export type ResourceRow = Of<typeof ResourceRow>

/** The SELECT list of rows. */
export const resourceColumns =
  'cluster, api_group AS "group", kind, namespace, name, uid, ref, labels, node, zone, phase, owner_kind, ' +
  'owner_name, owner_uid, created, valid_from, valid_to, resource_version'

export const ResourcePage = ObjectOf({ resources: ArrayOf(ResourceRow), ...pageFrame() }, { $id: 'ResourcePage' })
export type ResourcePage = Of<typeof ResourcePage>
