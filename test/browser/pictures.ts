// `node test/browser/pictures.ts FOLDER`: pictures of every view, light and dark, wide and 320 px, to be looked at.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { Partner } from './kit/partner.ts'
import { chromiumPath, Stage } from './kit/stage.ts'

interface Scene {
  readonly name: string
  readonly path: string
  readonly act?: (page: Page) => Promise<void>
}

const row = (page: Page): Promise<void> => page.locator('.grid-body [role="row"]').first().waitFor()
const stored = '/flows?v=1&live=0&t=now-1h..now'

const scenes: readonly Scene[] = [
  { name: 'flows-live', path: '/flows', act: row },
  { name: 'flows-record', path: stored, act: async (page) => { await row(page); await page.locator('.grid-body [role="row"]').nth(3).click(); await sleep(800) } },
  { name: 'flows-columns', path: stored, act: async (page) => { await row(page); await page.getByRole('button', { name: 'Columns' }).click() } },
  { name: 'flows-span', path: stored, act: async (page) => { await row(page); await page.getByRole('button', { name: /^Last/ }).click() } },
  { name: 'flows-filter', path: stored, act: async (page) => { await row(page); await page.getByRole('combobox', { name: 'Filter' }).pressSequentially('dst_p') } },
  { name: 'flows-error', path: stored, act: async (page) => { await row(page); await page.getByRole('combobox', { name: 'Filter' }).fill('dst_port = and bytes'); await page.keyboard.press('Escape'); await page.keyboard.press('Enter'); await sleep(500) } },
  { name: 'flows-empty', path: `${stored}&q=bytes+%3E+10GiB`, act: async (page) => { await page.getByText('No flow matches').waitFor() } },
  { name: 'flows-unread', path: `${stored}&cols=src,dst,nothing&color=red`, act: row },
  { name: 'flows-overview', path: `${stored}&view=overview&before=span`, act: async (page) => { await page.getByRole('region', { name: 'Exporters' }).locator('.shares').waitFor(); await sleep(500) } },
  { name: 'flows-topology', path: `${stored}&view=topology`, act: async (page) => { await page.locator('.graph-place').waitFor(); await page.locator('.graph-place').focus(); await page.keyboard.press('Home'); await sleep(500) } },
  { name: 'flows-topology-list', path: `${stored}&view=topology&list=1`, act: row },
  { name: 'palette', path: stored, act: async (page) => { await row(page); await page.keyboard.press('Control+k') } },
  { name: 'events', path: '/events', act: row },
  { name: 'home', path: '/home', act: async (page) => { await page.locator('.newest li').first().waitFor(); await page.locator('.commands').waitFor() } },
  { name: 'pipeline', path: '/pipeline', act: row },
  { name: 'pipeline-sink', path: '/pipeline?v=1&sel=sink:partner', act: row },
  { name: 'pipeline-exporter', path: '/pipeline?v=1&sel=exporter:netflow/127.0.0.1', act: row },
  { name: 'pipeline-tables', path: '/pipeline?v=1&view=table', act: row },
  { name: 'dead-letters', path: '/dead-letters', act: async (page) => { await row(page); await page.getByRole('button', { name: /^Choose all/ }).click() } },
  { name: 'dead-letters-edit', path: '/dead-letters', act: async (page) => { await row(page); await page.locator('.grid-body [role="row"]').nth(1).click(); await page.getByRole('button', { name: 'Edit' }).click() } },
  { name: 'dead-letters-drop', path: '/dead-letters', act: async (page) => { await row(page); await page.getByRole('button', { name: /^Choose all/ }).click(); await page.getByRole('button', { name: /^Drop/ }).click() } },
  { name: 'dead-letters-none', path: '/dead-letters?v=1&sink=store', act: async (page) => { await page.getByText('No dead letters of store').waitFor() } },
  { name: 'sql-start', path: '/sql', act: async (page) => { await page.getByText('every flow').waitFor() } },
  { name: 'sql', path: `/sql?v=1&q=${encodeURIComponent('SELECT src_name, dst_name, dst_port, sum(bytes_est) AS bytes, count(*) AS flows\nFROM flows\nGROUP BY ALL\nORDER BY bytes DESC')}`, act: row },
  { name: 'sql-chart', path: `/sql?v=1&view=chart&schema=0&q=${encodeURIComponent('SELECT time_bucket(INTERVAL 1 second, time_received) AS time, protocol, sum(bytes_est) AS bytes\nFROM flows\nGROUP BY ALL\nORDER BY time')}`, act: async (page) => { await page.locator('.results-chart canvas').waitFor() } },
  { name: 'sql-error', path: `/sql?v=1&q=${encodeURIComponent('SELECT count(*) AS n\nFROM flows WHERE bites > 1')}`, act: async (page) => { await page.locator('.sql-error').waitFor() } },
  { name: 'nowhere', path: '/nowhere' },
]

const folder = process.argv[2]
const only = process.argv[3] ?? ''
if (folder === undefined || chromiumPath === undefined) {
  console.error(folder === undefined ? 'node test/browser/pictures.ts FOLDER [NAME]' : 'no Chromium is installed')
  process.exitCode = 1
} else {
  await mkdir(folder, { recursive: true })
  const stage = new Stage()
  const partner = new Partner()
  try {
    await stage.open({ sinks: { partner: { type: 'http', url: await partner.open(), from: ['http'] } } })
    await stage.flows(30_000)
    await stage.weir.events(Array.from({ length: 20 }, (_, index) => ({ specversion: '1.0', id: String(index), source: '/shop/checkout', type: 'com.example.order', subject: `order-${index}`, data: { total: index * 3 } })))
    await stage.weir.events(Array.from({ length: 6 }, (_, index) => ({ specversion: '1.0', id: `bad-${index}`, source: '/shop/checkout', type: 'com.example.bad', subject: `order-${index}`, data: { total: 'many', items: [{ sku: 'a-1', count: index }] } })))
    await sleep(4000)
    for (const scene of scenes.filter(({ name }) => name.includes(only))) {
      for (const colorScheme of ['light', 'dark'] as const) {
        for (const [size, viewport] of [['wide', { width: 1440, height: 900 }], ['narrow', { width: 320, height: 640 }]] as const) {
          const page = await stage.page(scene.path, { colorScheme, viewport })
          await scene.act?.(page)
          await sleep(300)
          await page.screenshot({ path: join(folder, `${scene.name}-${colorScheme}-${size}.png`) })
          await page.context().close()
        }
      }
    }
    for (const complaint of stage.complaints) console.log(complaint)
  } finally {
    await stage.close()
    await partner.close()
  }
}
