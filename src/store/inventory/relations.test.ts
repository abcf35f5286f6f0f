import { expect, test } from 'vitest'
import { cloudTypes } from '../../model/cloud.ts'
import { cloudEvent } from '../testing/cloud-events.ts'
import { resourceEvent } from '../testing/resource-events.ts'
import { queryRows } from '../testing/query-rows.ts'
import { temporaryStores } from '../testing/temporary.ts'

const stores = temporaryStores()
const start = Date.parse('2026-11-20T10:00:00Z')
const hour = 3_600_000

const day = [
  resourceEvent({ kind: 'Node', name: 'n1', time: start, data: { providerId: 'exoscale://i1' } }),
  resourceEvent({
    kind: 'Service',
    name: 'web',
    namespace: 'shop',
    time: start,
    data: {
      addresses: [
        { ip: '10.0.0.1', as: 'cluster' },
        { ip: '198.51.100.9', as: 'load-balancer' },
      ],
    },
  }),
  cloudEvent({ type: 'instance', id: 'i1', parent: 'pool', addresses: ['198.51.100.7'], time: start }),
  cloudEvent({ type: 'instance', id: 'i1', account: 'other', provider: 'aws', time: start }),
  cloudEvent({ type: 'node_pool', id: 'pool', parent: 'cluster', region: 'at-vie-1', time: start }),
  cloudEvent({ type: 'kubernetes_cluster', id: 'cluster', time: start }),
  cloudEvent({ type: 'volume', id: 'v1', attachedTo: ['i1'], time: start }),
  cloudEvent({ type: 'volume', id: 'v1', attachedTo: ['i1'], time: start + hour, event: cloudTypes.observed }),
  cloudEvent({ type: 'volume', id: 'v1', attachedTo: [], time: start + 2 * hour, event: cloudTypes.changed }),
  cloudEvent({ type: 'load_balancer', id: 'lb', addresses: ['198.51.100.9'], time: start }),
  cloudEvent({ type: 'dns_record', id: 'r', region: 'global', addresses: ['198.51.100.9'], time: start }),
]

test('resources are related by ids of their account, by addresses, and by the provider id of a node', async () => {
  const { reader } = await stores.filled(day)
  const rows = await queryRows(
    reader,
    `SELECT from_ref, relation, to_ref, valid_to FROM relations WHERE relation IN
      ('attached-to', 'part-of', 'resolves-to', 'serves', 'hosted-on') ORDER BY relation, from_ref, to_ref`,
  )
  expect(rows.map((row) => Object.values(row).join(' '))).toEqual([
    'exoscale:org/ch-gva-2/volume/v1 attached-to exoscale:org/ch-gva-2/instance/i1 2026-11-20T12:00:00.000Z',
    'k8s:c1//Node//n1 hosted-on exoscale:org/ch-gva-2/instance/i1 ',
    'exoscale:org/at-vie-1/node_pool/pool part-of exoscale:org/ch-gva-2/kubernetes_cluster/cluster ',
    'exoscale:org/ch-gva-2/instance/i1 part-of exoscale:org/at-vie-1/node_pool/pool ',
    'exoscale:org/global/dns_record/r resolves-to exoscale:org/ch-gva-2/load_balancer/lb ',
    'exoscale:org/ch-gva-2/load_balancer/lb serves k8s:c1//Service/shop/web ',
  ])
})

test.each([
  ['digitalocean://417', 'digitalocean', '417'],
  ['aws:///eu-central-1a/i-0abc', 'aws', 'i-0abc'],
  ['openstack:///5a1e', 'otc', '5a1e'],
  ['5a1e', 'otc', '5a1e'],
] as const)('the node %s is hosted on its instance', async (providerId, provider, id) => {
  const { reader } = await stores.filled([
    resourceEvent({ kind: 'Node', name: 'n1', time: start, data: { providerId } }),
    cloudEvent({ provider, type: 'instance', id, time: start }),
    cloudEvent({ provider, type: 'instance', id: `${id}0`, time: start }),
  ])
  expect(await queryRows(reader, "SELECT from_ref, to_ref FROM relations WHERE relation = 'hosted-on'")).toEqual([
    { from_ref: 'k8s:c1//Node//n1', to_ref: `${provider}:org/ch-gva-2/instance/${id}` },
  ])
})
