import { eventAt, eventId, type WeirEvent } from '../../model/events.ts'
import { kubernetesTypes } from '../../model/kubernetes.ts'
import { parseKubernetesRef } from '../../model/refs.ts'
import { spanIdOf, traceIdOf, type Span, type Traces } from '../../telemetry/traces.ts'
import type { SinkBatch, WriteTrace } from '../contracts.ts'

const recordedNames: Readonly<Record<string, string>> = {
  [kubernetesTypes.created]: 'Resource.Create',
  [kubernetesTypes.updated]: 'Resource.Update',
  [kubernetesTypes.deleted]: 'Resource.Delete',
}
const recorded = 'recorded'

/** From receipt (Unix ms) to sync. Does not retain the events' bytes. */
export function tracedEvents(events: readonly WeirEvent[], received: number, traces: Traces): (synced: number) => void {
  const spans: Omit<Span, 'end'>[] = []
  for (const event of events) {
    const name = recordedNames[event.type]
    if (name === undefined) continue
    const traceId = traceIdOf(event.id)
    if (traces.samples(traceId))
      spans.push({
        traceId,
        spanId: spanIdOf(traceId, recorded),
        name,
        kind: 'internal',
        start: received,
        attributes: objectAttributes(event),
      })
  }
  return (synced) => {
    for (const span of spans) traces.add({ ...span, end: Math.max(span.start, synced) })
  }
}

function objectAttributes({ ref = '', key = '', data }: WeirEvent): Span['attributes'] {
  const { cluster = '', group = '', kind = '', namespace = '', name = '' } = parseKubernetesRef(ref) ?? {}
  return {
    'cluster.id': cluster,
    'k8s.group': group,
    'k8s.version': versionOf(data),
    'k8s.kind': kind,
    'k8s.namespace': namespace,
    'k8s.name': name,
    'k8s.uid': key.slice(key.lastIndexOf('/') + 1),
  }
}

function versionOf(data: Uint8Array | undefined) {
  const head = Buffer.from(data?.subarray(0, 1024) ?? []).toString()
  return /^\{"cluster":"(?:[^"\\]|\\.)*","group":"[^"]*","version":"([^"]*)"/.exec(head)?.[1] ?? ''
}

type Form = Readonly<{
  type: string
  id: string
  key?: string | undefined
  bytes: number
}>

export class TracedWrites implements WriteTrace {
  readonly #traces: Traces
  readonly #sink: string
  readonly #start: number
  readonly #forms = new Map<number, Form>()

  constructor(traces: Traces, sink: string, start: number) {
    this.#traces = traces
    this.#sink = sink
    this.#start = start
  }

  traceparent(event: WeirEvent): string | undefined {
    const traceId = traceIdOf(event.id)
    return this.#traces.samples(traceId) ? `00-${traceId}-${this.#spanId(traceId)}-01` : undefined
  }

  wrote(index: number, { type, id, key, data }: WeirEvent): void {
    this.#forms.set(index, { type, id, key, bytes: data?.length ?? 0 })
  }

  settle(
    { pieces }: SinkBatch,
    unsettled: ReadonlySet<number>,
    failed: ReadonlyMap<number, string>,
    end: number,
  ): void {
    let index = -1
    for (const { batch, rows } of pieces) {
      for (const row of rows) {
        index++
        if (batch.kind !== 'events' || unsettled.has(index)) continue
        const traceId = traceIdOf(eventId(batch, row))
        if (this.#traces.samples(traceId))
          this.#end(traceId, eventAt(batch, row), this.#forms.get(index), end, failed.get(index))
      }
    }
    this.#forms.clear()
  }

  #end(traceId: string, event: WeirEvent, form: Form | undefined, end: number, error: string | undefined) {
    const { type, id, key = '', bytes } = form ?? { ...event, bytes: event.data?.length ?? 0 }
    this.#traces.add({
      traceId,
      spanId: this.#spanId(traceId),
      ...(recordedNames[event.type] === undefined ? {} : { parentId: spanIdOf(traceId, recorded) }),
      name: 'Event.Write',
      kind: 'producer',
      start: this.#start,
      end: Math.max(this.#start, end),
      attributes: {
        'weir.sink': this.#sink,
        'event.type': type,
        'event.id': id,
        'event.key': key,
        'event.size': bytes,
      },
      ...(error === undefined ? {} : { error }),
    })
  }

  #spanId(traceId: string) {
    return spanIdOf(traceId, `written ${this.#sink}`)
  }
}
