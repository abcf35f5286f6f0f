import type { SourceContext } from '../../../engine/contracts.ts'
import { messageOf } from '../../../model/errors.ts'
import { kindForbidden } from '../../../model/kubernetes.ts'
import type { Ask } from '../../../net/kubernetes/types.ts'
import { isServedElsewhere, nameOf, pathOf, type ResourceType } from '../client/discovery.ts'
import type { Pace } from '../client/pace.ts'
import { Reader } from '../client/reader.ts'
import type { Stripper } from '../client/strip.ts'
import type { KubernetesConfig } from '../config.ts'
import type { ListSlot } from './lists.ts'
import type { Running } from './status.ts'
import type { Collection } from './steps.ts'
import { isEventType, type Tracker } from './tracker.ts'

type WatchParts = Readonly<{
  type: ResourceType
  namespace?: string
  collection: Collection
  tracker: Tracker
  streams: boolean
  slot: ListSlot
  ask: Ask
  config: Pick<KubernetesConfig, 'labels' | 'fields'>
  context: Pick<SourceContext, 'host' | 'log' | 'id'>
  stripper: Stripper
  pace: Pace
  onMissing: () => void
}>

export function startWatch({
  type,
  namespace,
  collection,
  tracker,
  streams,
  slot,
  ask,
  config: { labels, fields },
  context: { host, log, id },
  stripper,
  pace,
  onMissing,
}: WatchParts): Running {
  const stop = new AbortController()
  const path = pathOf(type, namespace)
  const selectors = {
    ...(labels === null || isEventType(type) ? {} : { labelSelector: labels }),
    ...(fields === null || isEventType(type) ? {} : { fieldSelector: fields }),
  }
  const position = namespace === undefined ? {} : { namespace }
  const reader = new Reader({
    path,
    selectors,
    streams: streams && !isServedElsewhere(type),
    ask: slot.limiting(ask),
    target: tracker,
    stripper,
    host,
    pace,
    onMissing,
    onRelist: (reason) =>
      log.warn('A watch failed; the kind is listed again.', { source: id, kind: nameOf(type), ...position, reason }),
    onForbidden: (reason) => log.warn(kindForbidden, { source: id, kind: nameOf(type), ...position, reason }),
  })
  const done = reader
    .run(stop.signal)
    .catch((error: unknown) => {
      if (!stop.signal.aborted)
        log.error('The watch of a kind ended.', { source: id, kind: nameOf(type), error: messageOf(error) })
    })
    .finally(() => slot.done())
  return { type, ...position, reader, tracker, stop, done, path, selectors, collection }
}
