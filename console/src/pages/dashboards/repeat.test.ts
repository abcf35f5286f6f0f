import { expect, test } from 'vitest'
import { newPanel, newVariable } from '../../parts/dashboards/definition.ts'
import { readValuesQuery } from './offered.ts'
import { shownPanels } from './repeat.ts'
import { withVariables } from '../../parts/dashboards/variables.ts'

const list = (value: string) => ({ ...newVariable, name: 'ns', value, type: 'list' as const })
const panel = { ...newPanel, title: 'Of $ns', repeat: 'ns', filter: 'src.ns in $ns' }
const titles = (value: string, offered: readonly string[] = []) =>
  shownPanels([panel], [list(value)], { ns: offered }, () => 'Series').map(({ title }) => title)

test('a panel repeats for each item of a list, and for the offered values of an empty one', () => {
  expect(titles('shop, "a b"')).toEqual(['Of shop', 'Of a b'])
  expect(titles('', ['x', 'y'])).toEqual(['Of x', 'Of y'])
  expect(titles('', [])).toEqual(['Of '])
  expect(
    titles(
      '',
      Array.from({ length: 50 }, (_, at) => String(at)),
    ),
  ).toHaveLength(20)
})

test('each repetition has its value in the filter, and its title names it', () => {
  const shown = shownPanels([{ ...panel, title: '' }], [list('shop,billing')], {}, () => 'Series')
  expect(shown.map(({ title }) => title)).toEqual(['Series (shop)', 'Series (billing)'])
  expect(shown.map(({ variables }) => withVariables(panel.filter, variables))).toEqual([
    'src.ns in ("shop")',
    'src.ns in ("billing")',
  ])
  expect(shown.map(({ isFirst }) => isFirst)).toEqual([true, false])
})

test('without its variable a panel is there once', () => {
  const shown = shownPanels([panel], [], {}, () => 'Series')
  expect(shown.map(({ title }) => title)).toEqual(['Of $ns'])
})

test.each([
  ['label_values(up, job)', { base: '/prometheus', selector: 'up', label: 'job' }],
  ['label_values(job)', { base: '/prometheus', selector: '', label: 'job' }],
  [
    'label_values(up{a="x, y", b=~"c"},  job )',
    { base: '/prometheus', selector: 'up{a="x, y", b=~"c"}', label: 'job' },
  ],
  ['log_label_values({app="x"}, pod)', { base: '/loki', selector: '{app="x"}', label: 'pod' }],
  ['query_result(up)', undefined],
  ['label_values()', undefined],
])('%s', (query, read) => {
  expect(readValuesQuery(query)).toEqual(read)
})
