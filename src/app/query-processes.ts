import { fileURLToPath } from 'node:url'
import { startChild } from '../host/child.ts'
import { self } from '../host/process.ts'
import type { StartProcess } from '../store/process/processes.ts'

/** Initial address space of a query process: stacks and mappings of V8 and DuckDB. */
const mappedBytes = 768 << 20
const threads = 4

/** Undefined where the system cannot limit the memory of a process. */
export function queryProcesses(): StartProcess | undefined {
  if (self.platform === 'win32') return undefined
  const cache = self.env['NODE_COMPILE_CACHE']
  const env = {
    UV_THREADPOOL_SIZE: String(threads),
    MALLOC_ARENA_MAX: '2',
    ...(cache === undefined ? {} : { NODE_COMPILE_CACHE: cache }),
  }
  const script = fileURLToPath(new URL('./workers/query.ts', import.meta.url))
  return ({ file, memoryBytes }) =>
    startChild({
      script,
      env,
      file,
      dataBytes: memoryBytes + mappedBytes,
      nodeFlags: [
        '--max-semi-space-size=4',
        `--max-old-space-size=${Math.max(64, Math.round(memoryBytes / 4 / (1 << 20)))}`,
      ],
    })
}
