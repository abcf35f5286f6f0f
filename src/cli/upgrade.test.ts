import { cp, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { ROOT } from '../../tools/kit/command.ts'
import { realHost } from '../host/index.ts'
import { encodeRecord } from '../store/record.ts'
import { checkFormats } from './upgrade/formats.ts'
import { temporaryFolder } from './testing/command.ts'
import { goldenData, launch } from './testing/launch.ts'

const goldenStores = (await readdir(join(ROOT, 'src/store/fixtures'))).filter((name) => name.startsWith('golden-'))

async function snapshot(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder, { recursive: true })).toSorted()
  const entries = await Promise.all(
    names.map(async (name) => {
      const { size, mtimeMs, mode } = await stat(join(folder, name))
      return [name, `${size} ${mtimeMs} ${mode}`] as const
    }),
  )
  return Object.fromEntries(entries)
}

test.each(goldenStores)('the store %s is continued, and its column set is stated', async (name) => {
  const data = await goldenData(join(await temporaryFolder(), 'data'), 'events')
  await cp(join(ROOT, 'src/store/fixtures', name, 'store'), join(data, 'store'), { recursive: true })
  const before = await snapshot(data)
  const findings = await checkFormats(realHost(), data)
  expect(findings.map(({ check, status }) => `${check} ${status}`)).toEqual(['journal ok', 'store ok'])
  const found = Number(name.slice('golden-v'.length))
  expect(findings[1]?.fact).toContain(`column set ${found}`)
  expect(findings[1]?.fact).toMatch(found < 3 ? /stay as written/ : /nothing to convert/)
  expect(await snapshot(data)).toEqual(before)
})

test('a newer journal and a newer store prevent the upgrade, and nothing is changed', async () => {
  const data = await goldenData(join(await temporaryFolder(), 'data'), 'events')
  const segments = (await readdir(join(data, 'journal'))).filter((file) => file.endsWith('.seg'))
  const first = join(data, 'journal', segments[0] ?? '')
  await writeFile(first, await newerFrame(first))
  await mkdir(join(data, 'store'))
  const source = join(ROOT, 'src/store/fixtures/golden-v3/store')
  const [manifest = ''] = (await readdir(source)).filter((file) => file.endsWith('.log'))
  const text = await readFile(join(source, manifest), 'utf8')
  const record = JSON.parse(text.split('\n')[0]?.replace(/^\S+ \S+ /, '') ?? '') as Parameters<typeof encodeRecord>[0]
  const added = record.added.concat({
    name: 'flows-2100010100-0-0-0.parquet',
    stream: 'flows',
    hour: 0,
    firstSequence: 1,
    lastSequence: 1,
    schema: 99,
    rows: 1,
    bytes: 1,
    timeMin: null,
    timeMax: null,
    receivedMin: 0,
    receivedMax: 0,
  })
  await writeFile(join(data, 'store', manifest), encodeRecord({ ...record, added }))
  const before = await snapshot(data)
  const ran = await launch(['upgrade', '--check', data, '-o', 'json'])
  expect(ran).toMatchObject({ code: 1, stderr: '' })
  expect(JSON.parse(ran.stdout)).toMatchObject({
    ok: false,
    checks: [
      { check: 'lock', status: 'ok' },
      { check: 'journal', status: 'fail', fact: expect.stringContaining('frame version 9') as unknown },
      { check: 'store', status: 'fail', fact: expect.stringContaining('column set 99') as unknown },
    ],
  })
  expect(await snapshot(data)).toEqual(before)
}, 60_000)

test('an empty folder can be continued, a missing one is an error, and old names are rebuilt', async () => {
  const data = await temporaryFolder()
  expect(await launch(['upgrade', '--check', data])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('continues the folder') as unknown,
  })
  expect(await launch(['upgrade', '--check', join(data, 'none')])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('There is no data folder') as unknown,
  })
  await mkdir(join(data, 'identity'))
  await writeFile(join(data, 'identity/workloads-0000000000000001.jsonl'), '{"format":7,"position":{}}\n')
  expect((await checkFormats(realHost(), data)).at(-1)).toMatchObject({ status: 'warn', fact: 'format 7' })
}, 60_000)

/** The segment with a first frame of version 9 and a correct header checksum. */
async function newerFrame(path: string): Promise<Uint8Array> {
  const bytes = await readFile(path)
  const headerBytes = bytes.readUInt32LE(8)
  bytes[4] = 9
  bytes.writeUInt32LE(crc32(bytes.subarray(0, headerBytes - 4)), headerBytes - 4)
  return bytes
}
