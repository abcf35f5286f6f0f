import { fileURLToPath } from 'node:url'
import { startChild } from '../host/child.ts'
import { self } from '../host/process.ts'
import type { StartProcess } from '../store/process/processes.ts'

/** Address space that a query process has before it reads anything: stacks of threads and what V8 and DuckDB map ahead. */
const mappedBytes = 768 << 20
const threads = 4

/** Starts query processes; undefined where the system has no way to bound them. */
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
      // Rows become text in the heap; the rest of the memory is DuckDB's.
      nodeFlags: [
        '--max-semi-space-size=4',
        `--max-old-space-size=${Math.max(64, Math.round(memoryBytes / 4 / (1 << 20)))}`,
      ],
    })
}
