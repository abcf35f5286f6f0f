import { afterEach, expect, test } from 'vitest'
import type { FlowBatch } from '../../model/batches.ts'
import { flowBatch } from '../../store/testing/frames.ts'
import { startBoth, type Both } from '../testing/both.ts'
import { EventStream } from '../testing/event-stream.ts'

/** Direction at the node (3: unknown), owner of the destination, and bytes as powers of two. */
const samples = [
  [0, 'web'],
  [1, 'web'],
  [2, 'web'],
  [3, 'web'],
  [0, ''],
  [1, ''],
  [3, ''],
] as const
const once = 0b1111101

const open: EventStream[] = []
afterEach(() => open.splice(0).forEach((stream) => stream.close()))

function reports(received: number): FlowBatch {
  const batch = flowBatch(
    samples.map((_, row) => ({ src: `10.1.0.${row}`, dst: `10.2.0.${row}`, bytes: 2 ** row })),
    received,
  )
  const dictionary = [...batch.dictionary, 'web']
  const valid = Uint8Array.of(samples.reduce((bits, [direction], row) => bits | (direction === 3 ? 0 : 1 << row), 0))
  return {
    ...batch,
    dictionary,
    columns: {
      ...batch.columns,
      node_direction: { kind: 'u8', values: Uint8Array.from(samples, ([direction]) => direction), valid },
      dst_owner_name: {
        kind: 'dict',
        codes: Uint32Array.from(samples, ([, owner]) => (owner === '' ? 0 : dictionary.indexOf(owner))),
      },
    },
  }
}

async function filled(): Promise<{ both: Both; span: Record<string, string> }> {
  const both = await startBoth({ limits: { tickMs: 20 } })
  const received = Date.now() - 60_000
  await both.addBatch(reports(received), received)
  return { both, span: { from: String(received - 60_000), to: String(received + 1000), reporters: 'one' } }
}

test('a flow that two nodes report counts once in pages, series, groups and edges', async () => {
  const { both, span } = await filled()
  for (const ask of [both.stored, both.live]) {
    const bytes = async (path: string, more: Record<string, string> = {}): Promise<number> => {
      const { status, body } = await ask(path, { ...span, ...more })
      expect(status).toBe(200)
      const at = (body['columns'] as { name: string }[]).findIndex(({ name }) => name === 'bytes')
      return (body['rows'] as unknown[][]).reduce((sum, row) => sum + Number(row[at]), 0)
    }
    expect(await bytes('flows')).toBe(once)
    expect(await bytes('flows', { reporters: 'all' })).toBe(0b1111111)
    expect(await bytes('flows', { filter: 'dst_owner_name = web' })).toBe(0b1101)
    expect(await bytes('flows', { group: 'proto' })).toBe(once)
    expect(await bytes('series')).toBe(once)
    expect(await bytes('topology')).toBe(once)
    // Exchanging ends applies to the filter, not to the choice of reports.
    expect(await bytes('flows', { filter: 'dst_addr = 10.1.0.0/16', both_ways: 'true' })).toBe(once)
  }
})

test('an export has the same rows', async () => {
  const { both, span } = await filled()
  for (const url of [both.urls.stored, both.urls.live]) {
    const text = await (
      await fetch(`${url}/api/v1/export?${new URLSearchParams({ ...span, columns: 'bytes' }).toString()}`)
    ).text()
    expect(
      text
        .trim()
        .split(/\r?\n/)
        .slice(1)
        .reduce((sum, line) => sum + Number(line), 0),
    ).toBe(once)
  }
})

test('a live view omits the same rows, and matches both directions on request', async () => {
  const { both } = await filled()
  const stream = await EventStream.open(`${both.urls.live}/api/v1/live?sid=reporters1`)
  open.push(stream)
  let views = 0
  const matchedRows = async (q: object): Promise<number> => {
    const answer = await fetch(`${both.urls.live}/api/v1/live/reporters1`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        views: [{ id: `v${views++}`, kind: 'rows', q: { stream: 'flows', ...q }, columns: ['bytes'] }],
      }),
    })
    expect(answer.status).toBe(200)
    const view = ((await answer.json()) as { views: { id: string }[] }).views[0]?.id
    const rows = await stream.until((event) => event.event === 'rows' && event.data['view'] === view)
    return (rows.data['rows'] as unknown[][]).reduce((sum, [bytes]) => sum + Number(bytes), 0)
  }
  expect(await matchedRows({ reporters: 'one' })).toBe(once)
  expect(await matchedRows({ filter: 'dst_addr = 10.1.0.2', both_ways: true })).toBe(0b100)
  const refused = await fetch(`${both.urls.live}/api/v1/live/reporters1`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ views: [{ id: 'e', kind: 'rows', q: { stream: 'events', reporters: 'one' } }] }),
  })
  expect(refused.status).toBe(400)
  expect(await refused.text()).toContain('apply to flows')
})
