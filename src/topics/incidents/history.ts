/** Versions of an incident, from the events in the store. */
import { storedJson } from '../../model/json.ts'
import { dialectOf } from '../../query/index.ts'
import type { Surroundings } from '../operation.ts'
import { readRows } from '../rows.ts'
import { changeKey, sourceOf } from './event.ts'
import { isRecordedChange, type RecordedChange } from './file.ts'
import type { IncidentHistory, StoredIncident } from './schema.ts'
import { maySee, shownIncident } from './scope.ts'

const maxVersions = 1000
/** How far back versions of a deleted incident are searched, in µs. */
const deletedUs = 366n * 86_400_000_000n

type Known = Readonly<{
  id: string
  /** Undefined: it was deleted, or never existed. */
  current: StoredIncident | undefined
  /** Newest changes, which the store may lack. */
  recent: readonly RecordedChange[]
}>

/** Undefined: there is none that the viewer may see. */
export async function incidentHistory(
  { id, current, recent }: Known,
  surroundings: Surroundings,
): Promise<IncidentHistory | undefined> {
  const { now, viewer } = surroundings
  const dialect = dialectOf(surroundings.store)
  // Times of events are those of the versions.
  const since = current === undefined ? BigInt(now) * 1000n - deletedUs : BigInt(Date.parse(current.created)) * 1000n
  const rows = await readRows<Readonly<{ data: unknown }>>(
    surroundings,
    `SELECT data FROM events WHERE family = 'event' AND source = ${dialect.text(sourceOf(id))} ` +
      `AND time >= ${dialect.time(since)} ORDER BY time DESC LIMIT ${maxVersions}`,
  )
  const stored = rows.map(({ data }) => storedJson(data)).filter(isRecordedChange)
  const changes = [...recent.toReversed(), ...stored]
  const known = new Map(changes.map((change) => [changeKey(change), change]))
  if (current !== undefined && !changes.some(({ incident }) => isSameVersion(incident, current))) {
    const action = current.version === 1 ? 'created' : 'changed'
    known.set('current', { action, fields: [], incident: current })
  }
  const all = [...known.values()].toSorted((a, b) => (a.incident.changed < b.incident.changed ? 1 : -1))
  const [newest] = all
  if (newest === undefined || !maySee(viewer, newest.incident)) return undefined
  const ofThis = all.filter(({ incident }) => incident.created === newest.incident.created)
  return {
    versions: all
      .filter(({ incident }) => maySee(viewer, incident))
      .map(({ action, fields, incident }) => ({
        version: incident.version,
        time: incident.changed,
        by: incident.by,
        action,
        fields,
        incident: shownIncident(incident, viewer),
      })),
    missing: newest.incident.version - ofThis.length,
  }
}

function isSameVersion(a: StoredIncident, b: StoredIncident) {
  return a.version === b.version && a.changed === b.changed
}
