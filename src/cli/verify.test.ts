import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startWeir } from '../../test/kit/weir-process.ts'
import type { Ledger } from '../engine/control.ts'
import { temporaryFolder } from './testing/command.ts'
import { launch } from './testing/launch.ts'

test('a ledger recomputed from the files of a stopped Weir says what the running one said', async () => {
  const folder = await temporaryFolder()
  await using weir = await startWeir({ folder, config: { sinks: { out: { type: 'file', path: join(folder, 'out.jsonl'), only: { type: ['wanted'] } } } } })
  await weir.events(['wanted', 'other', 'wanted'].map((type, index) => ({ specversion: '1.0', id: String(index), source: '/test', type })))
  const said = await weir.caughtUp(20_000)
  await weir.stop()
  const ran = await launch(['ledger', '--verify', '--data', weir.data, '--format', 'json'])
  const found = JSON.parse(ran.stdout) as Ledger
  expect({ code: ran.code, balanced: found.balanced }).toEqual({ code: 0, balanced: true })
  const sums = ({ sinks }: Ledger) => sinks.map(({ name, filtered, routed, delivered, pending }) => ({ name, filtered, routed, delivered, pending }))
  expect(sums(found)).toEqual(sums(said))
  expect(found.sources.find(({ name }) => name === 'http')).toMatchObject({ accepted: 3 })
})

test('a folder without a journal is no empty ledger', async () => {
  const ran = await launch(['ledger', '--verify', '--data', await temporaryFolder()])
  expect(ran).toMatchObject({ code: 1, stdout: '' })
  expect(ran.stderr).toContain('There is no journal in')
})
