// Insights, Inventory, Spend, and the parts of Home and Pipeline that need alerts and feeds.
import { after, charted, is, openDrawer, openRow, row, text, type Place, type Scene } from './scene.ts'

const on = 'clouds'
const aboutInsights = /^\/api\/v1\/(?:problems|packages|images)/
const aboutInventory = /^\/api\/v1\/inventory/
const aboutSpend = /^\/api\/v1\/spend/

/** What every page of data has: nothing yet, no store, a viewer of one namespace, loading and failed. */
const states = (page: string, path: string, at: RegExp): Scene[] => {
  const name = page.toLowerCase()
  const empty = (more: string, place: Place, description: string): Scene => ({
    name: `${name}-${more}`,
    page,
    description,
    on: place,
    path,
    state: 'empty',
    act: is('empty'),
  })
  return [
    empty('none', 'fresh', 'Nothing is connected: how to do it.'),
    empty('no-store', 'bare', 'There is no store.'),
    {
      name: `${name}-limited`,
      page,
      description: 'A viewer of one namespace.',
      on: 'closed',
      as: 'shop',
      path,
      state: 'empty',
      act: is('empty'),
    },
    {
      name: `${name}-loading`,
      page,
      description: 'On their way.',
      on,
      path,
      hold: at,
      state: 'loading',
      act: is('loading'),
    },
    {
      name: `${name}-error`,
      page,
      description: 'The server failed.',
      on,
      path,
      fail: { at, status: 500 },
      state: 'error',
      act: is('error'),
    },
  ]
}

const insights: readonly Scene[] = [
  { name: 'insights', page: 'Insights', description: 'Problems, the worst first.', on, path: '/insights', act: row },
  {
    name: 'insights-problem',
    page: 'Insights',
    description: 'One problem with the affected images.',
    on,
    path: '/insights',
    act: after(row, openRow(0), openDrawer),
  },
  {
    name: 'insights-packages',
    page: 'Insights',
    description: 'Packages of all images.',
    on,
    path: '/insights?v=1&list=packages',
    act: row,
  },
  {
    name: 'insights-image',
    page: 'Insights',
    description: 'One image with its worst problems.',
    on,
    path: '/insights?v=1&list=images',
    act: after(row, openRow(0), openDrawer),
  },
  {
    name: 'insights-compare',
    page: 'Insights',
    description: 'Two images compared.',
    on,
    path: `/insights?v=1&list=compare&from=sha256:${'a'.repeat(64)}&to=sha256:${'b'.repeat(64)}`,
    act: row,
  },
  {
    name: 'insights-no-match',
    page: 'Insights',
    description: 'Nothing matches.',
    on,
    path: '/insights?v=1&text=nowhere',
    state: 'empty',
    act: is('empty'),
  },
  ...states('Insights', '/insights', aboutInsights),
]

const inventory: readonly Scene[] = [
  {
    name: 'inventory',
    page: 'Inventory',
    description: 'Resources of the accounts.',
    on,
    path: '/inventory',
    act: row,
  },
  {
    name: 'inventory-one',
    page: 'Inventory',
    description: 'One resource: size, costs, changes.',
    on,
    path: '/inventory?v=1&sel=exoscale:shop/ch-gva-2/instance/worker-2',
    // On a phone the details hide the rows.
    act: text('standard.medium'),
  },
  {
    name: 'inventory-findings',
    page: 'Inventory',
    description: 'Resources that cost money and serve nothing.',
    on,
    path: '/inventory?v=1&list=findings',
    act: row,
  },
  {
    name: 'inventory-comparison',
    page: 'Inventory',
    description: 'Two times compared.',
    on,
    path: '/inventory?v=1&list=comparison',
    act: row,
  },
  {
    name: 'inventory-no-match',
    page: 'Inventory',
    description: 'Nothing matches.',
    on,
    path: '/inventory?v=1&q=name+%3D+nowhere',
    state: 'empty',
    act: is('empty'),
  },
  ...states('Inventory', '/inventory', aboutInventory),
]

const spend: readonly Scene[] = [
  {
    name: 'spend',
    page: 'Spend',
    description: 'Costs of a month by currency.',
    on,
    path: '/spend',
    act: after(charted, (page) => page.locator('.treemap li').first().waitFor()),
  },
  {
    name: 'spend-days',
    page: 'Spend',
    description: 'Thirty days of one service.',
    on,
    path: '/spend?v=1&span=days&service=Compute',
    act: after(charted, text('worker-1')),
  },
  {
    name: 'spend-tags',
    page: 'Spend',
    description: 'Keys of tags with their coverage.',
    on,
    path: '/spend?v=1&span=days&by=tag',
    act: (page) => page.locator('.tag-keys').getByText('team').first().waitFor(),
  },
  {
    name: 'spend-no-match',
    page: 'Spend',
    description: 'Nothing matches.',
    on,
    path: '/spend?v=1&service=Nothing',
    state: 'empty',
    act: is('empty'),
  },
  ...states('Spend', '/spend', aboutSpend),
]

export const clouds: readonly Scene[] = [
  ...insights,
  ...inventory,
  ...spend,
  {
    name: 'home-alerts',
    page: 'Home',
    description: 'Firing alerts, and a rule that cannot be evaluated.',
    on,
    path: '/home',
    act: after(text('db-1 tripped'), text('Latest changes')),
  },
  {
    name: 'pipeline-feed',
    page: 'Pipeline',
    description: 'A feed with missing records.',
    on,
    path: '/pipeline',
    act: after(
      (page) => page.getByRole('region', { name: 'Feeds' }).getByRole('button', { name: 'market' }).click(),
      openDrawer,
    ),
  },
]
