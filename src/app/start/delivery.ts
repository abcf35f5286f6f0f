import { DeadLetterFile } from '../../engine/delivery/dead-letter-file.ts'
import { SinkSet } from '../../engine/delivery/sinks.ts'
import type { SourceEntry } from '../../engine/sources/sources.ts'
import { WeirError } from '../../model/errors.ts'
import { transformSchemas } from '../../components/manifests.ts'
import { loadSink } from '../../components/registry.ts'
import { nameSettings, sinkEntries, sourceEntries } from '../config-entries.ts'
import { SharedDelivery } from '../shared-delivery.ts'
import { throwFailed } from '../source-workers.ts'
import { loadedTransform } from '../transforms.ts'
import type { openSources, WithReaders } from './readers.ts'
import type { WithRuntime } from './runtime.ts'

type WithSources = WithReaders & Awaited<ReturnType<typeof openSources>>
export type WithDelivery = WithSources & Awaited<ReturnType<typeof openDelivery>>

/** Time for the store to commit the journal when Weir stops. */
const settleMs = 5_000

export async function openDelivery(before: WithSources) {
  const { host, log, metrics, traces, config, data, journal, tail, follower, ingest, shared } = before
  const { workloads, networks, delivering, calls } = before
  const parts = { host, log, metrics, traces }
  const sinks = new SinkSet({
    ...parts,
    directory: journal,
    deadLetters: (sink) => new DeadLetterFile(host, `${data}/dead-letters`, sink),
    tail,
    follower,
    load: async (type) =>
      type in transformSchemas
        ? (await loadedTransform(type))({
            cursor: (id) => ingest.call('cursor', id),
            append: (unit) => ingest.call('append', unit),
          })
        : loadSink(type),
    accepted: () => follower.accepted(),
    enrichment: () => workloads.enrichment,
  })
  if (shared === undefined) delivering.sinks = sinks
  calls.sinks = sinks
  const delivery =
    shared === undefined
      ? undefined
      : await SharedDelivery.open(shared, {
          ...parts,
          data,
          names: nameSettings(config),
          networks,
          maxBytes: config.journal.max,
          load: loadSink,
          loadTransform: (type) => (type in transformSchemas ? loadedTransform(type) : undefined),
        })
  delivery?.clusters(workloads.clusters)
  return {
    sinks,
    delivery,
    async [Symbol.asyncDispose]() {
      await sinks.stop()
      await delivery?.stop()
    },
  }
}

export async function runSinks({ host, config, loaded, sinks, delivery, store, tail }: WithRuntime) {
  const { failed } = await (delivery ?? sinks).apply(sinkEntries(config, loaded.document, loaded.filter))
  if (failed !== undefined) throw new WeirError('WEIR_CONFIG_INVALID', `sink ${failed.id}: ${failed.message}`)
  return {
    // After the sources have stopped, and before the sinks: the store commits what they received.
    async [Symbol.asyncDispose]() {
      await Promise.race([store?.port.settled(tail.durable().sequence), host.timers.sleep(settleMs)])
    },
  }
}

export async function runSources({ config, reveal, live, runs, sources, collecting }: WithRuntime) {
  const stop = async () => {
    await sources.stop()
    await runs.end()
  }
  try {
    const report = await collecting.apply(sourceEntries(config, reveal))
    throwFailed(report)
    live.sources = report.running
  } catch (error) {
    await stop()
    throw error
  }
  runs.begin()
  return { [Symbol.asyncDispose]: stop }
}

export const collectingBy = ({ sources, shared }: WithSources) => ({
  apply: (entries: readonly SourceEntry[]) => sources.apply(shared?.collects === false ? [] : entries),
})
