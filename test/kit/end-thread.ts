// Loaded with `--import` into every thread of a Weir: ends or blocks one of them when a file appears.
import { existsSync, writeFileSync } from 'node:fs'
import { isMainThread, workerData } from 'node:worker_threads'

const { END_THREAD: thread, END_HOW: how, END_FILE: file = '' } = process.env
const { telemetry } = (workerData ?? {}) as { telemetry?: { thread?: string } }

function end(): void {
  if (how === 'exit') process.exit(3)
  if (how === 'block') {
    writeFileSync(`${file}-blocked`, '')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  }
  if (how === 'rejection') return void Promise.reject(new Error('nobody handles this'))
  if (how === 'memory')
    for (const all: string[][] = []; ;) all.push(Array.from({ length: 1e5 }, (_, at) => `row ${at}`))
  throw new Error('nobody catches this')
}

if (thread === (isMainThread ? 'main' : telemetry?.thread)) {
  const timer = setInterval(() => {
    if (!existsSync(file)) return
    clearInterval(timer)
    end()
  }, 20)
  timer.unref()
}
