import { messageSource } from '../../bus/message-source.ts'
import type { Source, SourceContext } from '../../engine/ports.ts'
import { ToldOnce } from '../../engine/told-once.ts'
import { TrailReader } from './client.ts'
import { FilePuller } from './client-pull.ts'
import type { CloudtrailConfig, From } from './config.ts'
import { keptMs, Place, type PlaceStatus } from './source-place.ts'

/** AWS that is away is no error here: it is said, and tried again. */
export function openCloudtrail(config: CloudtrailConfig, context: SourceContext): Promise<Source> {
  const { from } = config
  return from.type === 'lookup' ? openLookup(config, from, context) : Promise.resolve(openQueue(config, from, context))
}

export interface LookupSource extends Source {
  status(): { readonly regions: readonly PlaceStatus[] }
}

async function openLookup(config: CloudtrailConfig, from: From<'lookup'>, context: SourceContext): Promise<LookupSource> {
  const told = new ToldOnce(context, keptMs)
  await told.restore()
  const regions = from.regions.length === 0 ? [config.region ?? undefined] : from.regions
  const readers = regions.map((region) => new TrailReader({
    host: context.host, config, region, note: (outcome) => { context.metrics.count('weir_cloudtrail_requests_total', 1, { source: context.id, region: region ?? '', outcome }) },
  }))
  const places = readers.map((reader) => new Place({ config: from, context, reader, told }))
  return {
    addresses: [],
    status: () => ({ regions: places.map((place) => place.status()) }),
    async run(signal) {
      // Each by itself: one that can't be read stops no other.
      const ends = await Promise.allSettled(places.map((place) => place.run(signal)))
      for (const reader of readers) reader.close()
      const failed = ends.find((end) => end.status === 'rejected')
      if (failed !== undefined) throw failed.reason
    },
  }
}

function openQueue(config: CloudtrailConfig, from: From<'queue'>, context: SourceContext): Source {
  const puller = new FilePuller(config, from, context)
  // Nothing here is in parts or lies elsewhere but the files themselves.
  const settings = { codec: 'json', event_type: 'unused', ack: 'journal', buffer: from.buffer, join_bytes: 0, join_wait: 60_000, claims: null } as const
  return messageSource(settings, context, puller, (message) => puller.eventsOf(message))
}
