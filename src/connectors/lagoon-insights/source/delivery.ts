/** Waits for the delivery of a report, and marks its ConfigMap. */
import type { AwaitedOutcome, AwaitedSink, Position, SourceContext } from '../../../engine/contracts.ts'
import { keyOf, type ObjectMeta } from '../../../net/kubernetes/follow-collection.ts'
import { trackEndpoint } from '../../../model/insights.ts'
import { Conflict, type Cluster, type MetadataPatch } from '../client.ts'
import type { InsightsConfig } from '../config.ts'
import { reportId } from '../map.ts'
import * as names from '../map/labels.ts'

/** Until the first mark of a report that is not delivered. */
const attemptMs = 30_000

export type Appended = Readonly<{
  meta: ObjectMeta
  id: string
  position: Position
  /** The event is for the core of Lagoon. */
  isEnabled: boolean
  /** True for an SBOM: Dependency-Track reads only SBOMs. */
  isSbom: boolean
}>

/** Sinks that must deliver a report. */
export type AwaitedSinks = Readonly<{
  core?: AwaitedSink | undefined
  /** Dependency-Track, and that of the endpoint in the annotations. */
  track?: AwaitedSink | undefined
  custom?: AwaitedSink | undefined
}>

export type Delivered = 'delivered' | 'skipped' | 'dead_letter' | 'again' | 'stopped'

export type DeliveryOptions = Readonly<{
  config: Pick<InsightsConfig, 'burn' | 'retry_marks' | 'strict'>
  context: Pick<SourceContext, 'host' | 'log' | 'id'>
  cluster: Cluster
  sinks: AwaitedSinks
}>

/** Outcome by the status annotation of its sink. */
type Outcomes = ReadonlyMap<string, AwaitedOutcome>

export class Delivery {
  readonly #options: DeliveryOptions

  constructor(options: DeliveryOptions) {
    this.#options = options
  }

  /** Waits for the outcomes. `again`: the object must be read again. */
  async settle(appended: Appended, signal: AbortSignal): Promise<Readonly<{ is: Delivered; burnt?: true }>> {
    const outcomes = await this.#outcomes(appended, signal)
    const all = [...outcomes.values()]
    if (all.some(({ is }) => is === 'pending')) return { is: 'stopped' }
    if (all.some(({ is }) => is === 'gone')) return { is: 'again' }
    const hasFailed = all.some(({ is }) => is === 'dead-lettered' || is === 'dropped')
    const marked = await this.#mark(appended, this.#finalPatch(appended, outcomes, { failed: hasFailed }), signal)
    if (marked === undefined) return { is: 'again' }
    if (hasFailed) return { is: 'dead_letter' }
    const delivered = [...outcomes].some(([status, { is }]) => is === 'delivered' && provesDelivery(status, appended))
    if (!delivered || !this.#options.config.burn) return { is: delivered || all.length === 0 ? 'delivered' : 'skipped' }
    return { is: 'delivered', ...((await this.burn(marked, signal)) ? { burnt: true } : {}) }
  }

  /** Deletes an object that is still as marked. */
  async burn(meta: ObjectMeta, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#options.cluster.remove('configmaps', meta, signal)
      return true
    } catch (error) {
      if (error instanceof Conflict) return false
      throw error
    }
  }

  async #outcomes(appended: Appended, signal: AbortSignal): Promise<Outcomes> {
    const {
      sinks: { core, track, custom },
    } = this.#options
    const outcomes = new Map<string, AwaitedOutcome>()
    const wait = async (status: string, sink: AwaitedSink | undefined): Promise<void> => {
      if (sink !== undefined) outcomes.set(status, await this.#outcome(appended, status, sink, signal))
    }
    const { isEnabled, isSbom, meta } = appended
    await Promise.all([
      wait(names.coreStatus, isEnabled ? core : undefined),
      wait(names.trackStatus, isSbom ? track : undefined),
      wait(names.customStatus, isSbom && trackEndpoint in meta.annotations ? custom : undefined),
    ])
    return outcomes
  }

