import { Worker } from 'node:worker_threads'
import type { MemoryBudget } from '../host/index.ts'
import { self } from '../host/process.ts'
import { messageOf, WeirError } from '../model/errors.ts'
import { telemetryFor } from '../telemetry/worker.ts'

type Spawn = (name: 'ingest' | 'store' | 'watch') => Worker

export function spawner(
  { memory, ...telemetry }: Parameters<typeof telemetryFor>[1] & { readonly memory: MemoryBudget },
  onFailed: (error: Error) => void,
): Spawn {
  return (name) => {
    if (name === 'watch') self.prepareForObjects()
    const { data, transfer } = telemetryFor(name, telemetry)
    const worker = new Worker(new URL(`./workers/${name}.ts`, import.meta.url), {
      name,
      workerData: { telemetry: data, memory: memory.shared },
      transferList: [...transfer],
    })
    const ended = (why: string) => onFailed(new WeirError('WEIR_PART_ENDED', `The ${name} thread ended: ${why}`))
    worker.on('message', ({ failed }: { readonly failed?: string }) => {
      if (failed !== undefined) ended(failed)
    })
    worker.on('error', (error) => ended(messageOf(error)))
    worker.on('exit', (code) => ended(`exit code ${code}`))
    return worker
  }
}
