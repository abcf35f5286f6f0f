import { expect, test } from 'vitest'
import { SeededRandom } from '../../test/kit/random.ts'
import { queryRows } from '../store/testing/query-rows.ts'
import { FrameMaker, resolver, startOfDay } from '../store/testing/frames.ts'
import { temporaryStores } from '../store/testing/temporary.ts'
import { readFilter } from './index.ts'
import { compileLive } from './live.ts'
import { eventNames, flowNames } from './names.ts'
import { compileSql } from './sql.ts'
import { randomExpression } from './testing/expressions.ts'
import { randomRows } from './testing/rows.ts'
import { makeBatch } from './testing/tables.ts'

const stores = temporaryStores()

test.each([
  ['flows', flowNames, 80],
  ['events', eventNames, 40],
] as const)('the store and the live evaluator agree on random filters over %s', async (_, names, count) => {
  const random = new SeededRandom(23)
  const store = await stores.open()
  const make = new FrameMaker()
  const batch = makeBatch(names, randomRows(random, names, 150))
  const frame = make.batch(batch, startOfDay, 'test')
  await store.projection.apply([frame])
  await store.projection.commit()
  let matched = 0
  for (let each = 0; each < count; each++) {
    const { text } = randomExpression(random, names)
    const { bound } = readFilter(text, names)
    const matches = compileLive(bound)(batch, frame.header, resolver)
    const live = Array.from({ length: batch.count }, (_row, row) => row).filter(matches)
    const sql = `SELECT _pos FROM ${names.view} WHERE ${compileSql(bound)}`
    const stored = (await queryRows(store.reader, sql))
      .map((row) => Number(String(row['_pos']).split(':')[3]))
      .toSorted((a, b) => a - b)
    expect({ text, sql, rows: stored }).toEqual({ text, sql, rows: live })
    matched += live.length
  }
  expect(matched).toBeGreaterThan(500)
})
