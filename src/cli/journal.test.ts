import { copyFile, readFile, mkdir, writeFile, appendFile, stat, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { startWeir } from '../../test/kit/weir-process.ts'
import { realHost, type Host } from '../host/index.ts'
import type { UnreadableRange } from '../journal/types.ts'
import { checkFolder } from './journal-check.ts'
import { exportRows } from './journal-export.ts'
import { journalFolder, type JournalFolder } from './journal-folder.ts'
import { listFacts } from './journal-list.ts'
import { temporaryFolder } from './testing/command.ts'
import { goldenData, launch } from './testing/launch.ts'

const host = realHost()
const golden = async (name: string): Promise<string> => goldenData(join(await temporaryFolder(), 'data'), name)
const expected = async (name: string): Promise<unknown> =>
  (JSON.parse(await readFile(`src/journal/fixtures/v1/${name}/expected.json`, 'utf8')) as { check: unknown }).check

async function exported(
  folder: JournalFolder,
  flags: Parameters<typeof exportRows>[2] = {},
): Promise<{ rows: Record<string, unknown>[]; unreadable: UnreadableRange[] }> {
  const unreadable: UnreadableRange[] = []
  let text = ''
  for await (const piece of exportRows(host, folder, flags, (range) => unreadable.push(range)))
    text += Buffer.from(piece).toString('utf8')
  return {
    rows: text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>),
    unreadable,
  }
}

describe('weir journal check', () => {
  test('reports a whole journal as undamaged, and ends with 0', async () => {
    const data = await golden('segments')
    const ran = await launch(['journal', 'check', '--data', data, '-o', 'json'])
    expect({ ...ran, stdout: JSON.parse(ran.stdout) as unknown }).toMatchObject({
      code: 0,
      stderr: '',
      stdout: await expected('segments'),
    })
    expect(Object.keys(JSON.parse(ran.stdout) as object)).toEqual(['frames', 'events', 'unreadable'])
  })

  test('names each unreadable range, and ends with 1', async () => {
    const data = await golden('damaged')
    const ran = await launch(['journal', 'check', '--data', data, '-o', 'json'])
    expect(ran.code).toBe(1)
    expect(JSON.parse(ran.stdout)).toEqual(await expected('damaged'))
    const text = await launch(['journal', 'check', '--data', data])
    expect(text.code).toBe(1)
    expect(text.stdout).toMatch(/0000000000000001\.seg +930 +782 +4\n/)
  })

  test('needs a journal', async () => {
    const ran = await launch(['journal', 'check', '--data', './weir-data'], { cwd: await temporaryFolder() })
    expect(ran).toMatchObject({ code: 1, stdout: '' })
    expect(ran.stderr).toContain('There is no journal in ./weir-data.')
  })

  test('reports errors of the disk without a stack', async () => {
    const data = await golden('events')
    // A folder in place of a segment is unreadable, also for root.
    await mkdir(join(data, 'journal/0000000000000002.seg'))
    const ran = await launch(['journal', 'check', '--data', data])
    expect(ran).toMatchObject({ code: 1, stdout: '' })
    expect(ran.stderr).toMatch(/^weir: The journal in .* cannot be read: EISDIR.*\n.*weir doctor/)
    expect(ran.stderr).not.toContain('    at ')
  })

  test('changes nothing in the folder', async () => {
    const data = await golden('damaged')
    const file = join(data, 'journal/0000000000000001.seg')
    const before = [await readFile(file), (await stat(file)).mtimeMs]
    await checkFolder(host, await journalFolder(host, data))
    expect([await readFile(file), (await stat(file)).mtimeMs]).toEqual(before)
  })

  test('beside a server, a half-written frame is not damage; bytes that stay unreadable are', async () => {
    const data = await golden('events')
    const segment = join(data, 'journal/0000000000000001.seg')
    const whole = await readFile(segment)
    await writeFile(segment, whole.subarray(0, whole.length - 100))
    const folder = { ...(await journalFolder(host, data)), live: true }
    // The second round starts after this pause.
    const writing: Host = {
      ...host,
      timers: { ...host.timers, sleep: () => appendFile(segment, whole.subarray(whole.length - 100)) },
    }
    expect(await checkFolder(writing, folder)).toEqual(await expected('events'))
    await writeFile(segment, whole.subarray(0, whole.length - 100))
    const idle: Host = { ...host, timers: { ...host.timers, sleep: async () => {} } }
    expect((await checkFolder(idle, folder)).unreadable).toHaveLength(1)
  })
})

describe('weir journal list', () => {
  test('has a line for every segment with the facts of its headers', async () => {
    const facts = await listFacts(host, await journalFolder(host, await golden('segments')))
    expect(facts.map(({ sequence, frames, events }) => ({ sequence, frames, events }))).toEqual(
      [1, 3, 5, 7, 9].map((sequence) => ({ sequence, frames: 2, events: 4 })),
    )
    expect(facts[0]).toMatchObject({
      segment: '0000000000000001.seg',
      sources: ['http'],
      received_from: Date.UTC(2026, 0, 1),
      received_to: Date.UTC(2026, 0, 1),
      time_from: null,
      unreadable: 0,
    })
  })

  test('prints times in ISO 8601', async () => {
    const ran = await launch(['journal', 'list', '--data', await golden('flows'), '-o', 'json'])
    expect(ran.code).toBe(0)
    expect(JSON.parse(ran.stdout)).toMatchObject([{ events: 3, received_from: '2026-01-01T00:00:00.000Z' }])
  })
})

