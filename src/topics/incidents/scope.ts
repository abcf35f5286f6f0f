import type { Viewer } from '../scope.ts'
import type { Incident, IncidentCandidate, IncidentPin, IncidentSummary, StoredIncident } from './schema.ts'

/** A limited viewer must be permitted to see every namespace of the incident. */
export function maySee({ namespaces }: Viewer, incident: StoredIncident): boolean {
  if (namespaces === undefined) return true
  return incident.namespaces.length > 0 && incident.namespaces.every((name) => namespaces.includes(name))
}

/** Without candidates and pins of other namespaces, of clouds and of unknown ones. */
export function shownIncident(incident: StoredIncident, viewer: Viewer): Incident {
  const { namespaces } = viewer
  if (namespaces === undefined) return { ...incident, withheld: false }
  const candidates = incident.candidates.filter((candidate) => isWithin(candidate, namespaces))
  const pins = incident.pins.filter((pin) => pin.namespace !== null && namespaces.includes(pin.namespace))
  return {
    ...incident,
    candidates,
    pins: pins.map(withoutRow),
    withheld: candidates.length < incident.candidates.length || pins.length < incident.pins.length,
  }
}

function isWithin({ is, group, kind, namespace, name }: IncidentCandidate, namespaces: readonly string[]) {
  if (is === 'resource') return false
  if (namespace !== null) return namespaces.includes(namespace)
  return kind === 'Namespace' && group === '' && namespaces.includes(name)
}

/** The id of a row has its place among all rows. */
function withoutRow(pin: IncidentPin): IncidentPin {
  const [path = '', search = ''] = pin.path.split('?')
  const parts = search.split('&').filter((part) => !/^(?:sel|mark|pins|notes)=/.test(part))
  return { ...pin, path: `${path}?${parts.join('&')}` }
}

export function summaryOf(incident: StoredIncident, viewer: Viewer): IncidentSummary {
  const {
    question: _,
    onset: _onset,
    verdict: _verdict,
    notes: _notes,
    withheld: _withheld,
    ...shown
  } = shownIncident(incident, viewer)
  const { candidates, pins, ...rest } = shown
  const cause = candidates.find(({ selected }) => selected)
  return {
    ...rest,
    cause: cause === undefined ? null : causeText(cause),
    actor: cause?.actor ?? null,
    pins: pins.length,
  }
}

/** `Deployment shop/web, updated` */
export function causeText({ kind, namespace, name, operation }: IncidentCandidate): string {
  return `${kind} ${namespace === null || namespace === '' ? '' : `${namespace}/`}${name}, ${operation}`
}
