// A running Weir with the budget of one request, and an answer of Cost Explorer with two pages.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { auth } from '../kit/aws-server.ts'
import { CostServer } from '../kit/cost-explorer.ts'
import { startWeir } from '../kit/weir-process.ts'
import { ROOT, runCommand } from '../../tools/kit/command.ts'

const day = (back: number): string => new Date(Date.now() - back * 86_400_000).toISOString().slice(0, 10)

it('a used budget is the state of the source in pipeline, metrics and doctor, also after a restart', async () => {
  const server = await new CostServer().start()
  onTestFinished(() => server.stop())
  server.pageSize = 1
  server.costs = [
    { day: day(2), keys: ['EC2', 'eu-central-1'], amount: '1.5' },
    { day: day(1), keys: ['EC2', 'eu-central-1'], amount: '2' },
  ]
  const folder = await mkdtemp(join(tmpdir(), 'weir-cost-explorer-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const explorer = { endpoint: server.url, auth, requests_per_day: 1 }
  const weir = await startWeir({
    folder,
    config: { sources: { costs: { type: 'spend', cost_explorer: explorer } } },
  })
  onTestFinished(async () => {
    await weir.kill()
  })
  const error = async (): Promise<string | undefined> =>
    (await weir.pipeline()).sources.find(({ name }) => name === 'costs')?.error
  await expect.poll(error, { timeout: 120_000 }).toMatch(/budget of today is used \(1 requests, 0.01 USD\)/)
  const labels = `provider="aws",account="${server.account}"`
  await expect.poll(() => weir.metric('cloud_api_request_charges_usd_total', labels), { timeout: 60_000 }).toBe(0.01)
  // The page that was read is stored, although the reading is not complete.
  await expect
    .poll(() => weir.sql('SELECT day, sum(billed)::VARCHAR AS billed FROM spend GROUP BY ALL'), { timeout: 60_000 })
    .toEqual([{ day: day(2), billed: '1.500000000000000000' }])
  await weir.stop()
  await weir.start()
  await expect.poll(error, { timeout: 120_000 }).toMatch(/budget of today is used/)
  expect(server.queries).toHaveLength(1)
  const doctor = async (): Promise<string> => {
    const command = [join(ROOT, 'bin/weir.mjs'), 'doctor', '--live', '--config', join(folder, 'weir.yaml')]
    return (await runCommand(join(ROOT, 'node_modules/.bin/node'), command, { limit: 300_000 })).stdout
  }
  // A probe has ten seconds, which a loaded machine may exceed.
  await expect
    .poll(doctor, { timeout: 300_000 })
    .toMatch(/1 of 1 requests of today are used: Cost Explorer is not read until the next day/)
  expect(server.queries).toHaveLength(1)
}, 600_000)
