// The API over a store in a folder that has the events and flows of one seeded world.
import { startApi } from '../../../src/api/index.ts'
import { RecordingControl } from '../../../src/api/testing/recording-control.ts'
import type { IncidentSequence } from '../../../src/api/testing/incident-sequences.ts'
import { realHost } from '../../../src/host/index.ts'
import { toEventBatch } from '../../../src/model/events.ts'
import { openStore } from '../../../src/store/index.ts'
import { FrameMaker, recordingLog, recordingMetrics, resolver } from '../../../src/store/testing/frames.ts'

export interface WorldApi extends AsyncDisposable {
  get(
    path: string,
    parameters: Readonly<Record<string, string>>,
  ): Promise<{ status: number; body: Record<string, unknown> }>
}

export async function apiOf(world: IncidentSequence, directory: string): Promise<WorldApi> {
  const [host, log] = [realHost(), recordingLog()]
  const store = await openStore({ host, directory, resolver, log, metrics: recordingMetrics() })
  const frames = new FrameMaker()
  for (const batch of [toEventBatch([...world.events]), world.flows])
    await store.projection.apply([frames.batch(batch, world.end, 'world')])
  await store.projection.commit()
  const control = new RecordingControl()
  control.readsFrom(store)
  const listen = { host: '127.0.0.1', port: 0 }
  const server = { listen, auth: { tokens: [] }, httpAuth: 'api', log, host, version: '0.0.0-bench', control } as const
  const api = await startApi(server)
  return {
    async get(path, parameters) {
      const response = await fetch(`${api.url}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`)
      return { status: response.status, body: (await response.json()) as Record<string, unknown> }
    },
    async [Symbol.asyncDispose]() {
      await api.close()
      await store.close()
    },
  }
}
