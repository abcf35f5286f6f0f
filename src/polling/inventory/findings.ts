import type { CloudResource } from '../../model/cloud.ts'

export type Finding = Readonly<{
  resource: CloudResource
  reason: 'detached' | 'unused' | 'stopped' | 'old_snapshot' | 'untagged'
}>

const oldSnapshotMs = 90 * 86_400_000
const tagged = new Set<CloudResource['type']>(['instance', 'kubernetes_cluster', 'volume', 'load_balancer', 'database'])

/** `untagged` only if the account uses tags. */
export function findingsOf(resources: readonly CloudResource[], now: number): readonly Finding[] {
  const findings: Finding[] = []
  const usesTags = resources.some(({ type, tags }) => tagged.has(type) && Object.keys(tags ?? {}).length > 0)
  for (const resource of resources) {
    const { type, state, attachedTo, createdAt, tags = {} } = resource
    const put = (reason: Finding['reason']) => void findings.push({ resource, reason })
    // Without `attachedTo` the use is unknown.
    if (type === 'volume' && attachedTo?.length === 0) put('detached')
    if (type === 'ip_address' && attachedTo?.length === 0) put('unused')
    if (type === 'instance' && state === 'stopped') put('stopped')
    if (type === 'snapshot' && createdAt !== undefined && now - Date.parse(createdAt) > oldSnapshotMs)
      put('old_snapshot')
    if (usesTags && tagged.has(type) && Object.keys(tags).length === 0) put('untagged')
  }
  return findings
}
