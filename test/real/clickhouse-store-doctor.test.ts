// `weir doctor` with ClickHouse as the store.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { loadConfig } from '../../src/app/load-config.ts'
import { readHolder } from '../../src/app/lock.ts'
import { checkRepeatedFlows } from '../../src/cli/doctor/repeated-flows.ts'
import { checkSampling } from '../../src/cli/doctor/sampling.ts'
import { realHost } from '../../src/host/index.ts'
import { realMachine } from '../../src/host/machine.ts'
import { repeatedFlows, sendReports, unsampled } from '../kit/exporter-reports.ts'
import { startWeir } from '../kit/weir-process.ts'
import { installChdb } from './install/chdb.ts'
import { startChdb } from './kit/chdb.ts'

test('on ClickHouse, doctor names exporters that report the same flows or no sampling', async (context) => {
  const python = await installChdb()
  if (python.path === undefined) context.skip(python.reason)
  await using server = await startChdb()
  const folder = await mkdtemp(join(tmpdir(), 'weir-doctor-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const clickhouse = { url: server.url, database: 'doctor', timeout: '20s' }
  await using weir = await startWeir({ folder, config: { store: { enabled: 'clickhouse', clickhouse } } })
  await sendReports(weir)
  const { config } = await loadConfig(realHost(), [join(folder, 'weir.yaml')], [])
  const scene = { host: realHost(), machine: realMachine, config, running: readHolder(config.data) }
  const found = await checkRepeatedFlows(scene)
  expect(found.map(({ status, fact }) => `${status}: ${fact}`).toSorted()).toEqual(repeatedFlows)
  const [sampling] = await checkSampling(scene)
  expect(`${sampling?.status}: ${sampling?.fact}`).toMatch(unsampled)
})