describe('weir journal export', () => {
  test('prints events as CloudEvents with their stable id', async () => {
    const { rows, unreadable } = await exported(await journalFolder(host, await golden('events')))
    expect(unreadable).toEqual([])
    expect(rows).toHaveLength(8)
    expect(rows[0]).toEqual({
      _pos: 'http:3:1:0',
      specversion: '1.0',
      id: 'plain',
      source: '/shop',
      type: 'order.placed',
      datacontenttype: 'application/json',
      data: { total: 42, note: 'für 2 €' },
    })
    expect(rows[1]).toMatchObject({
      _pos: 'http:3:1:1',
      id: 'full',
      weirfamily: 'audit',
      weirref: 'k8s:a/apps/Deployment/ns/web',
      region: 'eu',
    })
    expect(Buffer.from(String(rows[3]?.['data_base64']), 'base64')).toHaveLength(300)
  })

  test('prints flows as flat objects, 64-bit counts exact', async () => {
    const { rows } = await exported(await journalFolder(host, await golden('flows')))
    expect(rows).toHaveLength(3)
    expect(rows[0]).toMatchObject({
      _pos: 'netflow:3:1:0',
      src_addr: '10.0.0.1',
      dst_addr: '10.0.0.9',
      src_port: 80,
      bytes: 1500,
      protocol: 'netflow5',
    })
    expect(rows[2]).toMatchObject({ bytes: '18446744073709551615' })
  })

  test('joins the parts of a large event, also when only its last part is requested', async () => {
    const folder = await journalFolder(host, await golden('parts'))
    const all = await exported(folder)
    expect(all.rows).toHaveLength(4)
    expect((await exported(folder, { from: 3 })).rows).toEqual(all.rows)
    expect((await exported(folder, { to: 2 })).rows).toEqual([])
  })

  test('exports the requested frames, and those of one source', async () => {
    const folder = await journalFolder(host, await golden('segments'))
    const sequences = async (flags: Parameters<typeof exportRows>[2]): Promise<string[]> => [
      ...new Set((await exported(folder, flags)).rows.map((row) => String(row['_pos']).split(':')[2] ?? '')),
    ]
    expect(await sequences({})).toEqual(['1', '2', '3', '4', '5'])
    expect(await sequences({ from: 4, to: 8 })).toEqual(['2', '3', '4'])
    expect(await sequences({ from: 11 })).toEqual([])
    expect((await exported(folder, { source: 'http' })).rows).toHaveLength(20)
    expect((await exported(folder, { source: 'other' })).rows).toEqual([])
  })

  test('reports unreadable bytes, and ends with 1', async () => {
    const ran = await launch(['journal', 'export', '--data', await golden('damaged')])
    expect(ran.code).toBe(1)
    expect(ran.stdout.trim().split('\n')).toHaveLength(8)
    expect(ran.stderr).toContain('782 bytes of 0000000000000001.seg at offset 930 cannot be read (4 rows)')
  })

  test('damage outside of the requested range is not reported', async () => {
    const folder = await journalFolder(host, await golden('damaged'))
    expect((await exported(folder, { to: 2 })).unreadable).toEqual([])
    expect((await exported(folder)).unreadable).toHaveLength(2)
  })
})

test('all three read the journal of a running server, and the same of the stopped one', async () => {
  await using weir = await startWeir({ folder: await temporaryFolder() })
  await weir.events(
    Array.from({ length: 50 }, (_, index) => ({ specversion: '1.0', id: `e${index}`, source: '/test', type: 'test' })),
  )
  const look = async (): Promise<unknown> => {
    const folder = await journalFolder(host, weir.data)
    const { rows } = await exported(folder)
    const [facts] = await listFacts(host, folder)
    return {
      live: folder.live,
      check: await checkFolder(host, folder),
      rows: facts?.events,
      ids: rows.map((row) => row['id']),
    }
  }
  const seen = {
    check: { events: 50, unreadable: [] },
    rows: 50,
    ids: Array.from({ length: 50 }, (_, index) => `e${index}`),
  }
  expect(await look()).toMatchObject({ ...seen, live: true })
  expect((await weir.stop()).code).toBe(0)
  expect(await look()).toMatchObject({ ...seen, live: false })
})

test('a reader that has enough ends an export quietly', async () => {
  const data = join(await temporaryFolder(), 'data')
  await mkdir(join(data, 'journal'), { recursive: true })
  await copyFile('src/journal/fixtures/v1/events/0000000000000001.seg', join(data, 'journal/0000000000000001.seg'))
  const { runCommand } = await import('../../tools/kit/command.ts')
  const ran = await runCommand(
    'sh',
    ['-c', `"${process.execPath}" bin/weir.mjs journal export --data "${data}" | head -n 1`],
    { limit: 60_000 },
  )
  await rm(data, { recursive: true })
  expect(ran).toMatchObject({ code: 0, stderr: '' })
  expect(ran.stdout).toMatch(/^\{"_pos":"http:3:1:0".*\}\n$/)
})
