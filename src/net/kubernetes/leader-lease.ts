/** Leader election for polling sources without a shared journal; the Lease also holds their checkpoint. */
import type { Host } from '../../host/index.ts'
import { self } from '../../host/process.ts'
import { openClient, type Client } from './client.ts'
import { leaseClient, maxCheckpointLength, type LeaseRef, type LeaseRecord } from './lease.ts'
import { withDeadline } from './deadline.ts'
import { login } from './login.ts'

/** Request timeout as a share of the lease duration. */
const timeoutPart = 0.2

export interface LeaseLeaderRecord {
  /** Unique per process start. */
  readonly instance: string
  read(signal: AbortSignal): Promise<Readonly<{ version: string; value: unknown }> | undefined>
  /** Compare-and-set; `before` undefined: creates it. Returns the new version; undefined: a conflict. */
  write(before: string | undefined, value: unknown, signal: AbortSignal): Promise<string | undefined>
}

export type LeaseSettings = Readonly<{
  name: string
  namespace: string | null
  kubeconfig: string | null
  duration: number
}>

export type LeaderLeaseOptions = Readonly<{
  /** Id of the source; a Lease of another source is rejected. */
  source: string
  name: string
  host: Pick<Host, 'clock' | 'timers' | 'random'>
  durationMs: number
}>

type LeaderLease = Readonly<{
  record: LeaseLeaderRecord
  durationMs: number
  close(): void
}>

export async function connectLease(
  { name, namespace, kubeconfig }: LeaseSettings,
  host: Host,
): Promise<Readonly<{ client: Client; ref: LeaseRef }>> {
  const { namespace: namespaceOfPod = 'default', ...options } = await login({
    host,
    env: self.env,
    path: kubeconfig,
    context: null,
  })
  return { client: openClient(options), ref: { name, namespace: namespace ?? namespaceOfPod } }
}

/** Undefined without settings. The server need not be reachable. Rejects with WEIR_KUBERNETES_LOGIN. */
export async function openLeaderLease(
  settings: LeaseSettings | null,
  { id, host }: { id: string; host: Host },
): Promise<LeaderLease | undefined> {
  if (settings === null) return undefined
  const { duration } = settings
  const { client, ref } = await connectLease(settings, host)
  return {
    record: leaseLeaderRecord(client, ref, { source: id, name: self.hostname, host, durationMs: duration }),
    durationMs: duration,
    close: () => {
      client.close()
    },
  }
}

export function leaseLeaderRecord(
  client: Pick<Client, 'ask' | 'write'>,
  ref: LeaseRef,
  { source, name, host: { clock, timers, random }, durationMs }: LeaderLeaseOptions,
): LeaseLeaderRecord {
  const lease = leaseClient(ref, client.ask, client.write)
  const limit = { timers, ms: durationMs * timeoutPart }
  let lastRecord: LeaseRecord | undefined
  return {
    instance: `${name}_${Buffer.from(random.bytes(4)).toString('hex')}`,
    async read(signal) {
      lastRecord = await withDeadline(signal, limit, (until) => lease.read(until))
      return lastRecord === undefined ? undefined : { version: lastRecord.version, value: valueIn(lastRecord, source) }
    },
    async write(before, value, signal) {
      if (before !== lastRecord?.version) return undefined
      // The API requires microseconds.
      const at = new Date(clock.now()).toISOString().replace('Z', '000Z')
      const holder = holderOf(value)
      const isNew = holder !== '' && holder !== lastRecord?.holder
      const leader = JSON.stringify(value)
      if (JSON.stringify(leader).length > maxCheckpointLength - source.length - 64)
        throw new Error('the checkpoint does not fit into a Lease; split the source into several')
      const update = {
        holder,
        seconds: Math.max(1, Math.ceil(durationMs / 1000)),
        epoch: (lastRecord?.epoch ?? 0) + (isNew ? 1 : 0),
        acquired: isNew ? at : (lastRecord?.acquired ?? at),
        renewed: at,
        checkpoint: { source, leader },
      }
      const written = await withDeadline(signal, limit, (until) => lease.write(lastRecord, update, until))
      if (written !== undefined) lastRecord = written
      return written?.version
    },
  }
}

/** Throws if the Lease belongs to another source. */
function valueIn({ checkpoint, holder }: LeaseRecord, id: string): unknown {
  const { source, leader, ...others } = checkpoint
  if (source !== undefined ? source !== id : Object.keys(others).length > 0)
    throw new Error(
      `the Lease belongs to ${source === undefined ? 'another type of source' : `source ${source}`}; set another name`,
    )
  try {
    if (leader !== undefined) return JSON.parse(leader)
  } catch {
    // Another client changed it.
  }
  return holder === '' ? undefined : { holder }
}

function holderOf(value: unknown) {
  const { holder } = (value ?? {}) as { readonly holder?: unknown }
  return typeof holder === 'string' ? holder : ''
}
