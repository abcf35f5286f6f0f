import { cloudTypes, type CloudChange, type CloudResource } from '../../model/cloud.ts'
import type { WeirEvent } from '../../model/events.ts'

type Given = Partial<CloudResource> &
  Pick<CloudChange, 'changes'> &
  Readonly<{ time: number; event?: string; collector?: string }>

const utf8 = new TextEncoder()
let count = 0

/** An event of an inventory, by default the creation of a running resource of Exoscale. */
export function cloudEvent({ time, event = cloudTypes.created, collector, ...given }: Given): WeirEvent {
  const resource: CloudResource = {
    provider: 'exoscale',
    account: 'org',
    region: 'ch-gva-2',
    type: 'instance',
    id: 'i1',
    name: given.name ?? given.id ?? 'i1',
    state: 'running',
    ...given,
  }
  const { provider, account, region, type, id } = resource
  const key = [provider, account, region, type, id].join('/')
  return {
    id: `cloud-${++count}`,
    source: `https://cloud.test/${account}`,
    type: event,
    family: 'resource',
    subject: resource.name,
    time,
    key,
    ref: `${provider}:${key.slice(provider.length + 1)}`,
    ...body({ ...resource, detectedAt: time, collector: collector ?? `${type}s`, collectorRegion: region }),
  }
}

export function cloudBaseline({ collector, time }: Readonly<{ collector: string; time: number }>): WeirEvent {
  return {
    id: `cloud-${++count}`,
    source: 'https://cloud.test/org',
    type: cloudTypes.baseline,
    family: 'resource',
    subject: collector,
    time,
    key: `exoscale/org/ch-gva-2/${collector}`,
    ...body({ provider: 'exoscale', account: 'org', region: 'ch-gva-2', collector, resources: 1 }),
  }
}

function body(data: object): Pick<WeirEvent, 'datacontenttype' | 'encoding' | 'data'> {
  return { datacontenttype: 'application/json', encoding: 'json', data: utf8.encode(JSON.stringify(data)) }
}
