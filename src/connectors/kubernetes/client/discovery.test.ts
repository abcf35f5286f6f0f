import { expect, test } from 'vitest'
import { fromAggregated, fromLegacy, isAggregated, legacyVersions, pathOf, typeKey } from './discovery.ts'

const watchable = ['create', 'get', 'list', 'watch', 'delete']
const resource = (name: string, kind: string, scope = 'Namespaced', verbs = watchable): object => ({
  resource: name,
  responseKind: { group: '', version: '', kind },
  scope,
  verbs,
})

const core = {
  kind: 'APIGroupDiscoveryList',
  items: [
    {
      versions: [
        {
          version: 'v1',
          freshness: 'Current',
          resources: [
            resource('pods', 'Pod'),
            resource('nodes', 'Node', 'Cluster'),
            resource('bindings', 'Binding', 'Namespaced', ['create']),
            resource('events', 'Event'),
            resource('componentstatuses', 'ComponentStatus', 'Cluster', ['get', 'list']),
          ],
        },
      ],
    },
  ],
}
const groups = {
  kind: 'APIGroupDiscoveryList',
  items: [
    {
      metadata: { name: 'apps' },
      versions: [
        { version: 'v1', freshness: 'Current', resources: [resource('deployments', 'Deployment')] },
        {
          version: 'v1beta1',
          freshness: 'Current',
          resources: [resource('deployments', 'Deployment'), resource('olds', 'Old')],
        },
      ],
    },
    {
      metadata: { name: 'events.k8s.io' },
      versions: [{ version: 'v1', freshness: 'Current', resources: [resource('events', 'Event')] }],
    },
    { metadata: { name: 'metrics.k8s.io' }, versions: [{ version: 'v1beta1', freshness: 'Stale', resources: [] }] },
  ],
}
const expected = {
  types: [
    { group: '', version: 'v1', resource: 'pods', kind: 'Pod', namespaced: true },
    { group: '', version: 'v1', resource: 'nodes', kind: 'Node', namespaced: false },
    { group: '', version: 'v1', resource: 'events', kind: 'Event', namespaced: true },
    { group: 'apps', version: 'v1', resource: 'deployments', kind: 'Deployment', namespaced: true },
    { group: 'apps', version: 'v1beta1', resource: 'olds', kind: 'Old', namespaced: true },
  ],
  unavailable: ['metrics.k8s.io'],
}

test('each type with get, list and watch appears once; unavailable groups are named', () => {
  expect(isAggregated(core) && isAggregated(groups) && fromAggregated(core, groups)).toEqual(expected)
  expect(isAggregated({ kind: 'APIGroupList', groups: [] })).toBe(false)
  expect(isAggregated(null)).toBe(false)
})

test('older servers describe the same types in several responses', () => {
  const versions = legacyVersions(
    { kind: 'APIVersions', versions: ['v1'] },
    {
      kind: 'APIGroupList',
      groups: [
        { name: 'apps', preferredVersion: { version: 'v1' }, versions: [{ version: 'v1beta1' }, { version: 'v1' }] },
        { name: 'events.k8s.io', preferredVersion: { version: 'v1' }, versions: [{ version: 'v1' }] },
        { name: 'metrics.k8s.io', preferredVersion: { version: 'v1beta1' }, versions: [{ version: 'v1beta1' }] },
      ],
    },
  )
  expect(versions).toEqual([
    { group: '', version: 'v1' },
    { group: 'apps', version: 'v1' },
    { group: 'apps', version: 'v1beta1' },
    { group: 'events.k8s.io', version: 'v1' },
    { group: 'metrics.k8s.io', version: 'v1beta1' },
  ])
  const of = (name: string, kind: string, namespaced = true, verbs = watchable): object => ({
    name,
    kind,
    namespaced,
    verbs,
  })
  const lists = [
    [
      of('pods', 'Pod'),
      of('pods/status', 'Pod'),
      of('nodes', 'Node', false),
      of('bindings', 'Binding', true, ['create']),
      of('events', 'Event'),
    ],
    [of('deployments', 'Deployment'), of('deployments/scale', 'Scale')],
    [of('deployments', 'Deployment'), of('olds', 'Old')],
    [of('events', 'Event')],
    undefined,
  ]
  expect(fromLegacy(versions.map((version, index) => ({ ...version, resources: lists[index] })))).toEqual(expected)
  expect(legacyVersions(null, {})).toEqual([])
})

test('collection paths include the version, object keys do not', () => {
  const [pods, , , deployments] = expected.types
  expect(pathOf(pods!)).toBe('/api/v1/pods')
  expect(pathOf(deployments!, 'shop')).toBe('/apis/apps/v1/namespaces/shop/deployments')
  expect(typeKey(deployments!)).toBe('apps/deployments')
})
