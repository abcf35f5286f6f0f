import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { prove } from '../kit/proof.ts'
import { sumCapture, type CaptureSum } from '../kit/pcap-sum.ts'
import { buildCapture } from '../kit/pcap.ts'
import { versionOf } from './install/apt.ts'
import { exporterCases, runCase, provedBy, type CaptureKind } from './kit/exporter-cases.ts'
import { need } from './kit/need.ts'

let folder = ''
const captures = new Map<CaptureKind, { file: string; sum: CaptureSum }>()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-exporters-'))
  // Estimates need packets; the others are quicker with few. VLAN tags in some, which no exporter counts as bytes.
  for (const [name, conversations, v6] of [
    ['exact', 400, 0.25],
    ['sampled', 4000, 0.25],
    ['sampled v4', 4000, 0],
  ] as const) {
    const pcap = buildCapture({ seed: 42, conversations, v6, vlan: 0.1, tail: 16 })
    const file = join(folder, `${name}.pcap`)
    await writeFile(file, pcap)
    captures.set(name, { file, sum: sumCapture(pcap) })
  }
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe.for(['softflowd', 'pmacctd'])('%s', (program) => {
  const own = exporterCases.map((one, index) => ({ one, index })).filter(({ one }) => one.program.name === program)
  test.for(own.map(({ one, index }) => [one.name, index] as const))('%s', async ([, index], context) => {
    const one = exporterCases[index]
    const capture = one === undefined ? undefined : captures.get(one.capture)
    if (one === undefined || capture === undefined) throw new Error('no such case')
    await need(context, one.program)
    await prove(context.task.meta, 'source', {
      server: program,
      version: () => versionOf(one.program),
      ...provedBy(one),
    })
    expect(await runCase(one, { ...capture, folder: join(folder, String(index)) })).toEqual([])
  })
})
