import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { weirCommand } from '../kit/weir-command.ts'
import { startWeir, type WeirProcess } from '../kit/weir-process.ts'

let folder = ''
let weir: WeirProcess

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-fresh-'))
  weir = await startWeir({ folder })
})
afterAll(async () => {
  await weir.kill()
  await rm(folder, { recursive: true, force: true })
})

async function post(id: string): Promise<void> {
  const answer = await fetch(`${weir.url}/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/cloudevents+json' },
    body: JSON.stringify({
      specversion: '1.0',
      id,
      source: '/readme',
      type: 'com.example.hello',
      data: { hello: 'weir' },
    }),
  })
  expect(answer.status).toBe(200)
}

function sql(more: object = {}): Promise<Response> {
  return fetch(`${weir.url}/api/v1/sql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ sql: 'SELECT id FROM events', ...more }),
  })
}

it('the first query after the first event prints its row, as README has it', async () => {
  await post('1')
  const ran = await weirCommand(
    'query',
    'SELECT time_received, type, data FROM events',
    '-o',
    'json',
    '--url',
    weir.url,
  )
  expect(JSON.parse(ran.stdout)).toMatchObject([{ type: 'com.example.hello', data: { hello: 'weir' } }])
})

it('each statement reads the rows that were accepted before it', async () => {
  for (let row = 2; row <= 12; row++) {
    await post(String(row))
    const answer = await sql()
    expect(answer.headers.get('x-weir-fresh')).toBe('true')
    expect(await answer.json()).toHaveLength(row)
  }
})

it('with `fresh: false` a statement waits for nothing', async () => {
  const answer = await sql({ fresh: false })
  expect(answer.headers.get('x-weir-fresh')).toBeNull()
  expect(answer.status).toBe(200)
})
