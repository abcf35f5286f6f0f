/** Changes of incidents in the journal. */
import type { WeirEvent } from '../../model/events.ts'
import type { RecordedChange } from './file.ts'

const source = '/weir/incidents/'
const type = 'weir.incident.'

/** The `source` of all events of an incident. */
export function sourceOf(id: string): string {
  return `${source}${id}`
}

/** The same change has the same id, also when it is recorded again after a crash. */
export function changeKey({ action, incident: { id, version, changed } }: RecordedChange): string {
  return `${id}/${version}/${action}/${Date.parse(changed)}`
}

export function eventOf(change: RecordedChange): WeirEvent {
  const { action, incident } = change
  return {
    id: changeKey(change),
    source: sourceOf(incident.id),
    type: `${type}${action}`,
    subject: incident.id,
    time: Date.parse(incident.changed),
    datacontenttype: 'application/json',
    family: 'event',
    key: incident.id,
    encoding: 'json',
    data: new TextEncoder().encode(JSON.stringify(change)),
  }
}
