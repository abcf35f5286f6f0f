import type { BatchKind } from '../../model/batches.ts'
import type { WeirEvent } from '../../model/events.ts'
import { reducedChange, type ChangeData } from '../../model/kubernetes.ts'
import type { KollectFields } from '../kollect/index.ts'
import { agentForm, flowForm, type FlowForm, type FlowFormChoice } from '../flow-forms/index.ts'

type Row = Readonly<{
  index: number
  kind: BatchKind
  event: WeirEvent
}>

export type EventForms = Readonly<{
  flows: FlowForm
  begin: (trace?: Trace) => Sending
}>

interface Trace {
  wrote(index: number, form: WeirEvent): void
}

export type Sending = Readonly<{
  /** Throws with the reason if the row has no such form. */
  event: (row: Row) => WeirEvent
  reduced: (row: Row) => WeirEvent | undefined
  settle: <F extends { readonly index: number }>(failures: readonly F[]) => readonly F[]
}>

export type EventFormChoice = Readonly<{
  codec: FlowFormChoice['codec'] | 'kollect' | 'pbflow'
  tcp_flags: FlowFormChoice['tcp_flags']
  netobserv_fields?: FlowFormChoice['netobserv_fields']
  kollect_fields: KollectFields
}>

interface Metrics {
  count(name: string, by: number, labels?: Readonly<Record<string, string>>): void
}

const unchanged = (trace?: Trace): Sending => ({
  event: ({ event }) => event,
  reduced({ index, event }) {
    if (event.family !== 'change' || event.data === undefined) return undefined
    const change = reducedChange(JSON.parse(new TextDecoder().decode(event.data)) as ChangeData)
    if (change === undefined) return undefined
    const form = { ...event, data: new TextEncoder().encode(JSON.stringify(change)) }
    trace?.wrote(index, form)
    return form
  },
  settle: (failures) => failures,
})

export async function eventForms(
  { codec, tcp_flags, netobserv_fields, kollect_fields: fields }: EventFormChoice,
  metrics: Metrics,
): Promise<EventForms> {
  if (codec === 'pbflow') return { flows: await agentForm(), begin: unchanged }
  if (codec !== 'kollect') return { flows: flowForm({ codec, tcp_flags, netobserv_fields }), begin: unchanged }
  const { kollectCount, kollectEvent, changeOf } = await import('../kollect/index.ts')
  return {
    // Refused below; flows need a form until then.
    flows: flowForm({ codec: 'json', tcp_flags }),
    begin(trace) {
      const made = new Map<number, ReturnType<typeof kollectCount>>()
      return {
        event({ index, kind, event }) {
          if (kind === 'flows')
            throw new Error(
              'kollect has no message for flows; let the sink take changes only (`only: {family: change}`)',
            )
          const change = changeOf(event)
          made.set(index, kollectCount(change))
          const form = kollectEvent(event, change, fields)
          trace?.wrote(index, form)
          return form
        },
        reduced({ index, event }) {
          const change = reducedChange(changeOf(event))
          const form = change === undefined ? undefined : kollectEvent(event, change, fields)
          if (form !== undefined) trace?.wrote(index, form)
          return form
        },
        settle(failures) {
          for (const { index } of failures) made.delete(index)
          for (const { resource, labels, type } of made.values()) {
            metrics.count(resource, 1, labels)
            metrics.count('kollect_events_written_total', 1, { type })
          }
          return failures
        },
      }
    },
  }
}
