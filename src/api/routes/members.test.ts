import { expect, test } from 'vitest'
import { flowBatch } from '../../store/testing/frames.ts'
import { startBoth, type Both } from '../testing/both.ts'
import { post } from '../testing/kit.ts'
import { orderedFlows, orderedPositions, quotedMember } from '../testing/ordered-members.ts'

const minute = 60_000
const begin = Math.floor(Date.now() / (5 * minute)) * 5 * minute - 14 * minute
const span = { from: String(begin), to: String(begin + 5 * minute) }
const extras = [
  '{"wlanSSID":"guest","wlanChannelId":6,"octetTotal":18446744073709551615}',
  '{"wlanSSID":"guest","wlanChannelId":36}',
  '{"wlanSSID":"staff-2","wlanChannelId":100}',
]

/** Three flows of a wireless controller, and one without further elements. */
async function filled(): Promise<Both> {
  const both = await startBoth()
  const received = begin + 30_000
  const batch = flowBatch(
    [100, 200, 400, 800].map((bytes, at) => ({ src: `10.0.0.${at + 2}`, dst: '10.0.0.9', bytes })),
    received,
  )
  const first = batch.dictionary.length
  const codes = Uint32Array.of(first, first + 1, first + 2, 0)
  await both.addBatch(
    {
      ...batch,
      dictionary: [...batch.dictionary, ...extras],
      columns: { ...batch.columns, extra: { kind: 'json', codes } },
    },
    received,
  )
  return both
}

test('flows are filtered, listed and exported by members of extra, stored and in memory', async () => {
  const both = await filled()
  for (const [query, url] of [
    [both.stored, both.urls.stored],
    [both.live, both.urls.live],
  ] as const) {
    const { body } = await query('flows', {
      ...span,
      filter: 'extra.wlanChannelId < 50 and extra.wlanSSID = guest',
      columns: 'bytes,extra.wlanSSID,extra.wlanChannelId,extra.octetTotal,extra',
      sort: 'bytes',
    })
    expect(body['columns']).toMatchObject([
      {},
      { name: 'extra.wlanSSID', type: 'VARCHAR' },
      { name: 'extra.wlanChannelId' },
      {},
      { name: 'extra', type: 'JSON' },
    ])
    expect(body['rows']).toEqual([
      // Whole numbers beyond 2^53 are texts.
      [
        100,
        'guest',
        '6',
        '18446744073709551615',
        { wlanSSID: 'guest', wlanChannelId: 6, octetTotal: '18446744073709551615' },
      ],
      [200, 'guest', '36', null, { wlanSSID: 'guest', wlanChannelId: 36 }],
    ])
    const parameters = new URLSearchParams({ ...span, format: 'csv', columns: 'bytes,extra.wlanSSID', sort: '-bytes' })
    const text = await (await fetch(`${url}/api/v1/export?${parameters.toString()}`)).text()
    expect(text.replaceAll('\r', '')).toBe('bytes,extra.wlanSSID\n800,\n400,staff-2\n200,guest\n100,guest\n')
  }
})

test('flows are grouped by members of extra in tables and charts', async () => {
  const both = await filled()
  for (const query of [both.stored, both.live]) {
    const groups = await query('flows', { ...span, group: 'extra.wlanSSID', by: 'bytes' })
    expect(groups.body['rows']).toEqual([
      [null, 800, 10, 1],
      ['staff-2', 400, 10, 1],
      ['guest', 300, 20, 2],
    ])
    const series = await query('series', {
      ...span,
      step: '5m',
      group: 'extra.wlanSSID,proto',
      by: 'bytes',
      limit: '2',
    })
    expect((series.body['rows'] as unknown[][]).map(([, other, ...cells]) => [other, cells[0], cells[2]])).toEqual([
      [false, null, 800],
      [false, 'staff-2', 400],
      [true, null, 300],
    ])
  }
})

