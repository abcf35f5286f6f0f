import type { Batch } from '../../model/batches.ts'
import { FrameMaker, type FlowSpec } from '../../store/testing/frames.ts'
import { storeOfTest } from '../../store/testing/temporary.ts'
import type { Store, StoreOptions } from '../../store/index.ts'
import type { ApiOptions } from '../index.ts'
import { start } from './kit.ts'
import { RecordingControl } from './recording-control.ts'

export interface StoredApi {
  /** Path below /api/v1/. */
  get(
    path: string,
    parameters?: Readonly<Record<string, string>>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<{ status: number; body: Record<string, unknown> }>
  add(specs: readonly FlowSpec[], received: number): Promise<void>
  addBatch(batch: Batch, received: number): Promise<void>
  readonly store: Store
  readonly control: RecordingControl
  readonly url: string
}

export async function startStored(
  options: Partial<ApiOptions> = {},
  storeOptions: Partial<StoreOptions> = {},
): Promise<StoredApi> {
  const store = await storeOfTest(storeOptions)
  const control = new RecordingControl()
  control.readsFrom(store)
  const { api } = await start({ ...options, control })
  const make = new FrameMaker()
  return {
    store,
    control,
    url: api.url,
    async get(path, parameters = {}, headers = {}) {
      const answer = await fetch(`${api.url}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`, { headers })
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
    },
    async addBatch(batch, received) {
      await store.projection.apply([make.batch(batch, received, 'test')])
      await store.projection.commit()
    },
    async add(specs, received) {
      await store.projection.apply([make.flows(specs, received)])
      await store.projection.commit()
    },
  }
}
