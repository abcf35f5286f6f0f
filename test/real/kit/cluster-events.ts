import type { WeirEvent } from '../../../src/model/events.ts'
import { auditEvent, changeEvent, identity, resourceEvent } from '../../../src/store/testing/cluster.ts'
import { startOfDay } from '../../../src/store/testing/frames.ts'
import type { SeededRandom } from '../../kit/random.ts'

const at = (seconds: number): string => new Date(startOfDay + 1000 * seconds).toISOString()

/** Requests, changes and states of a few objects, with the ways in which an actor is found or not. */
export function clusterEvents(random: SeededRandom, count: number): WeirEvent[] {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random.next() * list.length)] as T
  const objects = ['Pod/shop/p', 'Pod/shop/q', 'Pod/prod/p', 'ConfigMap/shop/c', 'Node/n1', 'Deployment/shop/web']
  const users = ['alice', 'bob', 'system:admin']
  return Array.from({ length: count }, (_, number): WeirEvent => {
    const seconds = Math.floor(random.next() * 90) + (random.next() < 0.2 ? 3600 : 0)
    const fraction = random.next() < 0.5 ? 0.3 : 0
    const [time, of] = [at(seconds + fraction), pick(objects)]
    const version = String(Math.floor(random.next() * 8))
    switch (Math.floor(random.next() * 6)) {
      case 0:
        return auditEvent(identity(of), pick(users), pick(['create', 'update', 'patch', 'delete', 'get']), time, {
          ...(random.next() < 0.4 ? { version } : {}),
          ...(random.next() < 0.3 ? { uid: identity(of).uid } : {}),
          ...(random.next() < 0.1 ? { code: 409 } : {}),
          ...(random.next() < 0.2 ? { user: { username: pick(users), uid: 'u/1%' } } : {}),
          completed: at(seconds + Math.floor(random.next() * 4)),
          userAgent: pick(['kubectl/v1.34', 'manager', '']),
          uri: pick(['/api/v1/x', '/api/v1/x?dryRun=All', '/api/v1/x?fieldManager=kube%20ctl']),
        })
      case 1: {
        const { name: _, ...collection } = identity(of)
        return {
          ...auditEvent(identity(of), pick(users), 'deletecollection', time, {
            uri: pick(['/api/v1/pods', '/api/v1/pods?labelSelector=app%3Dx']),
            object: { group: collection.group, version: 'v1', resource: collection.resource },
          }),
          subject: `${collection.resource}${collection.group === '' ? '' : `.${collection.group}`}${
            collection.namespace === undefined ? '' : `/${collection.namespace}`
          }`,
        }
      }
      case 2:
      case 3:
        return changeEvent(identity(of, version), time, {
          operation: pick(['created', 'updated', 'deleted']),
          old: { metadata: { creationTimestamp: at(-60), ...(number % 7 === 0 ? { deletionTimestamp: time } : {}) } },
          new: random.next() < 0.5 ? { spec: { replicas: number, big: '18446744073709551615' } } : null,
          patch: [{ op: 'replace', path: '/spec/replicas', value: number }],
          ...(random.next() < 0.3 ? { coalesced: true } : {}),
          ...(random.next() < 0.3 ? { noise: ['status'] } : {}),
          ...(random.next() < 0.2 ? { deletionRequested: at(seconds) } : {}),
          actor: { manager: pick(['kubectl', 'manager', 'kube ctl']), time: at(seconds) },
        })
      default:
        return resourceEvent(identity(of, version, `u-${of}-${pick(['a', 'b'])}`), time, {
          state: random.next() < 0.7 ? 'present' : 'gone',
          ...(random.next() < 0.5 ? { labels: { app: `a${number % 3}` } } : {}),
          ...(of.startsWith('Pod') ? { node: 'n1' } : {}),
          ...(of.startsWith('Node') ? { zone: `z${number % 2}` } : {}),
          owners: [{ kind: 'ReplicaSet', group: 'apps', name: `web-${number % 2}`, uid: 'o1' }],
          images: [{ name: 'web', image: 'nginx:1', id: `docker.io/nginx@sha256:${'0'.repeat(64)}` }],
          created: at(-100),
        } as never)
    }
  })
}
