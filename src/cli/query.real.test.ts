import { randomBytes } from 'node:crypto'
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { IsolatedResult } from '../engine/control.ts'
import { start } from '../api/testing/kit.ts'
import { pieces } from '../api/testing/recording-control.ts'
import { realHost } from '../host/index.ts'
import { WeirError } from '../model/errors.ts'
import { openStore } from '../store/index.ts'
import { FrameMaker, recordingLog, recordingMetrics, resolver } from '../store/testing/frames.ts'
import { temporaryFolder, weir } from './testing/command.ts'

/** A data folder as a stopped Weir leaves it: a store with two flows and no lock. */
async function stoppedFolder(): Promise<string> {
  const data = await temporaryFolder()
  const store = await openStore({
    host: realHost(),
    directory: join(data, 'store'),
    resolver,
    log: recordingLog(),
    metrics: recordingMetrics(),
  })
  const frames = new FrameMaker()
  await store.projection.apply([
    frames.flows([
      { src: '10.0.0.1', dst: '10.0.0.2', bytes: 11 },
      { src: '10.0.0.1', dst: '10.0.0.3', bytes: 22 },
    ]),
  ])
  await store.projection.commit()
  await store.close()
  return data
}

/** The lock of a server that runs: this test's own process, which holds the API. */
async function lockedFolder(url: string): Promise<string> {
  const data = await temporaryFolder()
  await writeFile(join(data, 'lock'), JSON.stringify({ pid: process.pid, url }))
  return data
}

test('the response of a server is printed unchanged, in the requested format', async () => {
  const { api, control } = await start()
  control.answer = async () => pieces('[{"a":1},', '{"a":2}]')
  expect(await weir(['query', 'SELECT 1', '--url', `${api.url}/`, '-o', 'csv'])).toEqual({
    code: 0,
    out: '[{"a":1},{"a":2}]\n',
    err: '',
  })
  expect(control.queries[0]).toMatchObject({ sql: 'SELECT 1', format: 'csv' })
})

test('- reads the statement from standard input; YAML is made of the rows', async () => {
  const { api, control } = await start()
  expect((await weir(['query', '-', '--url', api.url, '-o', 'json'], { input: 'SELECT\n 2' })).code).toBe(0)
  control.answer = async () => pieces('{"a":1}\n{"a":', '"ü"}\n')
  expect((await weir(['query', 'SELECT 1', '--url', api.url, '-o', 'yaml'])).out).toBe('- a: 1\n- a: ü\n')
  expect(control.queries[0]).toMatchObject({ sql: 'SELECT\n 2', format: 'json' })
})

test('--data finds the running server through its lock', async () => {
  const { api } = await start()
  const data = await lockedFolder(api.url)
  expect(await weir(['query', 'SELECT 1', '--data', data, '-o', 'json'])).toEqual({
    code: 0,
    out: '[{"n":1}]\n',
    err: '',
  })
})

test('without a running server the folder is read, and nothing in it changes', async () => {
  const data = await stoppedFolder()
  const listing = async (): Promise<string[]> => {
    const names = (await readdir(data, { recursive: true })).sort()
    return Promise.all(
      names.map(async (name) => {
        const { size, mtimeMs, ino } = await stat(join(data, name))
        return `${name} ${size} ${mtimeMs} ${ino}`
      }),
    )
  }
  const before = await listing()
  const ran = await weir(['query', 'SELECT dst_addr, bytes FROM flows ORDER BY bytes', '--data', data, '-o', 'json'])
  expect(ran).toMatchObject({ code: 0, err: '' })
  expect(JSON.parse(ran.out)).toEqual([
    { dst_addr: '10.0.0.2', bytes: 11 },
    { dst_addr: '10.0.0.3', bytes: 22 },
  ])
  const refused = await weir(['query', 'SELECT * FROM flowz', '--data', data])
  expect(refused.code).toBe(1)
  expect(refused.err).toContain('flowz')
  expect((await weir(['query', 'DROP VIEW flows', '--data', data])).code).toBe(1)
  expect(await listing()).toEqual(before)
})

test('the lock of a process that is gone does not keep the folder from being read', async () => {
  const data = await stoppedFolder()
  await writeFile(join(data, 'lock'), JSON.stringify({ pid: 2 ** 22 + 1, url: 'http://127.0.0.1:9' }))
  expect(
    (await weir(['query', 'SELECT count(*) AS n FROM flows', '--data', data, '-o', 'json'])).out.replace(/\s/g, ''),
  ).toBe('[{"n":2}]')
})

