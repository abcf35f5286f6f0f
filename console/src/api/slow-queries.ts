import { withProgress } from './progress.ts'

/** A browser opens six connections to a server without HTTP/2. Small requests keep two of them. */
const mostAtOnce = 4

/** Routes of `/api/v1` that read stored rows. */
const slowRoutes = new Set([
  'audit',
  'changes',
  'conversations',
  'events',
  'flows',
  'graph',
  'images',
  'inventory',
  'investigate',
  'problems',
  'resources',
  'series',
  'spend',
  'sql',
  'topology',
])

const waiting = new Set<() => void>()
let running = 0

/** Runs at most four requests of stored rows at a time, in order, with ids for their progress. Others run at once. */
export function limitSlowQueries<T>(
  path: string,
  signal: AbortSignal | undefined,
  act: (id: string | undefined) => Promise<T>,
): Promise<T> {
  return slowRoutes.has(path.split(/[/?]/)[3] ?? '') ? inTurn(signal, () => withProgress(act)) : act(undefined)
}

async function inTurn<T>(signal: AbortSignal | undefined, act: () => Promise<T>): Promise<T> {
  if (running < mostAtOnce) running++
  else await turn(signal)
  try {
    return await act()
  } finally {
    const [next] = waiting
    if (next === undefined) running--
    else next()
  }
}

function turn(signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted()
  return new Promise((resolve, reject) => {
    const leave = () => {
      waiting.delete(start)
      signal?.removeEventListener('abort', abort)
    }
    const start = () => {
      leave()
      resolve()
    }
    const abort = () => {
      leave()
      reject(signal?.reason as Error)
    }
    waiting.add(start)
    signal?.addEventListener('abort', abort)
  })
}
