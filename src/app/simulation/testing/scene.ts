import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { realHost } from '../../../host/index.ts'
import { loadConfig } from '../../load-config.ts'
import { faultKinds, simulate, type SimulationOptions, type SimulationReport } from '../index.ts'

type Given = Partial<Omit<SimulationOptions, 'loaded' | 'rates' | 'takes' | 'largest' | 'sizes'>> &
  Readonly<Partial<Record<'rates' | 'takes' | 'largest' | 'sizes', Readonly<Record<string, number>>>>>

const numbers = (values: Readonly<Record<string, number>> = {}) => new Map(Object.entries(values))

export const everyFault = faultKinds.map((kind) => ({ kind, ms: undefined }))

/** Few rows, so that a simulation takes a second or two. */
export async function simulated(text: string, given: Given = {}): Promise<SimulationReport> {
  const { rates, takes, largest, sizes, ...rest } = given
  const folder = await mkdtemp(join(tmpdir(), 'weir-simulation-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const path = join(folder, 'weir.yaml')
  await writeFile(path, `data: ${folder}/data\n${text}`)
  return simulate({
    loaded: await loadConfig(realHost(), [path], []),
    seed: 1,
    faults: [],
    hours: 1,
    disk: 64 * 2 ** 30,
    rows: 5_000,
    rates: numbers(rates),
    takes: numbers(takes),
    largest: numbers(largest),
    sizes: numbers(sizes),
    ...rest,
  })
}
