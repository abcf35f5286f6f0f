import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../cli/testing/command.ts'
import { realHost } from '../host/index.ts'
import { sinkEntries } from './config-entries.ts'
import { loadConfig, type Loaded } from './load-config.ts'

async function load(yaml: string): Promise<Loaded> {
  const file = join(await temporaryFolder(), 'weir.yaml')
  await writeFile(file, yaml)
  return loadConfig(realHost(), [file], [])
}

test.each([
  [
    'sinks: {stdout: {only: {filter: dst_prot = 443}}}',
    /weir\.yaml:1:33: error: sinks\.stdout\.only\.filter: .*dst_port/s,
  ],
  ['sinks: {stdout: {only: {filter: "dst_port = 443 and bytes >"}}}', /weir\.yaml:1:60: error/],
  ['sinks: {stdout: {from: [netflow], only: {filter: family = audit}}}', /weir\.yaml:1:50: .*family/s],
  ['sinks: {stdout: {only: {family: [audit], filter: kind = Pod}}}', /weir\.yaml:1:50: .*kind/s],
  [
    'sinks:\n  stdout:\n    only:\n      filter:\n        flows: bytes > 1q\n',
    /5:24: error: sinks\.stdout\.only\.filter\.flows/,
  ],
  ['sinks: {stdout: {only: {filter: {flow: bytes > 1}}}}', /filter\.flow: unknown field/],
  ['sinks: {stdout: {only: {filter: 5}}}', /expected a filter/],
  [
    'transforms:\n  a: {type: filter, from: [b], where: bytes > 1}\n  b: {type: dedupe, from: [a], by: [id]}\n',
    /2:28: error: transforms\.a\.from\[0\]: `b` is derived from `a`/,
  ],
])('%s is refused with its position', async (yaml, message) => {
  await expect(load(yaml)).rejects.toThrow(message)
})

test('a valid filter is compiled for the sink, and without one the language is not loaded', async () => {
  const one = await load('sinks: {stdout: {only: {filter: dst.port = 443}}}')
  const [entry] = sinkEntries(one.config, one.document, one.filter)
  const matches = entry?.delivery.only?.filter?.(
    {
      kind: 'flows',
      count: 2,
      dictionary: [''],
      columns: { dst_port: { kind: 'u16', values: Uint16Array.of(443, 80) } },
    },
    { source: 'netflow', epoch: 1, sourceSequence: 1, received: 0 } as never,
  )
  expect([matches?.(0), matches?.(1)]).toEqual([true, false])
  expect((await load('sinks: {stdout: {}}')).filter).toBeUndefined()
})
