/**
 * Turns by a `Lease`, for Weirs that share no journal: whose turn it is, and how far the holder is, stand in that
 * object, which is written over the version that was read, so that of two writers one fails.
 */
import type { Host } from '../../host/index.ts'
import { self } from '../../host/process.ts'
import { openClient, type Client } from './client.ts'
import { leaseClient, mostTold, type LeasePlace, type LeaseRecord } from './lease.ts'
import { limited } from './limited.ts'
import { login } from './login.ts'

/** Of the duration, for one answer. */
const answerPart = 0.2

export interface LeaseTurn {
  /** Of this start: nobody else has ever had it. */
  readonly instance: string
  read(signal: AbortSignal): Promise<{ readonly version: string; readonly value: unknown } | undefined>
  /**
   * Over the version that was read, or anew. The version that it has then; undefined: somebody else has written since.
   */
  write(before: string | undefined, value: unknown, signal: AbortSignal): Promise<string | undefined>
}

export interface LeaseSettings {
  readonly name: string
  readonly namespace: string | null
  readonly kubeconfig: string | null
  /** ms. */
  readonly duration: number
}

export interface LeaseTurnOptions {
  /** The source: of two that name the same Lease by mistake, the second is told. */
  readonly of: string
  /** How this process is called: its pod. */
  readonly name: string
  readonly host: Pick<Host, 'clock' | 'timers' | 'random'>
  readonly durationMs: number
}

export interface OpenLeaseTurn {
  readonly record: LeaseTurn
  readonly durationMs: number
  close(): void
}

/**
 * The cluster that a Lease is in, and where in it. Rejects with WEIR_KUBERNETES_LOGIN where the cluster can't be found.
 */
export async function reachLease(
  { name, namespace, kubeconfig }: LeaseSettings,
  host: Host,
): Promise<{ readonly client: Client; readonly place: LeasePlace }> {
  const { namespace: own = 'default', ...way } = await login({ host, env: self.env, path: kubeconfig, context: null })
  return { client: openClient(way), place: { name, namespace: namespace ?? own } }
}

/**
 * Of a source; undefined where no Lease is asked for. Rejects with WEIR_KUBERNETES_LOGIN where the cluster can't be
 * found; that it does not answer is no error here.
 */
export async function openLeaseTurn(
  settings: LeaseSettings | null,
  { id, host }: { readonly id: string; readonly host: Host },
): Promise<OpenLeaseTurn | undefined> {
  if (settings === null) return undefined
  const { duration } = settings
  const { client, place } = await reachLease(settings, host)
  return {
    record: leaseTurn(client, place, { of: id, name: self.hostname, host, durationMs: duration }),
    durationMs: duration,
    close: () => {
      client.close()
    },
  }
}

export function leaseTurn(
  client: Pick<Client, 'ask' | 'write'>,
  place: LeasePlace,
  { of, name, host: { clock, timers, random }, durationMs }: LeaseTurnOptions,
): LeaseTurn {
  const lease = leaseClient(place, client.ask, client.write)
  const limit = { timers, ms: durationMs * answerPart }
  let known: LeaseRecord | undefined
  return {
    instance: `${name}_${Buffer.from(random.bytes(4)).toString('hex')}`,
    async read(signal) {
      known = await limited(signal, limit, (asked) => lease.read(asked))
      return known === undefined ? undefined : { version: known.version, value: valueIn(known, of) }
    },
    async write(before, value, signal) {
      if (before !== known?.version) return undefined
      // The API takes microseconds and nothing shorter.
      const at = new Date(clock.now()).toISOString().replace('Z', '000Z')
      const holder = holderOf(value)
      const isNew = holder !== '' && holder !== known?.holder
      const turn = JSON.stringify(value)
      if (JSON.stringify(turn).length > mostTold - of.length - 64)
        throw new Error('what is known does not fit into a Lease: give its places to several sources')
      const wish = {
        holder,
        seconds: Math.max(1, Math.ceil(durationMs / 1000)),
        epoch: (known?.epoch ?? 0) + (isNew ? 1 : 0),
        acquired: isNew ? at : (known?.acquired ?? at),
        renewed: at,
        checkpoint: { source: of, turn },
      }
      const written = await limited(signal, limit, (asked) => lease.write(known, wish, asked))
      if (written !== undefined) known = written
      return written?.version
    },
  }
}

/** Throws where it is another source's. */
function valueIn({ checkpoint, holder }: LeaseRecord, of: string): unknown {
  const { source, turn, ...others } = checkpoint
  if (source !== undefined ? source !== of : Object.keys(others).length > 0)
    throw new Error(
      `the Lease is that of ${source === undefined ? 'another kind of source' : `source ${source}`}: name another one`,
    )
  try {
    if (turn !== undefined) return JSON.parse(turn)
  } catch {
    // Somebody has written into it.
  }
  return holder === '' ? undefined : { holder }
}

function holderOf(value: unknown): string {
  const { holder } = (value ?? {}) as { readonly holder?: unknown }
  return typeof holder === 'string' ? holder : ''
}
