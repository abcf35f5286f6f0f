/** Appends reports of workloads. Requests that arrive during a write share the next one, and its sync. */
import type { SourceContext } from '../../../engine/contracts.ts'
import { eventUnit } from '../../../engine/sources/append-events.ts'
import { Coalescer } from '../../../messaging/coalescer.ts'
import type { WeirEvent } from '../../../model/events.ts'
import { chunks } from '../../../polling/chunks.ts'

type Context = Pick<SourceContext, 'id' | 'host' | 'append' | 'appendOnce'>

export class RequestAppender {
  readonly #new: Coalescer<WeirEvent>
  /** Ids are those of clients, and may be in the journal already. */
  readonly #repeatable: Coalescer<WeirEvent>

  constructor(context: Context) {
    this.#new = new Coalescer((events) => write(context, events, 'new'))
    this.#repeatable = new Coalescer((events) => write(context, events, 'repeatable'))
  }

  /** Resolves after the sync. */
  append(events: readonly WeirEvent[], options: Readonly<{ repeatable: boolean }>): Promise<void> {
    return (options.repeatable ? this.#repeatable : this.#new).add(events)
  }
}

/** In order: a client repeats a request of which the last event is not stored. */
async function write(context: Context, events: readonly WeirEvent[], kind: 'new' | 'repeatable'): Promise<void> {
  const once = kind === 'repeatable' && context.appendOnce !== undefined
  for (const [chunk] of chunks(events)) {
    const unit = eventUnit(context.id, chunk, context.host.clock.now(), { once })
    await (once ? context.appendOnce?.(unit) : context.append(unit, chunk))
  }
}
