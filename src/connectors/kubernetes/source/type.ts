import type { ResourceType } from '../client/discovery.ts'
import type { KubeObject } from '../client/types.ts'
import type { ObjectMap } from './objects.ts'
import type { Collection } from './steps.ts'

export function typeOf(map: ObjectMap, collection: Collection): ResourceType | undefined {
  for (const object of collection.objects.values()) {
    const document = map.document(object)
    if (document !== undefined) return typeAs(collection, JSON.parse(document.toString()) as KubeObject)
  }
  return undefined
}

export function typeAs({ key }: Collection, { apiVersion = '', kind = '' }: KubeObject): ResourceType {
  const [word = '', namespace] = key.split(' ')
  const slash = word.lastIndexOf('/')
  return {
    group: word.slice(0, slash),
    resource: word.slice(slash + 1),
    version: apiVersion.slice(apiVersion.indexOf('/') + 1),
    kind,
    namespaced: namespace !== undefined,
  }
}
