import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Locator, Page } from 'playwright-core'
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
    await writeFile(join(folder, 'wrong.json'), '{"panels": [{"kind": "top"}, {"kind": "top", "widht": 2}]}')
    const graph = {
      title: 'Graph',
      panels: [{ kind: 'topology', title: 'Who talks', width: 4, scope: 'addr', by: 'flows' }],
    }
    await writeFile(join(folder, 'graph.json'), JSON.stringify(graph))
    const statements = {
      title: 'Statements',
      variables: [
        { name: 'ports', value: '443, 53', type: 'list' },
        { name: 'address', value: '' },
      ],
      panels: [
        { kind: 'sql', title: 'In list', sql: 'SELECT count(*) AS n FROM flows WHERE dst_port IN $ports' },
        {
          kind: 'sql',
          title: 'Echo',
          sql: 'SELECT $address AS text, count(*) AS n FROM flows WHERE src_addr = $address',
        },
        { kind: 'sql', title: 'Wrong', sql: 'SELECT count( FROM flows' },
        { kind: 'stat', title: 'All', by: 'flows' },
      ],
    }
    await writeFile(join(folder, 'statements.json'), JSON.stringify(statements))
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

  test('the panel of single flows has the titles, formats and alignment of the table of Flows', async () => {
    const page = await stage.page('/dashboards')
    await page.getByRole('button', { name: 'From a file' }).click()
    const panel = page.getByRole('region', { name: 'Flows', exact: true })
    const titles = ['Received', 'Source', 'Destination', 'Port', 'Bytes']
    await expect.poll(() => panel.getByRole('columnheader').allTextContents()).toEqual(titles)
    const read = (cells: Locator) =>
      cells.evaluateAll((all) =>
        all.map((cell) => [cell.textContent, cell.ownerDocument.defaultView?.getComputedStyle(cell).textAlign]),
      )
    const row = await read(panel.getByRole('row').nth(1).getByRole('cell'))
    const flows = await stage.page('/flows?v=1&live=0&cols=time_received,src,dst,dst_port,bytes_est')
    const grid = flows.getByRole('grid').first()
    await expect
      .poll(() => grid.getByRole('columnheader').allTextContents())
      .toEqual(['Received ↓', ...titles.slice(1)])
    const cells = await read(grid.getByRole('row').nth(1).getByRole('gridcell'))
    expect(row).toEqual(cells)
    expect(row.map(([, align]) => align)).toEqual(['start', 'start', 'start', 'start', 'right'])
    await flows.context().close()
    await page.context().close()
  })

  test('a topology panel draws the edges of SQL, has a list, and opens in Flows', async () => {
    const page = await stage.page('/dashboards')
    await page.getByText('wrong.json').first().waitFor()
    await page.getByText('"panels[1].widht" is unknown here; did you mean "width"?').waitFor()
    await page.getByRole('button', { name: 'Graph' }).click()
    const panel = page.getByRole('region', { name: 'Who talks' })
    await panel.getByRole('application').waitFor()
    const [{ n } = {}] = await stage.weir.sql(
      'SELECT count(DISTINCT (src_addr, dst_addr)) AS n FROM flows WHERE src_addr IS NOT NULL',
    )
    await panel.getByText(`${Number(n).toLocaleString('en-US')} edges drawn`).waitFor()
    expect(await violations(page)).toEqual([])
    await panel.getByRole('application').press('Home')
    await panel.getByRole('button', { name: 'List' }).press('Enter')
    await panel.getByRole('grid', { name: 'Edges' }).waitFor()
    expect(await violations(page)).toEqual([])
    await panel.getByRole('button', { name: 'Open in Flows' }).click()
    await page.waitForURL(/\/flows\?.*view=topology/)
    await page.context().close()
  })

  test('SQL panels get the values of variables as parameters; a wrong statement fails alone', async () => {
    const page = await stage.page('/dashboards')
    await page.getByRole('button', { name: 'Statements' }).click()
    const count = async (where: string) =>
      String((await stage.weir.sql(`SELECT count(*) AS n FROM flows WHERE ${where}`))[0]?.['n'])
    const region = (name: string) => page.getByRole('region', { name, exact: true })
    await region('In list')
      .getByRole('cell', { name: await count('dst_port IN (443, 53)'), exact: true })
      .waitFor()
    await region('Wrong').getByRole('alert').getByText('syntax error', { exact: false }).waitFor()
    await region('All').getByText('flows').first().waitFor()
    expect(await violations(page)).toEqual([])
    const attack = "'; DROP TABLE flows; -- \\"
    const address = page.getByRole('textbox', { name: 'address' })
    await address.fill(attack)
    await address.press('Enter')
    await region('Echo').getByRole('cell', { name: attack }).waitFor()
    const ports = page.getByRole('textbox', { name: 'ports' })
    await ports.fill('"443')
    await ports.press('Enter')
    await region('In list').getByRole('alert').getByText('A quote has no end').waitFor()
    await ports.fill('53')
    await ports.press('Enter')
    await region('In list')
      .getByRole('cell', { name: await count('dst_port = 53'), exact: true })
      .waitFor()
    await page.context().close()
  })

  test('a page that is too long to reload states it, and opens from the list', async () => {
    const page = await stage.page('/dashboards')
    const sql = `SELECT 1 AS one -- ${'x'.repeat(20_000)}`
    const large = { title: 'Large', panels: [{ kind: 'stat' }, { kind: 'sql', title: 'Long', sql }] }
    const buffer = Buffer.from(JSON.stringify(large))
    await page.locator('input[type=file]').setInputFiles({ name: 'large.json', mimeType: 'application/json', buffer })
    await page.getByText('Above 16 KB it cannot be reloaded').waitFor()
    await page.getByRole('region', { name: 'Long' }).getByRole('cell', { name: '1' }).waitFor()
    expect(await violations(page)).toEqual([])
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByRole('textbox', { name: /name/i }).fill('Large board')
    await page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByRole('dialog').getByText('Large board').waitFor()
    await page.context().close()
    const again = await stage.page('/dashboards')
    await again.getByRole('button', { name: 'Large board' }).click()
    await again.getByRole('region', { name: 'Long' }).getByRole('cell', { name: '1' }).waitFor()
    await again.context().close()
  })

  test('of two browsers that save the same dashboard, the second is refused and loses nothing', async () => {
    const search = (title: string) =>
      new URLSearchParams({ v: '1', d: JSON.stringify({ title, panels: [{ kind: 'stat', by: 'flows' }] }) }).toString()
    const put = await fetch(`${stage.weir.url}/api/v1/saved/board-of-two`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'Shared board', page: '/dashboards', search: `?${search('Both')}`, shared: true }),
    })
    expect(put.ok).toBe(true)
    const open = async () => {
      const page = await stage.page('/dashboards')
      await page.getByRole('button', { name: 'Shared board' }).click()
      await page.getByRole('heading', { name: 'Both', level: 1 }).waitFor()
      return page
    }
    const retitle = async (page: Page, title: string) => {
      await page.getByRole('button', { name: 'Edit' }).click()
      await page.getByRole('textbox', { name: 'Title' }).first().fill(title)
      await page.getByRole('button', { name: 'Done' }).click()
      await page.getByRole('heading', { name: title, level: 1 }).waitFor()
    }
    const save = async (page: Page) => {
      await page.getByRole('button', { name: 'Save', exact: true }).click()
      await page.getByRole('button', { name: 'Update Shared board' }).click()
    }
    const saved = async () =>
      decodeURIComponent(
        ((await (await fetch(`${stage.weir.url}/api/v1/saved/board-of-two`)).json()) as { search: string }).search,
      )
    const [one, two] = [await open(), await open()]
    await retitle(one, 'First')
    await retitle(two, 'Second')
    await save(one)
    await expect.poll(saved).toContain('First')
    // Another view that it saves makes this browser read the list, which has the newer version.
    await two.getByRole('button', { name: 'Save', exact: true }).click()
    await two.getByRole('textbox', { name: /name/i }).fill('Copy')
    await two.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).click()
    await two.getByRole('dialog').getByText('Copy').waitFor()
    await two.getByRole('button', { name: 'Update Shared board' }).click()
    await two.getByRole('alert').getByText('was changed or deleted after it was loaded. Nothing was saved.').waitFor()
    expect(await saved()).toContain('First')
    expect(two.url()).toContain('Second')
    await one.keyboard.press('Escape')
    await retitle(one, 'Third')
    await save(one)
    await expect.poll(saved).toContain('Third')
    await expect.poll(() => one.getByRole('alert').count()).toBe(0)
    await one.context().close()
    await two.context().close()
  })
})

describe.skipIf(chromiumPath === undefined)('chromium: dashboards of a viewer', () => {
  const token = 'correct-horse-battery-viewer'
  const stage = useStage({
    auth: {
      tokens: [
        { name: 'root', token: 'correct-horse-battery-admin' },
        { name: 'vera', token, role: 'viewer' },
      ],
    },
  })

  test('a panel with SQL states the missing right, and the others show their rows', async () => {
    const dashboard = {
      title: 'Mixed',
      panels: [
        { kind: 'sql', sql: 'SELECT 1 AS one' },
        { kind: 'stat', by: 'flows' },
      ],
    }
    const page = await stage.page(
      `/dashboards?${new URLSearchParams({ v: '1', d: JSON.stringify(dashboard) }).toString()}#token=${token}`,
    )
    await page
      .getByRole('region', { name: 'SQL' })
      .getByRole('alert')
      .getByText('role', { exact: false })
      .first()
      .waitFor()
    await page.getByRole('region', { name: 'Single value' }).getByText('flows').first().waitFor()
    expect(await violations(page)).toEqual([])
    await page.context().close()
  })
})
