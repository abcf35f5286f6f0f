import type { Host } from '../../host/index.ts'
import { silent } from '../../telemetry/silent.ts'
import type { AlertReport } from './report.ts'
import type { Loaded } from '../load-config.ts'
import type { PlannedRange } from './range.ts'
import { compareAlerts } from './alerts.ts'

type StoredAlerts = Readonly<{
  host: Host
  data: string
  running: Loaded
  candidate: Loaded
  plan: PlannedRange
}>

/** An evaluation after the newest row includes it. */
const lastRowMs = 1000

/** The store of the folder is read, beside the server that writes it. */
export async function rehearseAlerts({
  host,
  data,
  running,
  candidate,
  plan,
}: StoredAlerts): Promise<readonly AlertReport[]> {
  const { from, to } = plan
  const isEqual = JSON.stringify(running.config.alerts) === JSON.stringify(candidate.config.alerts)
  if (isEqual) return []
  const range = Number.isNaN(from) ? { from: host.clock.now(), to: host.clock.now() } : { from, to: to + lastRowMs }
  const { openReadOnly } = await import('../../store/read/read-only.ts')
  const store = await openReadOnly({ host, directory: `${data}/store`, log: silent })
  try {
    return await compareAlerts(running.alerts, candidate.alerts, range, store?.reader)
  } finally {
    await store?.close()
  }
}
