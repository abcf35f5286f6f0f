import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FlowSender } from '../kit/flow-sender.ts'
import { chromiumPath, useStage, violations } from './kit/stage.ts'
import { until } from './kit/until.ts'

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
    await until(async () => (await count()) >= sender.sent)
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
    await page.getByRole('button', { name: 'Save as …' }).click()
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
    await page.getByRole('button', { name: 'Save as …' }).click()
    await page.getByRole('textbox', { name: /name/i }).fill('Large board')
    await page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByRole('dialog').getByText('Large board').waitFor()
    await page.context().close()
    const again = await stage.page('/dashboards')
    await again.getByRole('button', { name: 'Large board' }).click()
    await again.getByRole('region', { name: 'Long' }).getByRole('cell', { name: '1' }).waitFor()
    await again.context().close()
  })

  test('three panels of different kinds are a saved dashboard after six actions, and survive a reload', async () => {
    const page = await stage.page('/home')
    const navigation = page.getByRole('navigation').first()
    await navigation.getByRole('link', { name: 'Dashboards' }).click()
    await page.getByRole('button', { name: 'New dashboard' }).first().click()
    const kinds = page.getByRole('group', { name: 'Add a panel' })
    for (const kind of ['Top list', 'Changes', 'Metrics']) await kinds.getByRole('button', { name: kind }).click()
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByText('Saved as “Dashboard 1”.').waitFor()
    await page.reload()
    const titles = page.locator('.dashboard-grid h2')
    await expect.poll(() => titles.allTextContents()).toEqual(['Top list', 'Changes', 'Metrics'])
    const top = page.getByRole('region', { name: 'Top list', exact: true })
    await top.locator('.top-list li').first().waitFor()
    expect(await violations(page)).toEqual([])

    // The second save replaces the view.
    await page.getByRole('button', { name: 'Edit' }).click()
    await page.getByRole('textbox', { name: 'Title' }).first().fill('Board')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByText('Saved as “Dashboard 1”.').waitFor()
    await page.getByRole('button', { name: 'All dashboards' }).click()
    expect(await page.getByRole('button', { name: /^Dashboard \d/ }).count()).toBe(1)
    await page.context().close()
  })

  test('panels of pages are added to new and existing dashboards with query, grouping and range', async () => {
    const page = await stage.page('/flows?v=1&live=0&view=table&t=now-2h..now&q=dst_port+%3D+443&group=dst_port')
    await page.getByRole('button', { name: 'Add to dashboard' }).first().click()
    const dialog = page.getByRole('dialog', { name: 'Add to dashboard' })
    await dialog.getByRole('textbox', { name: 'Title of the panel' }).fill('HTTPS')
    await dialog.getByRole('textbox', { name: 'New dashboard' }).fill('Collected')
    expect(await violations(page)).toEqual([])
    await dialog.getByRole('button', { name: 'Create and add' }).click()
    await dialog.getByText('Added to “Collected”.').waitFor()
    await page.keyboard.press('Escape')

    await page.goto(`${stage.weir.url}/metrics?v=1&m=weir_flow_bytes_total&t=now-1d..now`)
    await page.getByRole('button', { name: 'Add to dashboard' }).click()
    await dialog.getByRole('button', { name: 'Collected' }).click()
    await dialog.getByRole('button', { name: 'Open dashboard' }).click()
    const https = page.getByRole('region', { name: 'HTTPS', exact: true })
    await https.getByText('443').first().waitFor()
    expect(await https.locator('.top-list li').count()).toBe(1)
    const metric = page.getByRole('region', { name: 'weir_flow_bytes_total', exact: true })
    await metric.getByText('Last 1 d', { exact: false }).first().waitFor()
    expect(await violations(page)).toEqual([])
    await page.context().close()
  })

  test('pages without an own kind before have it: inventory, alerts, views of Audit, Home', async () => {
    const page = await stage.page('/alerts')
    const dialog = page.getByRole('dialog', { name: 'Add to dashboard' })
    const openDialog = async (path: string, button: string | RegExp) => {
      await page.goto(`${stage.weir.url}${path}`)
      await page.getByRole('button', { name: button }).first().click()
    }
    const add = async (path: string, button: string | RegExp) => {
      await openDialog(path, button)
      await dialog.getByRole('button', { name: 'Everything' }).click()
      await dialog.getByText('Added to “Everything”.').waitFor()
    }
    await openDialog('/alerts', 'Add to dashboard')
    await dialog.getByRole('textbox', { name: 'New dashboard' }).fill('Everything')
    await dialog.getByRole('button', { name: 'Create and add' }).click()
    await dialog.getByText('Added to “Everything”.').waitFor()
    await add('/inventory?v=1&list=findings', 'Add to dashboard')
    await add('/audit?v=1&live=0&view=logins', 'Add to dashboard')
    await add('/audit?v=1&live=0&view=first-seen', 'Add to dashboard')
    await add('/audit?v=1&live=0&view=graph', 'Add to dashboard')
    await add('/home', /^Add to dashboard: Top talkers/)
    await dialog.getByRole('button', { name: 'Open dashboard' }).click()
    for (const name of ['Alerts', 'Findings', 'Failed logins', 'First occurrences', 'Top talkers'])
      await page.getByRole('region', { name, exact: true }).waitFor()
    const logins = page.getByRole('region', { name: 'Failed logins', exact: true }).first()
    await logins.getByText('No failed login', { exact: false }).waitFor()
    expect(await violations(page)).toEqual([])
    await page.getByRole('button', { name: 'Edit', exact: true }).click()
    await page.getByRole('combobox', { name: 'View' }).first().waitFor()
    expect(await violations(page)).toEqual([])
    await page.context().close()
  })

  test('buckets of a histogram are a heat map with a table of the same values', async () => {
    const dashboard = {
      title: 'Heat',
      panels: [
        {
          kind: 'metric',
          title: 'Durations',
          view: 'heatmap',
          queries: [
            {
              expr: ['0.1', '1', '+Inf']
                .map((le, at) => `label_replace(vector(${3 + 4 * at}), "le", "${le}", "", "")`)
                .join(' or '),
            },
          ],
        },
      ],
    }
    const page = await stage.page(`/dashboards?v=1&t=now-15m..now&d=${encodeURIComponent(JSON.stringify(dashboard))}`)
    const map = page.getByRole('img', { name: /^Durations: heat map of \d+ times and 3 rows$/ })
    await map.waitFor()
    const box = (await map.boundingBox())!
    await page.mouse.move(box.x + box.width / 2, box.y + 4)
    await page.getByText(/≤ ∞: 4$/).waitFor()
    await page.mouse.move(box.x + box.width / 2, box.y + box.height - 4)
    await page.getByText(/≤ 0\.1: 3$/).waitFor()
    expect(await violations(page)).toEqual([])
    await page.getByRole('figure', { name: 'Durations' }).getByRole('button', { name: 'Table' }).click()
    await page.getByRole('columnheader', { name: '≤ 0.1' }).waitFor()
    expect(await page.getByRole('row').nth(1).getByRole('cell').allTextContents()).toEqual(['3', '4', '4'])
    await page.context().close()
  })

  test('a dashboard of Grafana is imported with a report, and its text is no HTML', async () => {
    const page = await stage.page('/dashboards')
    const prometheus = { type: 'prometheus', uid: 'x' }
    const targets = [{ expr: 'sum(rate(weir_flow_bytes_total[$__rate_interval]))', legendFormat: 'bytes' }]
    const content =
      '# Read me <img src=x onerror="document.title=1">\n\n[x](javascript:alert(1)) [docs](https://example.com)'
    const grafana = {
      title: 'From Grafana',
      schemaVersion: 39,
      time: { from: 'now-30m', to: 'now' },
      templating: {
        list: [{ type: 'custom', name: 'env', query: 'a,b', multi: true, current: { value: ['a', 'b'] } }],
      },
      panels: [
        { type: 'text', title: 'Note', options: { mode: 'markdown', content }, gridPos: { x: 0, y: 0, w: 24 } },
        { type: 'timeseries', title: 'Rate', datasource: prometheus, targets, gridPos: { x: 0, y: 1, w: 12 } },
        {
          type: 'stat',
          title: 'Of $env',
          repeat: 'env',
          datasource: prometheus,
          targets,
          gridPos: { x: 0, y: 2, w: 6 },
        },
        { type: 'geomap', title: 'Map', gridPos: { x: 0, y: 3, w: 6 } },
      ],
    }
    const buffer = Buffer.from(JSON.stringify(grafana))
    await page.locator('input[type=file]').setInputFiles({ name: 'g.json', mimeType: 'application/json', buffer })
    await page.getByText('3 of 4 panels imported').waitFor()
    await page.getByText('panels of type geomap').waitFor()
    expect(await violations(page)).toEqual([])
    await page.getByRole('button', { name: 'Open dashboard' }).click()
    const note = page.getByRole('region', { name: 'Note', exact: true })
    await note.getByText('<img src=x', { exact: false }).waitFor()
    expect(await note.locator('img').count()).toBe(0)
    expect(await note.getByRole('link').allTextContents()).toEqual(['docs'])
    await page.getByRole('region', { name: 'Of a', exact: true }).waitFor()
    await page.getByRole('region', { name: 'Of b', exact: true }).waitFor()
    await page.getByRole('region', { name: 'Rate', exact: true }).locator('.chart').waitFor()
    await page.getByRole('button', { name: 'Last 30 min' }).waitFor()
    expect(await violations(page)).toEqual([])
    await page.context().close()
  })

  test('a slow panel delays no other, and another range never has the rows of the one before', async () => {
    const page = await stage.page('/dashboards')
    await page.route(/\/api\/v1\/series/, () => new Promise(() => {}))
    await page.getByRole('button', { name: 'From a file' }).click()
    const top = page.getByRole('region', { name: 'Top ports' })
    await top.getByText('443').waitFor()
    expect(await page.getByRole('region', { name: 'Traffic' }).locator('.chart').count()).toBe(0)
    await page.route(/\/api\/v1\/flows/, () => new Promise(() => {}))
    await page
      .getByRole('button', { name: /Last 1 h/ })
      .first()
      .click()
    await page.getByRole('button', { name: 'Last 6 h' }).click()
    await expect.poll(() => top.getByText('443').count()).toBe(0)
    await page.context().close()
  })

  test('the editor completes names of metrics, labels and fields by keyboard', async () => {
    const names = `${stage.weir.url}/prometheus/api/v1/label/__name__/values`
    await expect.poll(async () => (await fetch(names)).text(), { timeout: 60_000 }).toContain('weir_flow_bytes_total')
    const page = await stage.page('/dashboards')
    await page.getByRole('button', { name: 'New dashboard' }).first().click()
    await page.getByRole('group', { name: 'Add a panel' }).getByRole('button', { name: 'Metrics' }).click()
    const query = page.getByRole('combobox', { name: 'Query 1' })
    await query.fill('sum(weir_flow_by')
    await page.getByRole('option', { name: 'weir_flow_bytes_total' }).waitFor()
    await query.press('ArrowDown')
    await query.press('Enter')
    expect(await query.inputValue()).toBe('sum(weir_flow_bytes_total')
    await query.press('End')
    await query.pressSequentially('{pro')
    await page.locator('.completed [role=option]:visible').getByText('protocol', { exact: true }).waitFor()
    expect(await violations(page)).toEqual([])
    await query.press('Escape')
    await page.getByRole('group', { name: 'Add a panel' }).getByRole('button', { name: 'Top list' }).click()
    const group = page.getByRole('combobox', { name: 'Group by' })
    await group.fill('dst_po')
    await page.locator('.completed').getByRole('option', { name: 'dst_port', exact: true }).click()
    await group.press('Enter')
    await page.getByRole('region', { name: 'Top list', exact: true }).getByText('443').waitFor()
    await page.context().close()
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
      await page.getByRole('button', { name: 'Save as …' }).click()
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
    await two.getByRole('button', { name: 'Save as …' }).click()
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
