import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Ledger } from '../engine/control.ts'
import type { StoreCheck } from '../store/check.ts'
import { startWeir } from '../../test/kit/weir-process.ts'
import { temporaryFolder } from './testing/command.ts'
import { launch } from './testing/launch.ts'

test('`store check` and `ledger --verify` find a flipped bit in a store file and count its rows', async () => {
  await using weir = await startWeir({ folder: await temporaryFolder(), config: {} })
  await weir.events(['a', 'b', 'c'].map((id) => ({ specversion: '1.0', id, source: '/test', type: 'kept' })))
  await weir.caughtUp(20_000)
  await weir.stop()
  const check = async (): Promise<{ readonly code: number | null; readonly found: StoreCheck }> => {
    const { code, stdout } = await launch(['store', 'check', '--data', weir.data, '-o', 'json'])
    return { code, found: JSON.parse(stdout) as StoreCheck }
  }
  expect(await check()).toMatchObject({ code: 0, found: { files: 1, rows: 3, unverified: 0, damaged: [], lost: {} } })
  const store = join(weir.data, 'store')
  const [name = ''] = (await readdir(store)).filter((each) => each.endsWith('.parquet'))
  const bytes = await readFile(join(store, name))
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 4
  await writeFile(join(store, name), bytes)
  expect(await check()).toMatchObject({
    code: 1,
    found: { rows: 0, damaged: [{ file: name, stream: 'events', rows: 3, reason: 'wrong checksum' }] },
  })
  expect((await launch(['store', 'check', '--data', weir.data])).stdout).toContain('1 damaged file:')
  const verified = await launch(['ledger', '--verify', '--data', weir.data, '-o', 'json'])
  expect(verified).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`store file ${name} is damaged (wrong checksum): 3 rows`),
  })
  expect((JSON.parse(verified.stdout) as Ledger).sinks).toMatchObject([{ name: 'store', delivered: 0, quarantined: 3 }])
  await rm(join(store, name))
  expect(await check()).toMatchObject({ code: 1, found: { damaged: [{ file: name, reason: 'missing' }] } })
  expect(await launch(['ledger', '--verify', '--data', weir.data])).toMatchObject({ code: 1 })
})

test('a folder without a store has nothing to check', async () => {
  const ran = await launch(['store', 'check', '--data', await temporaryFolder()])
  expect(ran).toMatchObject({ code: 1, stdout: '' })
  expect(ran.stderr).toContain('There is no store in')
})
