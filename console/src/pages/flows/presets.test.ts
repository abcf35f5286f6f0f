import { expect, test } from 'vitest'
import { readSearch, writeSearch } from '../../state/codec.ts'
import { conversationRanks } from '../../../../src/query/plan/index.ts'
import { ranks } from './conversations/state.ts'
import { rankOfColumn, sortedColumn } from './conversations/columns.tsx'
import { panelNames } from './overview/state.ts'
import { presetOf, presets, withPreset } from './presets.ts'
import { flowsCodec } from './state.ts'

const { state: usual } = flowsCodec.decode(readSearch(''))

test('each preset is part of the URL and recognized from it, with filter and time range unchanged', () => {
  const before = { ...usual, q: 'src.ns = shop', quick: ['dns'], t: { from: 'now-6h', to: 'now-1h' }, live: false }
  for (const preset of presets) {
    const address = writeSearch(flowsCodec.encode({ ...before, ...withPreset(preset) }))
    const { state, unread } = flowsCodec.decode(readSearch(address))
    expect({ unread, id: presetOf(state)?.id }).toEqual({ unread: [], id: preset.id })
    expect(state).toMatchObject({ ...preset.shows, view: 'overview', q: before.q, quick: before.quick, t: before.t })
  }
})

test('presets have different names and contents, and together every panel', () => {
  expect(new Set(presets.map(({ id }) => id)).size).toBe(presets.length)
  expect(new Set(presets.map(({ shows }) => JSON.stringify(shows))).size).toBe(presets.length)
  const shown = new Set(presets.flatMap(({ shows }) => shows.panels))
  expect(panelNames.filter((name) => !shown.has(name))).toEqual([])
  expect(presetOf({ ...usual, view: 'table' })).toBeUndefined()
  expect(presetOf({ ...usual, view: 'overview', panels: ['bytes'] })).toBeUndefined()
})

test('the table of conversations sorts by every ranking of the API', () => {
  expect(ranks).toEqual(conversationRanks)
  for (const rank of ranks) expect(rankOfColumn[sortedColumn(rank)]).toBe(rank)
})
