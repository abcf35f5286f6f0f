import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FlowSender } from '../kit/flow-sender.ts'
import { chromiumPath, useStage, violations } from './kit/stage.ts'

const folder = await mkdtemp(join(tmpdir(), 'weir-dashboards-'))

describe.skipIf(chromiumPath === undefined)('chromium: dashboards', () => {
  const stage = useStage({ dashboards: folder })

  beforeAll(async () => {
    if (chromiumPath === undefined) return
    const dashboard = {
      title: 'From a file',
      variables: [{ name: 'port', value: '443' }],
      panels: [
        { kind: 'stat', by: 'flows', width: 1 },
        { kind: 'stat', by: 'flows', title: 'Of the port', width: 1, filter: 'dst_port = $port' },
        { kind: 'sql', title: 'Ports', sql: 'SELECT count(DISTINCT dst_port) AS ports FROM flows' },
        { kind: 'top', title: 'Top ports', group: 'dst_port', by: 'flows' },
        { kind: 'series', title: 'Traffic' },
        { kind: 'table', width: 4, limit: 5 },
      ],
    }
    await writeFile(join(folder, 'file.json'), JSON.stringify(dashboard))
    await writeFile(join(folder, 'broken.json'), '{')
    const sender = new FlowSender({ port: stage.weir.ports.netflow, rate: 1, addresses: 50 })
    await sender.start()
    sender.pause()
    for (let datagram = 0; datagram < 20; datagram++) sender.send()
    await sender.close()
    const count = async () => Number((await stage.weir.sql('SELECT count(*) AS n FROM flows'))[0]?.['n'])
    while ((await count()) < sender.sent) await sleep(200)
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  test('a dashboard from a file has the figures of SQL, follows its variable, and is edited by keyboard', async () => {
    const page = await stage.page('/dashboards')
    await page.getByText('broken.json').first().waitFor()
    expect(await violations(page)).toEqual([])
    await page.getByRole('button', { name: 'From a file' }).click()
    const text = (sql: string) => stage.weir.sql(sql).then(([row]) => Number(row?.['n']).toLocaleString('en-US'))
    const all = await text('SELECT count(*) AS n FROM flows')
    const https = await text('SELECT count(*) AS n FROM flows WHERE dst_port = 443')
    await page.getByRole('region', { name: 'Single value' }).getByText(`${all} flows`).waitFor()
    await page.getByRole('region', { name: 'Of the port' }).getByText(`${https} flows`).waitFor()
    const [{ n: ports } = {}] = await stage.weir.sql('SELECT count(DISTINCT dst_port) AS n FROM flows')
    await page
      .getByRole('region', { name: 'Ports', exact: true })
      .getByRole('cell', { name: String(ports) })
      .waitFor()
    await page.getByRole('region', { name: 'Top ports' }).getByText('443').waitFor()
    expect(await violations(page)).toEqual([])

    const variable = page.getByRole('textbox', { name: 'port' })
    await variable.fill('53')
    await variable.press('Enter')
    const dns = await text('SELECT count(*) AS n FROM flows WHERE dst_port = 53')
    await page.getByRole('region', { name: 'Of the port' }).getByText(`${dns} flows`).waitFor()

    await page.getByRole('button', { name: 'Edit' }).press('Enter')
    await page.getByRole('button', { name: 'Move Of the port (panel 2) forward' }).press('Enter')
    await page.getByRole('button', { name: 'Make Of the port (panel 1) wider' }).press('Enter')
    await page.getByRole('button', { name: 'Remove Flows (panel 6)' }).press('Enter')
    await page.getByRole('button', { name: 'Done' }).press('Enter')
    const titles = page.locator('.dashboard-grid h2')
    await expect
      .poll(() => titles.allTextContents())
      .toEqual(['Of the port', 'Single value', 'Ports', 'Top ports', 'Traffic'])

    // The URL has the whole dashboard, so that a saved view keeps it.
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByRole('textbox', { name: /name/i }).fill('My board')
    await page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByRole('dialog').getByText('My board').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'All dashboards' }).click()
    await page.getByRole('region', { name: 'Saved' }).getByRole('button', { name: 'My board' }).click()
    await expect
      .poll(() => titles.allTextContents())
      .toEqual(['Of the port', 'Single value', 'Ports', 'Top ports', 'Traffic'])
    await page.context().close()
  })
})
