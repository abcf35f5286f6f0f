import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { drawnSize } from '../../test/kit/seeds.ts'
import { eventNames, flowNames } from './names.ts'
import { agreement } from './testing/agreement.ts'

const tables = drawnSize(2, 4)
let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-query-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

// The benchmark `query-meaning` runs ten thousand filters.
test('DuckDB, the live evaluator and the reference evaluator agree on random filters over flows', async () => {
  const result = await agreement(flowNames, { seed: 1, tables, rowsPerTable: 60, expressionsPerTable: 30, folder })
  expect(result.differences).toEqual([])
  expect(result.matched).toBeGreaterThan(result.rows / 20)
})

test('they agree on random filters over events', async () => {
  const result = await agreement(eventNames, { seed: 1, tables, rowsPerTable: 60, expressionsPerTable: 20, folder })
  expect(result.differences).toEqual([])
  expect(result.matched).toBeGreaterThan(result.rows / 20)
})
