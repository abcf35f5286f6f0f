import { kubernetesRef } from '../../model/refs.ts'
import type { WeirEvent } from '../../model/events.ts'

type Given = Readonly<{ kind: string; name: string; namespace?: string; time: number; data: object }>

/** The state of an object of the core group in cluster `c1`. */
export function resourceEvent({ kind, name, namespace = '', time, data }: Given): WeirEvent {
  const body = { state: 'present', since: new Date(time).toISOString(), ...data }
  return {
    id: `${kind}-${name}-${time}`,
    source: '/clusters/c1',
    type: 'weir.kubernetes.resource',
    family: 'resource',
    subject: name,
    time,
    key: `c1/uid-${name}`,
    ref: kubernetesRef({ cluster: 'c1', group: '', kind, namespace, name }),
    datacontenttype: 'application/json',
    encoding: 'json',
    data: new TextEncoder().encode(JSON.stringify(body)),
  }
}
