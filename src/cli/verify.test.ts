import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startWeir } from '../../test/kit/weir-process.ts'
import { temporaryFolder } from './testing/command.ts'
import { launch } from './testing/launch.ts'

test('a ledger recomputed from the files of a stopped Weir equals the last one of the running Weir', async () => {
  const folder = await temporaryFolder()
  await using weir = await startWeir({
    folder,
    config: { sinks: { out: { type: 'file', path: join(folder, 'out.jsonl'), only: { type: ['wanted'] } } } },
  })
  await weir.events(
    ['wanted', 'other', 'wanted'].map((type, index) => ({
      specversion: '1.0',
      id: String(index),
      source: '/test',
      type,
    })),
  )
  const expected = await weir.caughtUp(20_000)
  await weir.stop()
  const ran = await launch(['ledger', '--verify', '--data', weir.data, '-o', 'json'])
  expect(ran.code).toBe(0)
  // The files know only of sources that have written; the running one lists those that are configured, too.
  const written = (names: readonly string[]): string[] => names.filter((name) => name === 'http')
  expect(JSON.parse(ran.stdout)).toEqual({
    ...expected,
    sources: expected.sources.filter(({ accepted }) => accepted > 0),
    sinks: expected.sinks.map((sink) => ({ ...sink, from: written(sink.from) })),
  })
  expect(expected.balanced).toBe(true)
  expect(expected.sources.find(({ name }) => name === 'http')).toMatchObject({ accepted: 3 })
})

test('a folder without a journal is no empty ledger', async () => {
  const ran = await launch(['ledger', '--verify', '--data', await temporaryFolder()])
  expect(ran).toMatchObject({ code: 1, stdout: '' })
  expect(ran.stderr).toContain('There is no journal in')
})
