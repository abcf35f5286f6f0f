import { expect, test } from 'vitest'
import type { FlowBatch } from '../../model/batches.ts'
import { flowBatch } from '../../store/testing/frames.ts'
import { startBoth } from '../testing/both.ts'

const minute = 60_000
const begin = Math.floor(Date.now() / (5 * minute)) * 5 * minute - 14 * minute
const span = { from: String(begin), to: String(begin + 5 * minute) }
const [allow, deny] = ['[{"Action":"allow","Name":"db"}]', '[{"Action":"drop","Name":"db"},{"Action":"drop"}]']

/** Two flows allowed, one dropped by two policies, one without events. */
function withEvents(received: number): FlowBatch {
  const batch = flowBatch(
    [100, 200, 400, 800].map((bytes, at) => ({ src: `10.0.0.${at + 2}`, dst: '10.0.0.9', bytes })),
    received,
  )
  const dictionary = [...batch.dictionary, allow, deny]
  const [first, second] = [dictionary.length - 2, dictionary.length - 1]
  return {
    ...batch,
    dictionary,
    columns: { ...batch.columns, network_events: { kind: 'json', codes: Uint32Array.from([first, first, second, 0]) } },
  }
}

test('flows are grouped by their network events as text, stored and in memory', async () => {
  const both = await startBoth()
  await both.addBatch(withEvents(begin + 30_000), begin + 30_000)
  for (const query of [both.stored, both.live]) {
    const { body } = await query('flows', { ...span, group: 'network_events', filter: 'exists(network_events)' })
    expect(body['columns']).toMatchObject([{ name: 'network_events', type: 'VARCHAR' }, {}, {}, {}])
    expect(body['rows']).toEqual([
      [deny, 400, 10, 1],
      [allow, 300, 20, 2],
    ])
    const series = await query('series', { ...span, step: '5m', group: 'NetworkEvents', by: 'flows', limit: '1' })
    expect((series.body['rows'] as unknown[][]).map(([, ...cells]) => cells)).toEqual([
      [false, allow, 300, 20, 2],
      [true, null, 1200, 20, 2],
    ])
  }
})
