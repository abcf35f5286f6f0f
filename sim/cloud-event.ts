import type { WeirEvent } from '../src/model/events.ts'

/** In the JSON format of CloudEvents, for POST /events. */
export function asCloudEvent({ id, source, type, subject, time, family, key, ref, data }: WeirEvent): object {
  return {
    specversion: '1.0',
    id,
    source,
    type,
    subject,
    ...(time === undefined ? {} : { time: new Date(time).toISOString() }),
    datacontenttype: 'application/json',
    weirfamily: family,
    weirref: ref,
    partitionkey: key,
    data: data === undefined ? undefined : (JSON.parse(Buffer.from(data).toString('utf8')) as unknown),
  }
}
