import type { ResourceType } from './client-discovery.ts'
import type { KubeObject } from './client-types.ts'
import type { ObjectMap } from './source-objects.ts'
import type { Collection } from './source-steps.ts'

export function typeOf(map: ObjectMap, collection: Collection): ResourceType | undefined {
  for (const known of collection.objects.values()) {
    const document = map.document(known)
    if (document !== undefined) return typeAs(collection, JSON.parse(document.toString()) as KubeObject)
  }
  return undefined
}

export function typeAs({ key }: Collection, { apiVersion = '', kind = '' }: KubeObject): ResourceType {
  const [place = '', namespace] = key.split(' ')
  const slash = place.lastIndexOf('/')
  return {
    group: place.slice(0, slash),
    resource: place.slice(slash + 1),
    version: apiVersion.slice(apiVersion.indexOf('/') + 1),
    kind,
    namespaced: namespace !== undefined,
  }
}
