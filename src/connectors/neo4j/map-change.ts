import type { WeirEvent } from '../../model/events.ts'
import { kubernetesTypes } from '../../model/kubernetes.ts'
import { fieldsOf, textOf, type Fields } from '../../model/json.ts'
import { objectNode, shortened, timeOf, checkKeyLengths, type Properties, type ResourceNode } from './map-node.ts'

export type ChangeRow = Readonly<{
  kind: 'change'
  change: Readonly<{ id: string; time: number | null; set: Properties }>
  resource: ResourceNode
  marks: readonly string[]
}>

const operations: Readonly<Record<string, string>> = {
  [kubernetesTypes.created]: 'created',
  [kubernetesTypes.updated]: 'updated',
  [kubernetesTypes.deleted]: 'deleted',
}
const writes = new Set(['create', 'update', 'patch', 'delete'])

export function toChange(event: WeirEvent, data: Fields): ChangeRow {
  const operation = operations[event.type]
  const resource = event.ref === undefined ? undefined : objectNode(event.ref)
  if (operation === undefined || resource === undefined)
    throw new Error(
      `a change of type ${event.type} of ${event.ref ?? 'no object'} has no graph representation; only ` +
        'changes of cluster objects do',
    )
  const mark = markOf(event, operation === 'deleted' ? textOf(data['uid']) : textOf(data['resourceVersion']))
  checkKeyLengths({ id: event.id, resource: resource.key, mark })
  return {
    kind: 'change',
    resource,
    marks: mark === undefined ? [] : [mark],
    change: {
      id: event.id,
      time: timeOf(event.time),
      set: {
        source: event.source,
        type: event.type,
        operation,
        ...shortened({ mark, manager: fieldsOf(data['actor'])['manager'], resourceVersion: data['resourceVersion'] }),
      },
    },
  }
}

/** The resource version that a write produced, and the deleted object. */
export function marksOfAudit(event: WeirEvent, data: Fields): readonly [string | undefined, string | undefined] {
  const verb = textOf(data['verb']) ?? ''
  const code = Number(textOf(data['code']) ?? 200)
  if (event.type !== kubernetesTypes.audit || !writes.has(verb) || !(code < 300)) return [undefined, undefined]
  const { resourceVersion, uid } = fieldsOf(data['object'])
  return [markOf(event, textOf(resourceVersion)), verb === 'delete' ? markOf(event, textOf(uid)) : undefined]
}

function markOf({ source, subject = '' }: WeirEvent, made: string | undefined) {
  return made === undefined ? undefined : `${source} ${subject} ${made}`
}
