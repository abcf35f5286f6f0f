import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { lineWriter } from './log.ts'
import { MetricStore } from './metrics.ts'
import { telemetryFor } from './worker.ts'

test('a worker logs and counts through its configured port until it ends', async () => {
  const lines: string[] = []
  const metrics = new MetricStore({ strict: true })
  const { data, transfer } = telemetryFor('ingest', {
    write: lineWriter((line) => lines.push(line)),
    metrics,
    level: 'warn',
  })
  const code = `
    const { workerData } = require('node:worker_threads')
    void (async () => {
      const { workerTelemetry } = await import(${JSON.stringify(new URL('./worker.ts', import.meta.url).href)})
      const { realHost } = await import(${JSON.stringify(new URL('../host/index.ts', import.meta.url).href)})
      const { log, metrics, flush } = workerTelemetry(realHost(), workerData)
      for (let i = 0; i < 8; i++) log.warn('Logged by a worker.', { i })
      log.info('Below the level.')
      metrics.count('weir_journal_frames_total', 3)
      flush()
    })()`
  const worker = new Worker(code, { eval: true, workerData: { telemetry: data }, transferList: [...transfer] })
  const code_ = await new Promise((resolve) => worker.once('exit', resolve))
  expect(code_).toBe(0)
  while (lines.length < 6) await new Promise((resolve) => setTimeout(resolve, 1))
  expect(lines.map((line) => line.slice(25).trimEnd())).toEqual([
    ...[0, 1, 2, 3, 4].map((i) => `warn  Logged by a worker. thread=ingest i=${i}`),
    'warn  Logged by a worker. thread=ingest i=7 repeated="3 times"',
  ])
  while (metrics.value('weir_journal_frames_total') < 3) await new Promise((resolve) => setTimeout(resolve, 1))
  expect(metrics.value('weir_memory_bytes', { part: 'ingest heap' })).toBeGreaterThan(1_000_000)
  expect(metrics.value('weir_log_lines_total', { level: 'warn' })).toBe(8)
  expect(metrics.value('weir_log_lines_total', { level: 'info' })).toBe(1)
})
