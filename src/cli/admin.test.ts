import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { start } from '../api/testing/kit.ts'
import { temporaryFolder, weir } from './testing/command.ts'

test('weir ledger prints the ledger, and its exit code says whether it balances', async () => {
  const { api, control } = await start()
  const json = await weir(['ledger', '--url', api.url])
  expect(JSON.parse(json.out)).toEqual(control.ledgerNow)
  expect(json.code).toBe(0)
  control.ledgerNow = { ...control.ledgerNow, balanced: false, sinks: [{ ...control.ledgerNow.sinks[0]!, dropped: { behind: 3 } }] }
  const table = await weir(['ledger', '--url', api.url, '--format', 'table'])
  expect(table.code).toBe(1)
  expect(table.out).toContain('NOT BALANCED')
  expect(table.out).toMatch(/store dropped +behind +3/)
  expect(table.out).toMatch(/sink +from +filtered +routed/)
})

test('weir ledger without a server says how to get one; --verify needs a folder', async () => {
  const data = await temporaryFolder()
  expect(await weir(['ledger', '--data', data])).toMatchObject({ code: 1, err: expect.stringContaining('npm start') as string })
  expect(await weir(['ledger', '--verify', '--url', 'http://127.0.0.1:9'])).toMatchObject({ code: 2 })
})

test('a server that is still starting is told apart from none', async () => {
  const data = await temporaryFolder()
  await writeFile(join(data, 'lock'), JSON.stringify({ pid: process.pid, url: '' }))
  expect((await weir(['ledger', '--data', data])).err).toContain('still starting')
})

test('weir dead-letters list, show, retry and drop do what the API offers', async () => {
  const { api, control } = await start()
  const run = (...args: string[]): ReturnType<typeof weir> => weir(['dead-letters', ...args, '--url', api.url])
  expect(JSON.parse((await run('list', '--sink', 'bus', '--limit', '3')).out)).toMatchObject([{ sink: 'bus', reason: 'limit 3' }])
  expect((await run('list', '--format', 'table')).out).toMatch(/sink +id +time +tries +state +reason\nnats +http:1:2:0 +2023-11-14T22:13:20\.000Z +3 +open/)
  expect(JSON.parse((await run('show', 'http:1:2:0')).out)).toMatchObject({ reason: 'poison' })
  expect(await run('show', 'x/y')).toMatchObject({ code: 1, err: expect.stringContaining('There is no dead letter "x/y"') as string })
  expect((await run('retry', 'bus', 'a', 'b')).out).toBe('2 moved back to pending\n')
  expect((await run('retry', 'bus')).out).toBe('7 moved back to pending\n')
  expect(await run('drop', 'bus')).toMatchObject({ code: 2, err: expect.stringContaining('--all') as string })
  expect((await run('drop', 'bus', '--all')).out).toBe('7 dropped\n')
  expect(await run('drop', 'bus', 'a', '--all')).toMatchObject({ code: 2 })
  expect(control.moved).toEqual(['retry bus a,b', 'retry bus all', 'drop bus all'])
})

test('what a sink said cannot act on the terminal', async () => {
  const { api, control } = await start()
  control.deadLetters.list = async () => [{ id: 'x', sink: 's', time: 0, reason: 'bad\u001b[2Jthing\nsecond', attempts: 1, state: 'open', kind: 'events', body: null }]
  const { out } = await weir(['dead-letters', 'list', '--format', 'table', '--url', api.url])
  expect(out).toContain('bad [2Jthing second')
  expect(out).not.toContain('\u001b')
})

test('every command explains itself with an example', async () => {
  for (const args of [['query'], ['ledger'], ['dead-letters', 'list'], ['dead-letters', 'show'], ['dead-letters', 'retry'], ['dead-letters', 'drop']]) {
    const ran = await weir([...args, '--help'])
    expect(ran, args.join(' ')).toMatchObject({ code: 0, err: '' })
    expect(ran.out).toContain('$ weir ')
  }
})