test('names and values of members are completed from the data', async () => {
  const both = await filled()
  for (const url of [both.urls.stored, both.urls.live]) {
    const complete = async (body: object) => {
      const answer = await post(`${url}/api/v1/complete`, { ...span, ...body })
      return (await answer.json()) as Readonly<{
        fields: readonly Readonly<{ name: string; used: boolean }>[]
        values: readonly Readonly<{ value: string; text: string; count: number }>[]
      }>
    }
    // A slow store is not waited for.
    await expect
      .poll(async () => (await complete({ prefix: 'wlan' })).fields.slice(0, 2))
      .toMatchObject([
        { name: 'extra.wlanChannelId', used: true },
        { name: 'extra.wlanSSID', used: true },
      ])
    expect((await complete({ prefix: 'extra.oct' })).fields.map(({ name }) => name)).toEqual(['extra.octetTotal'])
    const none = await complete({ prefix: 'wlan', filter: 'bytes = 800' })
    expect(none.fields).toEqual([])
    const { values } = await complete({ prefix: '', field: 'extra.wlanSSID' })
    expect(values).toMatchObject([
      { value: 'guest', text: 'guest', count: 2 },
      { value: 'staff-2', count: 1 },
    ])
  }
})

test.each([false, true])('flows are sorted by a member of mixed kinds, page by page (descending: %s)', async (down) => {
  const both = await startBoth()
  const received = begin + 30_000
  await both.addBatch(orderedFlows(received), received)
  const sort = `${down ? '-' : ''}${quotedMember.replaceAll(/[\\,]/g, String.raw`\$&`)}`
  for (const [query, url] of [
    [both.stored, both.urls.stored],
    [both.live, both.urls.live],
  ] as const) {
    for (const backwards of ['false', 'true']) {
      const found: unknown[] = []
      let cursor: string | undefined
      do {
        const { body, status } = await query('flows', {
          ...span,
          sort,
          backwards,
          columns: 'bytes',
          limit: '4',
          ...(cursor === undefined ? {} : { cursor }),
        })
        expect({ status, detail: body['detail'] }).toEqual({ status: 200 })
        expect(body['columns']).toHaveLength(1)
        found.push(...(body['rows'] as unknown[][]).flat())
        cursor = (body['next'] as string | null) ?? undefined
      } while (cursor !== undefined)
      expect(found).toEqual(backwards === 'true' ? orderedPositions(down).toReversed() : orderedPositions(down))
    }
    const parameters = new URLSearchParams({ ...span, format: 'csv', columns: 'bytes,extra', sort })
    const text = await (await fetch(`${url}/api/v1/export?${parameters.toString()}`)).text()
    expect([...text.matchAll(/^(\d+),/gm)].map(([, bytes]) => Number(bytes))).toEqual(orderedPositions(down))
  }
})

test('flows are sorted by several members, and by one that no flow has', async () => {
  const both = await filled()
  for (const query of [both.stored, both.live]) {
    const { body } = await query('flows', {
      ...span,
      columns: 'bytes',
      sort: 'extra.wlanSSID,-extra.wlanChannelId,extra.none',
    })
    expect(body['rows']).toEqual([[200], [100], [400], [800]])
  }
})

test('half of a surrogate pair in one flow leaves the others readable', async () => {
  const both = await startBoth()
  const received = begin + 30_000
  const batch = flowBatch(
    [1, 2].map((bytes) => ({ src: '10.0.0.2', dst: '10.0.0.9', bytes })),
    received,
  )
  const first = batch.dictionary.length
  const broken = [String.raw`{"x":"\ud800","y":1}`, '{"x":"b"}']
  const codes = Uint32Array.of(first, first + 1)
  await both.addBatch(
    {
      ...batch,
      dictionary: [...batch.dictionary, ...broken],
      columns: { ...batch.columns, extra: { kind: 'json', codes } },
    },
    received,
  )
  for (const parameters of [{ sort: '-extra.x' }, { filter: 'exists(extra.x)', sort: 'bytes' }]) {
    const { body } = await both.stored('flows', { ...span, columns: 'bytes,extra.y', ...parameters })
    expect(body['rows']).toHaveLength(2)
  }
  const { body } = await both.stored('flows', { ...span, group: 'extra.x' })
  expect(new Set((body['rows'] as unknown[][]).map(([value]) => value))).toEqual(new Set(['b', '\ufffd']))
})
