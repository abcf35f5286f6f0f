import { expect, test } from 'vitest'
import { flowBatch } from '../../store/testing/frames.ts'
import { startBoth } from '../testing/both.ts'

test('percentiles of integers beyond 2^53 are exact, stored and in memory', async () => {
  const both = await startBoth()
  const received = Date.now() - 60_000
  const largest = 18_446_744_073_709_551_615n
  const specs = [largest, largest - 1n, 7].map((bytes) => ({ src: '10.0.0.1', dst: '10.0.0.2', bytes, sampling: 3 }))
  await both.addBatch(flowBatch(specs, received), received)
  for (const answer of [both.stored, both.live])
    for (const [of, factor] of [
      ['bytes', 1n],
      ['bytes_est', 3n],
    ] as const) {
      const { body } = await answer('flows', { group: 'src_addr', of, by: 'max', source: 'raw' })
      const names = (body['columns'] as { name: string }[]).map(({ name }) => name)
      const [row = []] = body['rows'] as unknown[][]
      const of50 = row[names.indexOf(`${of}_p50`)]
      const [min, max] = ['min', 'max'].map((stat) => row[names.indexOf(`${of}_${stat}`)])
      expect({ of, min, of50, max }).toEqual({
        of,
        min: Number(7n * factor),
        of50: String((largest - 1n) * factor),
        max: String(largest * factor),
      })
    }
})
