/**
 * Of those who share a journal one reads at a time. Whose turn it is stands in a record of the journal, which the holder writes again and again with
 * how far it is; who sees for a while that nobody does takes over. Both may tell the same event at that moment, under one id; none is left out.
 */
import type { SourceContext, TurnRecord } from './ports.ts'

export interface TurnOptions {
  readonly context: Pick<SourceContext, 'host' | 'log' | 'id'>
  readonly record: TurnRecord
  /** What is read, in words: `traces`. */
  readonly what: string
  /** How far we are: whoever takes over is given it. */
  readonly state: () => unknown
  /** How long a holder that says nothing is thought to be alive. */
  readonly durationMs?: number
  readonly onTurn?: (ours: boolean) => void
}

interface Turn {
  /** Empty: it was given back. */
  readonly holder: string
  /** Name of the Weir that has it. */
  readonly instance: string
  readonly state: unknown
}

const usualDurationMs = 10_000
/** Parts of the duration: between two renewals, between two looks of who stands by, and how long it is ours after a renewal began. */
const [renewPart, lookPart, holdPart] = [0.2, 0.1, 0.8]

/** Ends when the signal aborts. `act` runs while it is our turn, with what the one before us knew; it ends soon after its signal aborts. */
export async function takeTurns(options: TurnOptions, signal: AbortSignal, act: (ours: AbortSignal, before: unknown) => Promise<void>): Promise<void> {
  const { context: { host, log, id }, record, what, durationMs = usualDurationMs } = options
  const holder = `${record.instance} ${Buffer.from(host.random.bytes(6)).toString('hex')}`
  let seen: { readonly version: string; readonly at: number } | undefined
  let problem: string | undefined
  while (!signal.aborted) {
    try {
      const found = await record.read(signal)
      const turn = found?.value as Turn | undefined
      const now = host.clock.monotonic()
      if (found !== undefined && seen?.version !== found.version) seen = { version: found.version, at: now }
      // An earlier start under our name is over: the journal takes nothing from it any more.
      const isFree = turn === undefined || turn.holder === '' || turn.instance === record.instance || now - (seen?.at ?? now) >= durationMs
      const version = isFree ? await record.write(found?.version, { holder, instance: record.instance, state: turn?.state } satisfies Turn, signal) : undefined
      problem = undefined
      if (version !== undefined) await hold(options, holder, { version, began: now, before: turn?.state }, signal, act)
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error)
      if (!signal.aborted && said !== problem) log.warn(`Whose turn it is to read ${what} can’t be asked for, or it could not be used; it is tried again.`, { source: id, error: said })
      problem = said
    }
    await host.timers.sleep(durationMs * lookPart, signal)
  }
}

interface Begun {
  readonly version: string
  /** Monotonic ms at which it was asked for. */
  readonly began: number
  readonly before: unknown
}

async function hold({ context: { host, log, id }, record, what, state, durationMs = usualDurationMs, onTurn }: TurnOptions, holder: string, begun: Begun, signal: AbortSignal, act: (ours: AbortSignal, before: unknown) => Promise<void>): Promise<void> {
  const lost = new AbortController()
  const ours = AbortSignal.any([signal, lost.signal])
  let { version } = begun
  // Also when a renewal is asked for and never answered.
  const endAfter = (began: number): { cancel(): void } => host.timers.after(began + durationMs * holdPart - host.clock.monotonic(), () => { lost.abort() })
  let timer = endAfter(begun.began)
  log.info(`This Weir reads ${what} from now on; others that share the journal stand by.`, { source: id })
  onTurn?.(true)
  let failed: { readonly error: unknown } | undefined
  const acting = act(ours, begun.before).catch((error: unknown) => { failed = { error } }).finally(() => { lost.abort() })
  while (!ours.aborted) {
    await host.timers.sleep(durationMs * renewPart, ours)
    if (ours.aborted) break
    const began = host.clock.monotonic()
    // What fails is tried again, until it is not ours any more.
    const written = await record.write(version, { holder, instance: record.instance, state: state() } satisfies Turn, ours).catch(() => false as const)
    if (written === false) continue
    if (written === undefined) {
      lost.abort()
      break
    }
    version = written
    timer.cancel()
    timer = endAfter(began)
  }
  timer.cancel()
  await acting
  onTurn?.(false)
  // Given back, nobody has to wait; if that fails, others see that nobody writes it.
  const late = new AbortController()
  const limit = host.timers.after(durationMs * renewPart, () => { late.abort() })
  await giveBack(record, { version, holder, state: state() }, late.signal).catch(() => undefined)
  limit.cancel()
  if (failed !== undefined) throw failed.error
  if (!signal.aborted) log.warn(`This Weir reads no ${what} any more: another one has the turn.`, { source: id })
}

async function giveBack(record: TurnRecord, { version, holder, state }: { readonly version: string; readonly holder: string; readonly state: unknown }, signal: AbortSignal): Promise<void> {
  const none = { holder: '', instance: record.instance, state } satisfies Turn
  if ((await record.write(version, none, signal)) !== undefined) return
  // The end came in the middle of a renewal.
  const found = await record.read(signal)
  if ((found?.value as Turn | undefined)?.holder === holder) await record.write(found?.version, none, signal)
}
