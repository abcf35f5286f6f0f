import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { SimulationReport } from '../app/simulation/report.ts'
import { launch } from './testing/launch.ts'

const short = ['--hours', '1', '--rows', '5000']

async function run(text: string, flags: readonly string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'weir-simulate-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const path = join(folder, 'weir.yaml')
  await writeFile(path, `data: ${folder}/data\n${text}`)
  const ran = await launch(['simulate', path, ...flags])
  return { ...ran, files: await readdir(folder) }
}

const good = 'sinks:\n  posts: { type: http, url: "http://127.0.0.1:9/in", from: [http] }\n'

describe('weir simulate', () => {
  test('ends with 0 without a finding, and writes no file', async () => {
    const { code, stdout, stderr, files } = await run(good, [...short, '--seed', '2'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('No findings.')
    expect(stdout).toContain('The ledger balances.')
    expect(stdout).toMatch(/partition +00:\d\d:\d\d/)
    expect(files).toEqual(['weir.yaml'])
  })

  test('ends with 1 after a finding, and prints it with the setting to change', async () => {
    const flags = [...short, '--faults', 'partition:20m']
    const text = good.replace('from: [http]', 'from: [http], retain: { age: 5m }')
    const table = await run(text, flags)
    expect(table.code).toBe(1)
    expect(table.stdout).toMatch(/- sinks\.posts\.retain\.age: Sink posts dropped [\d,]+ rows/)
    const json = await run(text, [...flags, '-o', 'json'])
    const report = JSON.parse(json.stdout) as SimulationReport
    expect(report).toMatchObject({ balanced: true, findings: [{ is: 'age' }] })
    expect(report.sinks.find(({ sink }) => sink === 'posts')?.dropped['behind']).toBeGreaterThan(0)
  })

  test.each([
    ['an unknown fault', ['--faults', 'fire'], 'fire is no fault'],
    ['an unknown source', ['--rate', 'edge=5'], 'there is no source edge'],
    ['a rate without a number', ['--rate', 'http=many'], 'a number of rows per second'],
    ['an unknown sink', ['--takes', 'http=5'], 'there is no sink http'],
    ['hours out of range', ['--hours', '0'], 'from 0.1 to 168'],
  ])('refuses %s', async (_, flags, message) => {
    const { code, stderr } = await run(good, flags)
    expect(code).toBe(2)
    expect(stderr).toContain(message)
  })
})
