import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startWeir, type WeirProcess } from '../kit/weir-process.ts'

let folder = ''
let weir: WeirProcess
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-metrics-'))
  weir = await startWeir({ folder })
})
afterEach(async () => {
  await weir.kill()
  await rm(folder, { recursive: true, force: true })
})

const event = (id: string): object => ({ specversion: '1.0', id, source: '/s', type: 't' })

async function counted(): Promise<{ accepted: number; duplicates: number }> {
  const labels = 'source="http"'
  return {
    accepted: await weir.metric('weir_source_accepted_rows_total', labels),
    duplicates: await weir.metric('weir_source_duplicate_rows_total', labels),
  }
}
async function books(): Promise<{ accepted: number; duplicates: number }> {
  const http = (await weir.ledger()).sources.find(({ name }) => name === 'http')
  return { accepted: http?.accepted ?? -1, duplicates: http?.duplicates ?? -1 }
}

it('the metrics of accepted and duplicate rows equal the ledger at every scrape, also after a restart', async () => {
  await weir.events(['a', 'b', 'a'].map(event))
  expect(await counted()).toEqual({ accepted: 2, duplicates: 1 })
  expect(await books()).toEqual({ accepted: 2, duplicates: 1 })
  await weir.caughtUp(30_000)
  await weir.stop()
  await weir.start()
  expect(await counted()).toEqual({ accepted: 2, duplicates: 1 })
  expect(await books()).toEqual({ accepted: 2, duplicates: 1 })
  await weir.events(['c', 'b'].map(event))
  expect(await counted()).toEqual({ accepted: 3, duplicates: 2 })
  expect(await books()).toEqual({ accepted: 3, duplicates: 2 })
})
