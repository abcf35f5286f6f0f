import { createHash } from 'node:crypto'
import { cloudTypes, type CloudBaseline } from '../../model/cloud.ts'
import type { WeirEvent } from '../../model/events.ts'
import type { Difference } from './diff.ts'

const utf8 = new TextEncoder()

export function changeEvent(
  { kind, key, id, body, time }: Difference,
  source: string,
  collector: Readonly<{ region: string; name: string }>,
): WeirEvent {
  const { provider, account, region, type } = body
  return {
    id,
    source,
    type: cloudTypes[kind],
    family: 'resource',
    subject: body.name,
    time,
    key,
    ref: `${provider}:${key.slice(provider.length + 1)}`,
    extensions: { tenant: account, region, resourcetype: type, resourceid: body.id, state: body.state },
    ...json({ ...body, collector: collector.name, collectorRegion: collector.region }),
  }
}

/** `since`: part of its id, so that a repetition after a crash has the same id. */
export function baselineEvent(
  baseline: CloudBaseline,
  source: string,
  { since, time }: Readonly<{ since: number; time: number }>,
): WeirEvent {
  const { provider, account, region, collector } = baseline
  return {
    id: createHash('sha256')
      .update(JSON.stringify([provider, account, region, collector, since]))
      .digest('hex')
      .slice(0, 32),
    source,
    type: cloudTypes.baseline,
    family: 'resource',
    subject: collector,
    time,
    key: `${provider}/${account}/${region}/${collector}`,
    extensions: { tenant: account, region },
    ...json(baseline),
  }
}

function json(body: object): Pick<WeirEvent, 'datacontenttype' | 'encoding' | 'data'> {
  return { datacontenttype: 'application/json', encoding: 'json', data: utf8.encode(JSON.stringify(body)) }
}