test('a refusal is printed in the server’s words with its advice, exit code 1', async () => {
  const { api, control } = await start()
  control.answer = async () => Promise.reject(new WeirError('WEIR_SQL_REFUSED', 'no such view'))
  const ran = await weir(['query', 'SELECT * FROM x', '--url', api.url])
  expect(ran).toMatchObject({ code: 1, out: '' })
  expect(ran.err).toMatch(/^weir: no such view\n {6}Correct the statement\. `weir help sql`/)
})

test('an answer that breaks off is an error, not a shorter answer', async () => {
  const { api, control } = await start()
  control.answer = async () =>
    (async function* () {
      yield randomBytes(4 << 20)
      await new Promise((resolve) => setTimeout(resolve, 100))
      throw new Error('disk gone')
    })()
  const ran = await weir(['query', 'SELECT 1', '--url', api.url])
  expect(ran.code).toBe(1)
  expect(ran.err).toContain('truncated')
})

test('the token is read from WEIR_TOKEN or a file', async () => {
  const { api } = await start({ auth: { tokens: [{ name: 'me', token: 'secret' }] } })
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'token'), 'secret\n')
  const args = ['query', 'SELECT 1', '--url', api.url]
  expect(await weir(args)).toMatchObject({ code: 1, err: expect.stringContaining('WEIR_TOKEN') as string })
  expect(await weir(args, { env: { WEIR_TOKEN: 'secret' } })).toMatchObject({ code: 0 })
  expect(await weir([...args, '--token-file', join(folder, 'token')])).toMatchObject({ code: 0 })
  expect(await weir([...args, '--token-file', join(folder, 'none')])).toMatchObject({ code: 2 })
})

test('a contradictory command line ends with exit code 2 and a reason', async () => {
  const data = await temporaryFolder()
  await mkdir(join(data, 'store'))
  const cases: [string[], number, string][] = [
    [['query'], 2, 'missing required argument'],
    [['query', 'x', '-o', 'xml'], 2, 'Allowed choices are table, json, ndjson, csv, yaml'],
    [['query', 'x', '--outptu', 'csv'], 2, 'Did you mean --output?'],
    [['query', 'x', '--url', 'nonsense'], 2, 'http://127.0.0.1:8080'],
    [['query', 'x', '--url', 'http://127.0.0.1:8080', '--data', data], 2, 'use one of them'],
    [['query', 'x', '--data', data], 1, 'it contains no store'],
    [['query', 'x', '--url', 'http://127.0.0.1:9'], 1, 'No response from http://127.0.0.1:9'],
  ]
  for (const [args, code, message] of cases) {
    const ran = await weir(args)
    expect(ran.err, args.join(' ')).toContain(message)
    expect(ran, args.join(' ')).toMatchObject({ code, out: '' })
  }
})

test('--param binds values on a folder, and sends them to a server', async () => {
  const data = await stoppedFolder()
  const sql = 'SELECT bytes FROM flows WHERE dst_addr = $address AND bytes IN $sizes'
  const found = await weir([
    'query',
    sql,
    '--data',
    data,
    '--param',
    'address=10.0.0.3',
    '--param',
    'sizes=[11,22]',
    '-o',
    'csv',
  ])
  expect(found).toEqual({ code: 0, out: 'bytes\r\n22\r\n', err: '' })
  const missing = await weir(['query', sql, '--data', data, '--param', 'address="1"'])
  expect(missing).toMatchObject({ code: 1, err: expect.stringContaining('Parameter $sizes has no value') as string })

  const { api, control } = await start()
  const queries: unknown[] = []
  control.store = {
    ...control.store!,
    isolated: async (query) => {
      queries.push(query.parameters)
      return pieces('[]') as IsolatedResult
    },
  }
  const written = ['a=x', 'b=1.5', 'c="1"', 'd=["x"]', 'e=', 'f=18446744073709551615', 'g=a=b']
  expect(
    (await weir(['query', 'SELECT 1', '--url', api.url, ...written.flatMap((each) => ['--param', each])])).code,
  ).toBe(0)
  expect(queries).toEqual([{ a: 'x', b: 1.5, c: '1', d: ['x'], e: '', f: '18446744073709551615', g: 'a=b' }])
  expect((await weir(['query', 'SELECT 1', '--url', api.url, '--param', 'x'])).code).toBe(2)
  expect((await weir(['query', 'SELECT 1', '--url', api.url, '--param', 'x=[1,"a"]'])).err).toContain('list of texts')
})