  async #outcome(appended: Appended, status: string, sink: AwaitedSink, signal: AbortSignal): Promise<AwaitedOutcome> {
    const {
      config: { retry_marks: marks },
      context: { host },
    } = this.#options
    const delivered = outcomeOf(sink, appended.position, signal)
    let isDone = false
    const ending = delivered.finally(() => {
      isDone = true
    })
    for (let failures = 1; marks !== null && failures <= marks.max + 1; failures++) {
      const timeoutAbort = new AbortController()
      const stop = AbortSignal.any([signal, timeoutAbort.signal])
      await Promise.race([ending, host.timers.sleep(failures === 1 ? attemptMs : marks.wait, stop)])
      timeoutAbort.abort()
      if (isDone || signal.aborted) break
      const dueSeconds = Math.floor((host.clock.now() + marks.wait) / 1000)
      await this.#mark(
        appended,
        {
          labels: {
            [names.deferred]: String(dueSeconds),
            ...(failures > marks.max ? { [names.givenUp]: 'MAX_RETRY_EXCEEDED' } : {}),
          },
          annotations: {
            [status]: names.statusFailure,
            [names.errorOf(status)]: 'not delivered yet; the report waits in the journal of Weir',
            [names.retries]: String(failures),
          },
        },
        signal,
      )
    }
    return ending
  }

  #finalPatch(appended: Appended, outcomes: Outcomes, { failed }: Readonly<{ failed: boolean }>): MetadataPatch {
    const { meta, isEnabled } = appended
    const {
      config: { strict },
      context: { host },
      sinks: { core },
    } = this.#options
    const annotations: Record<string, string | null> = {}
    if (core !== undefined && !isEnabled)
      annotations[names.coreStatus] = strict ? names.statusSuccess : names.statusSkipped
    for (const [status, outcome] of outcomes) {
      const failure = outcome.is === 'dead-lettered' || outcome.is === 'dropped' ? outcome : undefined
      if (failure !== undefined) annotations[status] = names.statusFailure
      else if (outcome.is === 'unknown') annotations[status] = names.statusUnknown
      else if (strict || provesDelivery(status, appended)) annotations[status] = names.statusSuccess
      else annotations[status] = null
      annotations[names.errorOf(status)] =
        failure === undefined ? null : (failure.reason ?? failure.is).slice(0, names.maxErrorLength)
    }
    if (failed) annotations[names.rejected] = 'dead-letter'
    else annotations[names.processed] = new Date(host.clock.now()).toISOString().replace(/\.\d+Z$/, 'Z')
    annotations[names.retries] = meta.annotations[names.retries] ?? '0'
    return { annotations, labels: { [names.deferred]: null, [names.givenUp]: null } }
  }

  /** Writes the status annotation. Undefined: the object was replaced or is gone. */
  async #mark(
    { meta, id }: Pick<Appended, 'meta' | 'id'>,
    patch: MetadataPatch,
    signal: AbortSignal,
  ): Promise<ObjectMeta | undefined> {
    const { cluster, context } = this.#options
    let current = meta
    for (let failures = 0; ; failures++) {
      try {
        return await cluster.patchConfigMap(current, patch, signal)
      } catch (error) {
        if (signal.aborted) return undefined
        if (!(error instanceof Conflict)) {
          context.log.warn('A ConfigMap with insights cannot be marked; Weir retries.', {
            source: context.id,
            configmap: keyOf(meta),
            error: String(error),
          })
          await context.host.timers.sleep(Math.min(30_000, 1000 * 2 ** failures), signal)
          if (signal.aborted) return undefined
        }
        const configMap = await cluster.configMap(meta, signal).catch(() => current)
        if (configMap === undefined) return undefined
        if ('meta' in configMap) {
          if (configMap.meta.uid !== meta.uid || reportId(configMap) !== id) return undefined
          current = configMap.meta
        }
      }
    }
  }
}

/** Whether a sink has yet to deliver the report. */
export async function isPending(sinks: AwaitedSinks, position: Position): Promise<boolean> {
  for (const sink of Object.values(sinks))
    if ((await sink?.outcome?.(position, AbortSignal.abort()))?.is === 'pending') return true
  return false
}

/** The sink of Dependency-Track may leave out reports of other environments than production. */
function provesDelivery(status: string, { meta: { labels } }: Appended): boolean {
  return status === names.coreStatus || labels[names.environmentType] === 'production'
}

/** With a journal on a bus a settled report may also be a dead letter. */
async function outcomeOf(sink: AwaitedSink, position: Position, signal: AbortSignal): Promise<AwaitedOutcome> {
  const outcome = (await sink.outcome?.(position, signal)) ?? { is: 'unknown' }
  if (outcome.is !== 'unknown') return outcome
  const settling = await sink.settled({ position, epoch: 0, sourceSequence: 0 }, signal)
  return settling === 'settled' ? outcome : { is: settling === 'gone' ? 'gone' : 'pending' }
}
