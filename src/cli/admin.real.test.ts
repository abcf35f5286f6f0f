import { readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { start } from '../api/testing/kit.ts'
import type { DeadLetter } from '../engine/control.ts'
import { temporaryFolder, weir } from './testing/command.ts'

test('weir ledger prints the ledger, and its exit code shows whether it balances', async () => {
  const { api, control } = await start()
  const json = await weir(['ledger', '--url', api.url, '-o', 'json'])
  expect(JSON.parse(json.out)).toEqual(control.ledgerNow)
  expect(json.code).toBe(0)
  control.ledgerNow = {
    ...control.ledgerNow,
    balanced: false,
    sinks: [{ ...control.ledgerNow.sinks[0]!, dropped: { behind: 3 } }],
  }
  const table = await weir(['ledger', '--url', api.url])
  expect(table.code).toBe(1)
  expect(table.out).toContain('NOT BALANCED')
  expect(table.out).toMatch(/store dropped +behind +3/)
  expect(table.out).toMatch(/sink +from +filtered +routed/)
})

test('weir ledger without a server explains how to start one; --verify needs a folder', async () => {
  const data = await temporaryFolder()
  expect(await weir(['ledger', '--data', data])).toMatchObject({
    code: 1,
    err: expect.stringContaining('npm start') as string,
  })
  expect(await weir(['ledger', '--verify', '--url', 'http://127.0.0.1:9'])).toMatchObject({ code: 2 })
})

test('a server that is still starting is distinguished from a missing one', async () => {
  const data = await temporaryFolder()
  await writeFile(join(data, 'lock'), JSON.stringify({ pid: process.pid, url: '' }))
  expect((await weir(['ledger', '--data', data])).err).toContain('which is starting')
})

test('weir dead-letters list, show, retry and drop do what the API offers', async () => {
  const { api, control } = await start()
  const run = (...args: string[]): ReturnType<typeof weir> => weir(['dead-letters', ...args, '--url', api.url])
  expect(JSON.parse((await run('list', '--sink', 'bus', '--limit', '3', '-o', 'json')).out)).toMatchObject([
    { sink: 'bus', reason: 'limit 3' },
  ])
  expect((await run('list')).out).toMatch(
    /sink +id +time +tries +state +reason\nnats +http:1:2:0 +2023-11-14T22:13:20\.000Z +3 +open/,
  )
  expect(JSON.parse((await run('show', 'http:1:2:0')).out)).toMatchObject({ reason: 'poison' })
  expect(await run('show', 'x/y')).toMatchObject({
    code: 1,
    err: expect.stringContaining('There is no dead letter "x/y"') as string,
  })
  expect((await run('retry', 'bus', 'a', 'b')).out).toBe('2 moved back to pending\n')
  expect((await run('retry', 'bus')).out).toBe('7 moved back to pending\n')
  expect((await run('retry', 'bus', '--reason', 'no such table')).out).toBe('7 moved back to pending\n')
  expect((await run('drop', 'bus', '--reason', 'no such table')).out).toBe('7 dropped\n')
  expect(await run('drop', 'bus', '--all', '--reason', 'no such table')).toMatchObject({ code: 2 })
  expect((await run('reasons', '--sink', 'bus')).out).toMatch(/sink +open .*reason\nbus +7 +1 .*limit 100/)
  expect(await run('drop', 'bus')).toMatchObject({ code: 2, err: expect.stringContaining('--all') as string })
  expect((await run('drop', 'bus', '--all')).out).toBe('7 dropped\n')
  expect(await run('drop', 'bus', 'a', '--all')).toMatchObject({ code: 2 })
  expect(control.moved).toEqual([
    'retry bus a,b',
    'retry bus all',
    'retry bus all no such table',
    'drop bus all no such table',
    'drop bus all',
  ])
})

test('weir dead-letters list reads every page until the last dead letter', async () => {
  const { api, control } = await start()
  const all = Array.from({ length: 2500 }, (_, index): DeadLetter => ({
    id: `http:1:${index}:0`,
    sink: 'bus',
    time: 10_000 - Math.floor(index / 3),
    reason: 'no',
    attempts: 1,
    state: 'open',
    kind: 'events',
  }))
  control.deadLetters.list = async (_of, limit, _bodies, after) => {
    const from = after === undefined ? 0 : all.findIndex(({ id }) => id === after.id) + 1
    return all.slice(from, from + limit)
  }
  const ids = async (...args: string[]): Promise<string[]> =>
    (
      JSON.parse((await weir(['dead-letters', 'list', ...args, '-o', 'json', '--url', api.url])).out) as DeadLetter[]
    ).map(({ id }) => id)
  expect(await ids('--all')).toEqual(all.map(({ id }) => id))
  expect(await ids('--limit', '1700')).toEqual(all.slice(0, 1700).map(({ id }) => id))
})

test('weir dead-letters edit sends the text of the editor, and keeps it when the server rejects it', async () => {
  const { api, control } = await start()
  const sent: unknown[] = []
  control.deadLetters.show = async (id) =>
    id === 'flow'
      ? { id, sink: 'bus', time: 1, reason: 'no', attempts: 1, state: 'open', kind: 'flows', body: {} }
      : {
          id,
          sink: 'bus',
          time: 1,
          reason: 'no',
          attempts: 1,
          state: 'open',
          kind: 'events',
          body: { id: 'a', data: { total: 'many' } },
        }
  control.deadLetters.edit = async (_sink, id, body) => {
    if (id === 'gone') return false
    sent.push(body)
    return true
  }
  const folder = await temporaryFolder()
  const editor = join(folder, 'editor.mjs')
  await writeFile(
    editor,
    "import { readFileSync, writeFileSync } from 'node:fs'\nconst [from, to, path] = " +
      "process.argv.slice(2)\nwriteFileSync(path, readFileSync(path, 'utf8').replace(from, to))\n",
  )
  const edit = (id: string, change: string, more: readonly string[] = [], input = ''): ReturnType<typeof weir> =>
    weir(['dead-letters', 'edit', 'bus', id, '--url', api.url, ...more], {
      input,
      env: { VISUAL: '', EDITOR: `'${process.execPath}' '${editor}' ${change}` },
    })
  expect(await edit('x', `'"many"' 7`)).toMatchObject({ code: 0, out: 'moved back to pending with the new body\n' })
  expect(await edit('x', 'nothing else')).toMatchObject({
    code: 0,
    out: expect.stringContaining('Nothing was changed') as string,
  })
  expect(await edit('x', '', ['--file', '-'], '{"id": "b"}')).toMatchObject({ code: 0 })
  expect(sent).toEqual([{ id: 'a', data: { total: 7 } }, { id: 'b' }])
  expect(await edit('flow', 'a b')).toMatchObject({
    code: 1,
    err: expect.stringContaining('cannot be edited') as string,
  })
  expect(
    await weir(['dead-letters', 'edit', 'bus', 'x', '--url', api.url], { env: { VISUAL: 'false' } }),
  ).toMatchObject({ code: 1, err: expect.stringContaining('nothing was changed') as string })
  const refused = await edit('gone', `'"many"' 7`)
  const path = /--file (.*)$/m.exec(refused.err)?.[1] ?? ''
  expect([refused.code, JSON.parse(await readFile(path, 'utf8'))]).toEqual([1, { id: 'a', data: { total: 7 } }])
  await rm(dirname(path), { recursive: true })
  expect(await edit('x', '', ['--file', '-'], '{')).toMatchObject({
    code: 2,
    err: expect.stringContaining('not JSON') as string,
  })
  expect(sent).toHaveLength(2)
})

test("control characters in a sink's reason cannot act on the terminal", async () => {
  const { api, control } = await start()
  control.deadLetters.list = async () => [
    {
      id: 'x',
      sink: 's',
      time: 0,
      reason: 'bad\u001b[2Jthing\nsecond',
      attempts: 1,
      state: 'open',
      kind: 'events',
      body: null,
    },
  ]
  const { out } = await weir(['dead-letters', 'list', '--url', api.url])
  expect(out).toContain('bad [2Jthing second')
  expect(out).not.toContain('\u001b')
})

test('every command explains itself with an example', async () => {
  for (const args of [
    ['query'],
    ['ledger'],
    ['dead-letters', 'list'],
    ['dead-letters', 'reasons'],
    ['dead-letters', 'show'],
    ['dead-letters', 'edit'],
    ['dead-letters', 'retry'],
    ['dead-letters', 'drop'],
  ]) {
    const ran = await weir([...args, '--help'])
    expect(ran, args.join(' ')).toMatchObject({ code: 0, err: '' })
    expect(ran.out).toContain('$ weir ')
  }
})
