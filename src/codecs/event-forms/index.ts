/** Events, and flows as events, in the form that a sink of messages sends, by the name of a codec in the configuration. */
import type { BatchKind } from '../../model/batches.ts'
import type { WeirEvent } from '../../model/events.ts'
import type { KollectFields } from '../kollect/index.ts'
import { flowForm, type FlowForm, type FlowFormChoice } from '../flow-forms/index.ts'

export interface EventForms {
  readonly flows: FlowForm
  /** What goes out in place of a row's event. Throws, with the reason, for what has no such form. */
  readonly event: (row: { readonly kind: BatchKind; readonly event: WeirEvent }) => WeirEvent
}

export interface EventFormChoice {
  readonly codec: FlowFormChoice['codec'] | 'kollect'
  readonly tcp_flags: FlowFormChoice['tcp_flags']
  readonly kollect_fields: KollectFields
}

/** The code of a codec that few need is loaded when one is built that has it. */
export async function eventForms({ codec, tcp_flags, kollect_fields: fields }: EventFormChoice): Promise<EventForms> {
  if (codec !== 'kollect') return { flows: flowForm({ codec, tcp_flags }), event: ({ event }) => event }
  const { kollectEvent } = await import('../kollect/index.ts')
  return {
    // Refused below; something has to carry them there.
    flows: flowForm({ codec: 'json', tcp_flags }),
    event({ kind, event }) {
      if (kind === 'flows') throw new Error('kollect has no message for flows; let the sink take changes only (`only: {family: change}`)')
      return kollectEvent(event, fields)
    },
  }
}
