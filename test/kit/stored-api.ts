// The API over a store in a folder that has the given rows.
import { startApi } from '../../src/api/index.ts'
import { RecordingControl } from '../../src/api/testing/recording-control.ts'
import { realHost } from '../../src/host/index.ts'
import type { Batch } from '../../src/model/batches.ts'
import { openStore } from '../../src/store/index.ts'
import { FrameMaker, recordingLog, recordingMetrics, resolver } from '../../src/store/testing/frames.ts'

export interface StoredApi extends AsyncDisposable {
  get(
    path: string,
    parameters: Readonly<Record<string, string>>,
  ): Promise<{ status: number; body: Record<string, unknown> }>
}

/** `received`: Unix ms. */
export async function apiOf(batches: readonly Batch[], received: number, directory: string): Promise<StoredApi> {
  const [host, log] = [realHost(), recordingLog()]
  const store = await openStore({ host, directory, resolver, log, metrics: recordingMetrics() })
  const frames = new FrameMaker()
  for (const batch of batches) await store.projection.apply([frames.batch(batch, received, 'test')])
  await store.projection.commit()
  const control = new RecordingControl()
  control.readsFrom(store)
  const listen = { host: '127.0.0.1', port: 0 }
  const server = { listen, auth: { tokens: [] }, httpAuth: 'api', log, host, version: '0.0.0-bench', control } as const
  const api = await startApi(server)
  return {
    async get(path, parameters) {
      const response = await fetch(`${api.url}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`)
      if (response.status >= 500) throw new Error(JSON.stringify(log.lines.filter(({ level }) => level === 'error')))
      return { status: response.status, body: (await response.json()) as Record<string, unknown> }
    },
    async [Symbol.asyncDispose]() {
      await api.close()
      await store.close()
    },
  }
}
