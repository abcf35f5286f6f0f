import { Worker } from 'node:worker_threads'
import type { MemoryBudget } from '../host/index.ts'
import { self } from '../host/process.ts'
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
    worker.on('error', (error) => onFailed(error instanceof Error ? error : new Error(String(error))))
    worker.on('exit', (code) => onFailed(new Error(`the ${name} worker ended with code ${code}`)))
    return worker
  }
}
