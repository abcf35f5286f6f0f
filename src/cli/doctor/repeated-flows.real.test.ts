import { join } from 'node:path'
import { expect, test } from 'vitest'
import { repeatedFlows, sendReports, unsampled } from '../../../test/kit/exporter-reports.ts'
import { startWeir } from '../../../test/kit/weir-process.ts'
import { loadConfig } from '../../app/load-config.ts'
import { readHolder } from '../../app/lock.ts'
import { realHost } from '../../host/index.ts'
import { realMachine } from '../../host/machine.ts'
import { temporaryFolder } from '../testing/command.ts'
import { checkRepeatedFlows } from './repeated-flows.ts'
import { checkSampling } from './sampling.ts'

test('doctor names exporters and interfaces that report the same flows, and no others', async () => {
  const folder = await temporaryFolder()
  await using weir = await startWeir({ folder })
  await sendReports(weir)
  const { config } = await loadConfig(realHost(), [join(folder, 'weir.yaml')], [])
  const context = { host: realHost(), machine: realMachine, config, running: readHolder(config.data) }
  const found = await checkRepeatedFlows(context)
  expect(found.map(({ status, fact }) => `${status}: ${fact}`).toSorted()).toEqual(repeatedFlows)
  const [sampling] = await checkSampling(context)
  expect(`${sampling?.status}: ${sampling?.fact}`).toMatch(unsampled)
})
