import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import type { ReloadReport } from '../../src/engine/control.ts'
import { weir as command } from '../../src/cli/testing/command.ts'
import { startWeir, type WeirProcess } from '../kit/weir-process.ts'

const paid = { type: 'filter', from: ['http'], where: 'type = order.paid' }

function configOf(from: readonly string[] | undefined, transforms: object = { paid }): Record<string, unknown> {
  return { transforms, store: from === undefined ? {} : { from } }
}

async function order(weir: WeirProcess, name: string): Promise<void> {
  await weir.events(
    ['order.placed', 'order.paid'].map((type) => ({
      specversion: '1.0',
      id: `${name}-${type}`,
      source: '/shop',
      type,
    })),
  )
}

/** Rows as `source id`: of SQL, of `weir tap store`, or of the first message of a live stream. */
async function stored(weir: WeirProcess): Promise<unknown> {
  await weir.caughtUp(30_000)
  const rows = await weir.sql<{ row: string }>(
    `SELECT split_part(_pos, ':', 1) || ' ' || id AS row FROM events ORDER BY row`,
  )
  return rows.map(({ row }) => row)
}

async function live(weir: WeirProcess): Promise<unknown> {
  const stop = new AbortController()
  const answer = await fetch(`${weir.url}/api/v1/live`, { signal: stop.signal })
  const found = new Set<string>()
  let text = ''
  for await (const bytes of answer.body ?? []) {
    text += new TextDecoder().decode(bytes as Uint8Array)
    if (/event: rows\n[^]*"view":"events"[^]*\n\n/.test(text)) break
  }
  stop.abort()
  for (const id of text.match(/"(?:http|paid):[^"]+"|"[a-z]+-order\.(?:paid|placed)"/g) ?? []) found.add(id)
  return [...found].filter((id) => id.includes('order')).sort()
}

it('the store and the live views take the sources in store.from, also after reloads and a removal', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-store-from-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  await using weir = await startWeir({ folder, config: configOf(['paid']) })
  await order(weir, 'a')
  expect(await stored(weir)).toEqual(['paid a-order.paid'])
  expect(await live(weir)).toEqual(['"a-order.paid"'])
  const store = (await weir.ledger()).sinks.find(({ name }) => name === 'store')
  expect(store).toMatchObject({ filtered: { from: 2 }, routed: 1, delivered: 1 })
  expect((await weir.pipeline()).sinks.find(({ name }) => name === 'store')?.from).toEqual(['paid'])

  weir.configure(configOf(['http']))
  expect(await weir.post<ReloadReport>('/api/v1/reload', {})).toMatchObject({
    ok: true,
    changed: ['store'],
    problems: [],
  })
  await order(weir, 'b')
  const both = ['http b-order.paid', 'http b-order.placed', 'paid a-order.paid']
  expect(await stored(weir)).toEqual(both)
  expect(await live(weir)).toEqual(['"a-order.paid"', '"b-order.paid"', '"b-order.placed"'])

  // A name without a source is refused, and changes nothing.
  weir.configure(configOf(['paid'], {}))
  await expect(weir.post('/api/v1/reload', {})).rejects.toThrow(/there is no source `paid`/)

  // The removed transform is no longer read; its stored rows stay.
  weir.configure(configOf(undefined, {}))
  expect(await weir.post<ReloadReport>('/api/v1/reload', {})).toMatchObject({ ok: true })
  await order(weir, 'c')
  const all = [...both, 'http c-order.paid', 'http c-order.placed'].sort()
  expect(await stored(weir)).toEqual(all)
  const ledger = await weir.ledger()
  expect(ledger.balanced).toBe(true)
  await weir.kill()
  const verified = await command(['ledger', '--verify', '--data', weir.data, '-o', 'json'])
  expect(verified).toMatchObject({ code: 0 })
  const rows = JSON.parse(verified.out) as { ledger?: typeof ledger } & typeof ledger
  expect((rows.ledger ?? rows).sinks.find(({ name }) => name === 'store')).toMatchObject({
    filtered: { from: 3 },
    delivered: 5,
  })
  weir.launch()
  await weir.ready()
  expect(await stored(weir)).toEqual(all)
})
