import type { Control } from '../../engine/control.ts'
import type { TimeSpan } from '../../query/plan/index.ts'
import { spanSince, type Instance } from '../../topics/coverage.ts'
import type { ConversationsReader } from '../../topics/flows/conversations/index.ts'
import { readStoredConversations } from '../../topics/flows/conversations/stored.ts'
import type { DistinctReader } from '../../topics/flows/distinct/index.ts'
import { readStoredDistinct } from '../../topics/flows/distinct/stored.ts'
import type { PageReader } from '../../topics/flows/page.ts'
import { readStoredPage } from '../../topics/flows/stored-page.ts'
import type { SumsReader } from '../../topics/flows/sums/request.ts'
import { readStoredSums } from '../../topics/flows/sums/stored-sums.ts'
import type { ManyRows } from '../../topics/many-rows.ts'
import type { Surroundings } from '../../topics/operation.ts'
import { asSmall } from '../fair/store.ts'
import type { ApiContext } from '../options.ts'
import type { Hub } from './hub.ts'

type Reading = Pick<Surroundings, 'viewer' | 'signal'> & Readonly<{ context: ApiContext; hub: Hub }>

type FlowReaders = PageReader & SumsReader & ConversationsReader & DistinctReader

/** Rows and sums of flows: from the store, or without one by the same statements from the newest flows in memory. */
export function flowReaders({ context, hub, viewer, signal }: Reading): FlowReaders {
  const { host, control } = context
  const read = async <Result extends Readonly<{ span: TimeSpan; source: string }>>(
    span: TimeSpan,
    run: (stored: Stored) => Promise<Result>,
  ): Promise<Result> => {
    const common = { viewer, signal, host }
    if (control.store !== undefined) return run({ ...common, store: control.store, instance: context })
    const newest = await hub.newestFlows()
    const result = await run({ ...common, store: newest.store, instance: instanceOf(context) })
    return { ...result, span: spanSince(span, newest.since()), source: 'ring' }
  }
  return {
    readPage: (request) => read(request.span, (stored) => readStoredPage(request, { ...stored, asSmall })),
    readConversations: (request, source) =>
      read(request.span, (stored) => readStoredConversations(request, source, stored)),
    readDistinct: (request, source) => read(request.span, (stored) => readStoredDistinct(request, source, stored)),
    readSums: (sums) => read(sums.request.span, (stored) => readStoredSums(stored, sums)),
  }
}

type Stored = Pick<Surroundings, 'store' | 'viewer' | 'signal'> &
  ManyRows &
  Readonly<{ instance: Instance & Readonly<{ control: Pick<Control, 'acknowledges'> }> }>

/** Of flows in memory, the span states what is missing. */
function instanceOf({ host, control }: ApiContext): Stored['instance'] {
  const acknowledges = (source: string) => control.acknowledges(source)
  return { host, control: { store: undefined, stops: () => [], storeLag: () => undefined, acknowledges } }
}
