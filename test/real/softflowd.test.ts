import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { sumCapture, type CaptureSum } from '../kit/pcap-sum.ts'
import { buildCapture } from '../kit/pcap.ts'
import { startWeir } from '../kit/weir-process.ts'
import { softflowd } from './install/softflowd.ts'
import { need } from './kit/need.ts'
import { replaySoftflowd } from './kit/softflowd.ts'
import { compareStored } from './kit/stored.ts'

async function capture(): Promise<{ folder: string; file: string; sum: CaptureSum }> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-exporters-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const pcap = buildCapture({ seed: 42, conversations: 800 })
  const file = join(folder, 'in.pcap')
  await writeFile(file, pcap)
  return { folder, file, sum: sumCapture(pcap) }
}

test('NetFlow v5: what is stored is the IPv4 part of the capture', async (context) => {
  await need(context, softflowd)
  const { folder, file, sum } = await capture()
  await using weir = await startWeir({ folder: join(folder, 'weir') })
  await replaySoftflowd({ file, port: weir.ports.netflow, version: 5 })
  expect(await compareStored(weir, sum, { families: [4] })).toEqual([])
})
