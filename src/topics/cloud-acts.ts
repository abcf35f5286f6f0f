import { cloudTypes } from '../model/cloud.ts'

type Row = Readonly<Record<string, unknown>>

/** Lists are read every few minutes, so that a change is recorded that much later. */
const recordMs = 15 * 60_000

/** The time of a creation is that of the cloud, which may precede the audit event by the length of the request. */
const creationMs = 30_000

/** How long after a time the events of its records may be. */
export const actsAfterUs = BigInt(creationMs) * 1000n

const reading =
  /^(get|list|watch|show|describe|head|query|read|view|login|log ?in|check|count|search|export|assume|sign)/i

export function isReading(action: unknown): boolean {
  return typeof action === 'string' && reading.test(action)
}

/**
 * The audit event of each recorded change of a cloud resource: the last one in the 15 minutes before the record and
 * after the record before it. A creation without such an event has the first one in the 30 seconds after it.
 * `records`: with `time`, `type` and `id`; `acts`: with `time`, `resource_id`, `actor`, `action`, and `outcome` if some
 * failed. Events that failed, only read, or have no actor do not count.
 */
export function actsOfRecords<Act extends Row>(records: readonly Row[], acts: readonly Act[]): ReadonlyMap<Row, Act> {
  const actByRecord = new Map<Row, Act>()
  const byId = Map.groupBy(acts.filter(mayChange), (act) => act['resource_id'])
  for (const [id, several] of Map.groupBy(records, (record) => record['id'])) {
    const ordered = (byId.get(id) ?? []).toSorted((a, b) => timeOf(a) - timeOf(b))
    let before = -Infinity
    for (const record of several.toSorted((a, b) => timeOf(a) - timeOf(b))) {
      const at = timeOf(record)
      const cause =
        ordered.findLast((act) => timeOf(act) <= at && timeOf(act) >= at - recordMs && timeOf(act) > before) ??
        (record['type'] === cloudTypes.created
          ? ordered.find((act) => timeOf(act) > at && timeOf(act) <= at + creationMs)
          : undefined)
      if (cause !== undefined) actByRecord.set(record, cause)
      // An event after a creation is not that of the next record, too.
      before = cause === undefined ? at : Math.max(at, timeOf(cause))
    }
  }
  return actByRecord
}

function mayChange({ outcome, actor, action }: Row) {
  return outcome !== 'failure' && actor !== 'unknown' && !isReading(action)
}

function timeOf(row: Row) {
  const { time } = row
  return typeof time === 'string' ? Date.parse(time) : Number.NaN
}
