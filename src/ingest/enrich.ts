import type { FlowEnrichment } from '../engine/contracts.ts'
import type { Host } from '../host/index.ts'
import { openGeo, type GeoFiles } from '../identity/index.ts'
import type { Log } from '../telemetry/ports.ts'

/** Opens the databases of addresses (decision 0011). Undefined if none is configured. */
export async function openEnrichment(host: Host, files: GeoFiles, log: Log): Promise<FlowEnrichment | undefined> {
  return Object.keys(files).length === 0 ? undefined : openGeo(host, files, log)
}
