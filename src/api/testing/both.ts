import type { Batch } from '../../model/batches.ts'
import { FrameMaker, resolver, type FlowSpec } from '../../store/testing/frames.ts'
import { storeOfTest } from '../../store/testing/temporary.ts'
import type { ApiOptions } from '../index.ts'
import { start } from './kit.ts'
import { RecordingControl } from './recording-control.ts'

interface JsonResponse {
  readonly status: number
  readonly body: Record<string, unknown>
}

/** Two APIs with the same frames, with a store and with the newest flows in memory. */
export interface Both {
  stored(path: string, parameters?: Readonly<Record<string, string>>): Promise<JsonResponse>
  live(path: string, parameters?: Readonly<Record<string, string>>): Promise<JsonResponse>
  addBatch(batch: Batch, received: number): Promise<void>
  add(specs: readonly FlowSpec[], received: number): Promise<void>
  sql(text: string): Promise<Record<string, unknown>[]>
  readonly urls: { readonly stored: string; readonly live: string }
  readonly control: RecordingControl
}

export async function startBoth(options: Partial<ApiOptions> = {}): Promise<Both> {
  const store = await storeOfTest()
  const [withStore, without] = [new RecordingControl(), new RecordingControl()]
  withStore.readsFrom(store)
  without.store = undefined
  const [stored, live] = [
    await start({ ...options, resolver, control: withStore }),
    await start({ ...options, resolver, control: without }),
  ]
  const make = new FrameMaker()
  const ask =
    (url: string) =>
    async (path: string, parameters: Readonly<Record<string, string>> = {}): Promise<JsonResponse> => {
      const answer = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`)
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
    }
  const take = async (frame: ReturnType<FrameMaker['batch']>): Promise<void> => {
    await store.projection.apply([frame])
    await store.projection.commit()
    without.hand(frame)
  }
  return {
    stored: ask(stored.api.url),
    live: ask(live.api.url),
    urls: { stored: stored.api.url, live: live.api.url },
    control: without,
    addBatch: (batch, received) => take(make.batch(batch, received, 'test')),
    add: (specs, received) => take(make.flows(specs, received)),
    async sql(text) {
      const pieces: Uint8Array[] = []
      for await (const piece of await store.reader.query(text, 'json', new AbortController().signal)) pieces.push(piece)
      return JSON.parse(Buffer.concat(pieces).toString('utf8')) as Record<string, unknown>[]
    },
  }
}
