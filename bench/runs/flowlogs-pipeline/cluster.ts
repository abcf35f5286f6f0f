// Nodes, pods and their owners on a real kube-apiserver.
import type { Kube } from '../../../test/real/kit/kube.ts'
import { nodeAddress, podAddress, type Cluster } from './messages.ts'

const podsPerOwner = 10
const atOnce = 16

export async function createCluster(
  kube: Kube,
  size: { readonly nodes: number; readonly pods: number },
): Promise<Cluster> {
  const nodes = Array.from({ length: size.nodes }, (_, index) => nodeAddress(index))
  const pods = Array.from({ length: size.pods }, (_, index) => podAddress(index))
  await kube.call('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } })
  for (const [index, address] of nodes.entries()) {
    const metadata = { name: `node-${index}` }
    await kube.call('POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata })
    await setStatus(kube, `/api/v1/nodes/node-${index}`, { addresses: [{ type: 'InternalIP', address }] })
  }
  const owners: { readonly name: string; readonly uid: string }[] = []
  for (let index = 0; index < Math.ceil(size.pods / podsPerOwner); index++) owners.push(await createOwner(kube, index))
  for (let at = 0; at < pods.length; at += atOnce)
    await Promise.all(
      pods.slice(at, at + atOnce).map(async (address, offset) => {
        const index = at + offset
        const node = index % nodes.length
        const owner = owners[Math.floor(index / podsPerOwner)]
        await kube.call('POST', '/api/v1/namespaces/shop/pods', {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: {
            name: `${owner?.name}-${index}`,
            ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', controller: true, ...owner }],
          },
          spec: { nodeName: `node-${node}`, containers: [{ name: 'main', image: 'example.test/app:1' }] },
        })
        await setStatus(kube, `/api/v1/namespaces/shop/pods/${owner?.name}-${index}`, {
          phase: 'Running',
          podIP: address,
          podIPs: [{ ip: address }],
          hostIP: nodes[node],
          startTime: new Date(Date.now() - 3_600_000).toISOString(),
        })
      }),
    )
  // Creation times are whole seconds.
  return { nodes, pods, at: Date.now() + 1000 }
}

function setStatus(kube: Kube, path: string, status: object): Promise<unknown> {
  return kube.call('PATCH', `${path}/status`, { status }, 'application/merge-patch+json')
}

/** A Deployment and its ReplicaSet. */
async function createOwner(kube: Kube, index: number): Promise<{ name: string; uid: string }> {
  const labels = { app: `app-${index}` }
  const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'example.test/app:1' }] } }
  const spec = { selector: { matchLabels: labels }, template }
  const create = async (kind: string, path: string, metadata: object) => {
    const made = await kube.call('POST', `/apis/apps/v1/namespaces/shop/${path}`, {
      apiVersion: 'apps/v1',
      kind,
      metadata,
      spec,
    })
    return (made['metadata'] as { uid: string }).uid
  }
  const deployment = `app-${index}`
  const uid = await create('Deployment', 'deployments', { name: deployment })
  const name = `${deployment}-5f6d`
  const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'Deployment', name: deployment, uid, controller: true }]
  return { name, uid: await create('ReplicaSet', 'replicasets', { name, labels, ownerReferences }) }
}
