import { expect, it } from 'vitest'
import { queryRows } from './testing/query-rows.ts'
import { FrameMaker, flowBatch, startOfDay } from './testing/frames.ts'
import { temporaryStores } from './testing/temporary.ts'

const stores = temporaryStores()
const rows = 2500

/** As addresses, ports and bytes of one number, so that mixed rows are found. */
const spec = (number: number) => ({
  src: `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`,
  dst: `172.16.${number % 250}.1`,
  bytes: number,
})

it('rows of many commits are not mixed by reused memory', async () => {
  const store = await stores.open()
  const make = new FrameMaker()
  for (let commit = 0; commit < 4; commit++) {
    for (let frame = 0; frame < 3; frame++) {
      const first = 1 + rows * (3 * commit + frame)
      const batch = flowBatch(Array.from({ length: rows }, (_, row) => spec(first + row)))
      await store.projection.apply([make.batch(batch, startOfDay, 'netflow')])
    }
    await store.projection.commit()
  }
  const found = await queryRows(
    store.reader,
    'SELECT src_addr AS src, dst_addr AS dst, bytes::INTEGER AS bytes FROM flows ORDER BY bytes',
  )
  expect(found).toEqual(Array.from({ length: 12 * rows }, (_, row) => spec(row + 1)))
})
