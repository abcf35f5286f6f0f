import type { CloudResource } from '../../model/cloud.ts'
import { oldSnapshotDays, taggedTypes, type inventoryFindings } from '../../model/inventory-columns.ts'

export type Finding = Readonly<{
  resource: CloudResource
  reason: (typeof inventoryFindings)[number]
}>

const oldSnapshotMs = oldSnapshotDays * 86_400_000

const isTagged = ({ tags = {} }: CloudResource): boolean => Object.keys(tags).length > 0

function hasTags({ provider, type }: Pick<CloudResource, 'provider' | 'type'>): boolean {
  return taggedTypes[provider].includes(type)
}

/** Without required tags, a resource is `untagged` only if others of the account have tags. */
export function findingsOf(resources: readonly CloudResource[], now: number): readonly Finding[] {
  const findings: Finding[] = []
  const usesTags = resources.some((resource) => hasTags(resource) && isTagged(resource))
  for (const resource of resources) {
    const { type, state, attachedTo, createdAt, missingTags = [] } = resource
    const put = (reason: Finding['reason']) => void findings.push({ resource, reason })
    // Without `attachedTo` the use is unknown.
    if (type === 'volume' && attachedTo?.length === 0) put('detached')
    if (type === 'ip_address' && attachedTo?.length === 0) put('unused')
    if (type === 'load_balancer' && attachedTo?.length === 0) put('no_targets')
    if (type === 'instance' && state === 'stopped') put('stopped')
    if (type === 'snapshot' && createdAt !== undefined && now - Date.parse(createdAt) > oldSnapshotMs)
      put('old_snapshot')
    if (missingTags.length > 0 || (usesTags && hasTags(resource) && !isTagged(resource))) put('untagged')
  }
  return findings
}

/** The resource with the required tags that it lacks. Names of tags are compared as written. */
export function withMissingTags(resource: CloudResource, required: readonly string[]): CloudResource {
  if (required.length === 0 || !hasTags(resource)) return resource
  const missing = required.filter((name) => resource.tags?.[name] === undefined)
  return missing.length === 0 ? resource : { ...resource, missingTags: missing }
}
