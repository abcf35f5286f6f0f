import { createSocket } from 'node:dgram'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DeadLetter } from '../../src/engine/control.ts'
import { Partner } from './kit/partner.ts'
import { chromiumPath, gridRows, Stage, violations } from './kit/stage.ts'

const shown = new Intl.NumberFormat('en-US')
const plain = (text: string | null): number => Number((text ?? '').replaceAll(/[^\d]/g, ''))

const pollOptions = { timeout: 30_000 }

describe.skipIf(chromiumPath === undefined)('chromium: home, pipeline, dead letters and SQL', () => {
  const stage = new Stage()
  const partner = new Partner()
  let next = 0
  const post = (type: string, count: number): Promise<unknown> =>
    stage.weir.events(
      Array.from({ length: count }, () => ({
        specversion: '1.0',
        id: `e${next++}`,
        source: '/shop',
        type,
        subject: 'order',
        data: { total: next },
      })),
    )
  const letters = (): Promise<DeadLetter[]> => stage.weir.get('/api/v1/dead-letters?limit=1000')

  beforeAll(async () => {
    if (chromiumPath === undefined) return
    await stage.open({ sinks: { partner: { type: 'http', url: await partner.open(), from: ['http'] } } })
  })
  afterAll(async () => {
    await stage.close()
    await partner.close()
  })

  test('a fresh start shows that no data arrived, which sources wait, and the commands to run', async () => {
    const page = await stage.page('/home')
    await page.getByRole('heading', { name: 'No data received yet' }).waitFor()
    expect(await page.getByRole('region', { name: 'Sources' }).textContent()).toContain('netflow○ no data yet')
    expect(await page.getByRole('region', { name: 'Sources' }).textContent()).toContain('sflow– not set up')
    expect(await page.locator('.commands pre').textContent()).toContain(
      `softflowd -i eth0 -v 10 -A milli -t maxlife=60 -n 127.0.0.1:${stage.weir.ports.netflow}`,
    )
    await page.getByRole('combobox', { name: 'Connect' }).selectOption('mikrotik')
    await page.getByRole('textbox', { name: 'Address of this server' }).fill('192.0.2.7')
    await page.keyboard.press('Enter')
    await expect
      .poll(() => page.locator('.commands pre').textContent(), pollOptions)
      .toContain('target add dst-address=192.0.2.7')
    expect(page.url()).toContain('how=mikrotik')
    expect(page.url()).toContain('collector=192.0.2.7')
    expect(await violations(page)).toEqual([])
    await page.goto(`${stage.weir.url}/dead-letters`)
    await page.getByText('No sink has rejected rows permanently.').waitFor()
    expect(await violations(page)).toEqual([])
    await page.goto(`${stage.weir.url}/pipeline`)
    await page.getByText('No exporter has sent data since Weir started').waitFor()
    expect(await violations(page)).toEqual([])
    await page.context().close()
  })

  test('the numbers of graph and tables match the ledger and add up', async () => {
    await stage.filled()
    await post('com.example.good', 10)
    await post('com.example.bad', 5)
    await expect.poll(async () => (await letters()).length, pollOptions).toBe(5)
    const ledger = await stage.weir.caughtUp(30_000)
    const page = await stage.page('/pipeline')
    const box = (name: string): Promise<string | null> =>
      page.locator('.picture .box', { has: page.locator('b', { hasText: new RegExp(`^${name}$`) }) }).textContent()
    for (const { name, accepted } of ledger.sources)
      await expect.poll(() => box(name), pollOptions).toContain(`accepted ${shown.format(accepted)}`)
    for (const { name, delivered, dead_lettered: dead } of ledger.sinks) {
      await expect.poll(() => box(name), pollOptions).toContain(`delivered ${shown.format(delivered)}`)
      if (dead > 0) expect(await box(name)).toContain(`dead letters ${shown.format(dead)}`)
    }
    await page.getByRole('button', { name: 'Tables' }).click()
    const row = page.getByRole('region', { name: 'Sinks' }).locator('tbody tr', { hasText: 'partner' })
    const cells = (await row.locator('td').allTextContents()).slice(1, 8).map(plain)
    expect(cells).toEqual([15, 10, 0, 0, 5, 0, 0])
    expect(cells.slice(1).reduce((sum, rows) => sum + rows, 0)).toBe(cells[0])
    expect(page.url()).toContain('view=table')
    expect(await violations(page)).toEqual([])
    await page.context().close()
  })

  test('an exporter matches the API and opens by keyboard with its address in the URL', async () => {
    await stage.filled()
    const page = await stage.page('/pipeline')
    const exporters = await stage.weir.get<{
      sources: { exporters: { address: string; datagrams: number; rows: number }[] }[]
    }>('/api/v1/exporters')
    const exporter = exporters.sources[0]?.exporters[0]
    await page.getByRole('grid', { name: 'Exporters' }).waitFor()
    const [cells] = await gridRows(page)
    expect([cells?.[0], cells?.[4], cells?.[5]]).toEqual([
      exporter?.address,
      shown.format(exporter?.datagrams ?? 0),
      shown.format(exporter?.rows ?? 0),
    ])
    await page.locator('[data-at="0:0"]').focus()
    await page.keyboard.press('Enter')
    await page.getByRole('complementary', { name: 'Details' }).getByText('Last datagram').waitFor()
    expect(page.url()).toContain('sel=exporter:netflow/127.0.0.1')
    await page.keyboard.press('Escape')
    await expect.poll(() => page.getByRole('complementary', { name: 'Details' }).count(), pollOptions).toBe(0)
    await page.context().close()
  })

  test('data without a template is explained in the list and in the drawer', async () => {
    const page = await stage.page('/pipeline')
    const socket = createSocket('udp4')
    try {
      // NetFlow v9 of source id 5 with data of the unknown template 256.
      await new Promise((resolve) => {
        socket.send(
          Buffer.from(`000900010009${'27c06553f1000000000700000005'}${'01000008'}${'00000000'}`, 'hex'),
          stage.weir.ports.netflow,
          '127.0.0.1',
          resolve,
        )
      })
      const why = page.getByRole('region', { name: 'Warnings' })
      await why.getByText('without template 256').waitFor()
      const { sources } = await stage.weir.get<{ sources: { exporters: { why?: string }[] }[] }>('/api/v1/exporters')
      expect(await why.textContent()).toContain(sources[0]?.exporters[0]?.why)
      await why.getByRole('button', { name: 'netflow 127.0.0.1' }).click()
      await page.getByRole('complementary', { name: 'Details' }).getByText('Data held for').waitFor()
      expect(await violations(page)).toEqual([])
    } finally {
      socket.close()
      await page.context().close()
    }
  })

  test('dead letters are read, edited, delivered, retried and dropped with their outcome', async () => {
    if ((await letters()).length === 0) await post('com.example.bad', 5)
    await expect.poll(async () => (await letters()).length, pollOptions).toBe(5)
    const page = await stage.page('/dead-letters')
    await page.locator('.grid-body [role="row"]').first().waitFor()
    expect((await gridRows(page)).length).toBe(5)
    await page.locator('[data-at="0:1"]').focus()
    await page.keyboard.press('Enter')
    const drawer = page.getByRole('complementary', { name: 'Dead letter', exact: true })
    await drawer.getByText('com.example.bad').waitFor()
    await drawer.getByRole('button', { name: 'Edit' }).click()
    const area = drawer.getByRole('textbox')
    const body = await area.inputValue()
    const { id } = JSON.parse(body) as { id: string }
    await area.fill('{')
    expect(await area.getAttribute('aria-invalid')).toBe('true')
    await area.fill(body.replace('com.example.bad', 'com.example.mended'))
    expect(await violations(page)).toEqual([])
    await drawer.getByRole('button', { name: 'Deliver' }).click()
    await page.getByText('1 retried: 1 delivered.').waitFor()
    expect(partner.taken).toContainEqual({ id, type: 'com.example.mended' })
    await expect.poll(async () => (await letters()).length, pollOptions).toBe(4)
    await drawer.getByText('delivered').waitFor()
    await page.keyboard.press('Escape')
    await expect.poll(async () => (await gridRows(page)).length, pollOptions).toBe(4)
    for (const row of [0, 1]) {
      await page.locator(`[data-at="${row}:1"]`).focus()
      await page.keyboard.press('Space')
    }
    await page.getByRole('button', { name: 'Retry 2', exact: true }).click()
    const confirm = page.getByRole('dialog', { name: 'Retry 2 dead letters?' })
    expect(await violations(page)).toEqual([])
    await confirm.getByRole('button', { name: 'Retry' }).click()
    await page.getByText('2 retried: 2 rejected again').waitFor()
    await page.getByRole('button', { name: 'Select all 4' }).click()
    await page.getByRole('button', { name: 'Drop 4', exact: true }).click()
    await page.getByRole('dialog', { name: 'Drop 4 dead letters?' }).getByRole('button', { name: 'Drop' }).click()
    await page.getByText('4 dropped and counted as dropped.').waitFor()
    await page.getByText('No dead letters', { exact: true }).waitFor()
    const ledger = await stage.weir.caughtUp(30_000)
    expect(ledger.balanced).toBe(true)
    expect(ledger.sinks.find(({ name }) => name === 'partner')).toMatchObject({
      dead_lettered: 0,
      dropped: { dead_letter: 4 },
    })
    await page.context().close()
  })

  test('a statement runs by Ctrl-Enter, matches the API, is in the URL, and is drawn over time', async () => {
    await stage.filled()
    const page = await stage.page('/sql')
    const area = page.getByRole('textbox', { name: 'SQL statement' })
    await area.fill('SELECT dst_port, count(*) AS n\nFROM flows GROUP BY ALL ORDER BY n DESC, dst_port')
    await area.press('Control+Enter')
    await page.locator('.grid-body [role="row"]').first().waitFor()
    const answer = await stage.weir.sql<{ dst_port: number; n: number }>(
      'SELECT dst_port, count(*) AS n FROM flows GROUP BY ALL ORDER BY n DESC, dst_port',
    )
    expect((await gridRows(page)).slice(0, 5).map((row) => row.map(plain))).toEqual(
      answer.slice(0, 5).map(({ dst_port: port, n }) => [port, Number(n)]),
    )
    expect(await page.getByRole('grid', { name: 'Result' }).getAttribute('aria-rowcount')).toBe(
      String(answer.length + 1),
    )
    const { pathname, search } = new URL(page.url())
    const second = await stage.page(pathname + search)
    await second.locator('.grid-body [role="row"]').first().waitFor()
    expect(await second.getByRole('textbox', { name: 'SQL statement' }).inputValue()).toBe(await area.inputValue())
    await second.context().close()
    await area.fill(
      `SELECT time_bucket(INTERVAL 1 second, time_received) AS time, sum(bytes) AS bytes FROM flows GROUP BY ALL
        ORDER BY time`,
    )
    await area.press('Control+Enter')
    await page.getByRole('columnheader', { name: 'bytes' }).waitFor()
    await page.getByRole('button', { name: 'Chart' }).click()
    await page.locator('.results-chart canvas').waitFor()
    expect(await violations(page)).toEqual([])
    await page.goBack()
    await page.goBack()
    await expect.poll(() => area.inputValue(), pollOptions).toContain('dst_port')
    await page.context().close()
  })

  test('an invalid statement keeps the previous result; a long one is cancelled on the server', async () => {
    await stage.filled()
    const page = await stage.page(`/sql?v=1&q=${encodeURIComponent('SELECT count(*) AS n FROM flows')}`)
    await page.locator('.grid-body [role="row"]').first().waitFor()
    const area = page.getByRole('textbox', { name: 'SQL statement' })
    await area.fill('SELECT count(*) AS n\nFROM flows WHERE bites > 1')
    await area.press('Control+Enter')
    await page.getByRole('button', { name: 'Line 2, column 18' }).click()
    expect(await page.evaluate<string>('getSelection().toString()')).toBe('bites')
    expect(await page.locator('.grid-body [role="row"]').count()).toBe(1)
    expect(await violations(page)).toEqual([])
    await area.fill('SELECT sum(a.range * b.range) FROM range(1000000) a, range(1000000) b')
    await area.press('Control+Enter')
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByText('Cancelled, also on the server.').waitFor()
    await area.fill('SELECT 42 AS answer')
    await area.press('Control+Enter')
    await expect.poll(async () => (await gridRows(page))[0], pollOptions).toEqual(['42'])
    await page.context().close()
  })

  test('all rows are saved as CSV and NDJSON', async () => {
    const page = await stage.page(`/sql?v=1&q=${encodeURIComponent('SELECT range AS n FROM range(5000)')}`)
    await page.locator('.grid-body [role="row"]').first().waitFor()
    await page.getByRole('button', { name: 'History' }).click()
    expect(await violations(page)).toEqual([])
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Export' }).click()
    expect(await violations(page)).toEqual([])
    await page.keyboard.press('Escape')
    for (const [name, lines] of [
      ['CSV, all rows', 5001],
      ['NDJSON, all rows', 5000],
    ] as const) {
      await page.getByRole('button', { name: 'Export' }).click()
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name }).click()])
      let text = ''
      for await (const chunk of await download.createReadStream()) text += String(chunk)
      expect(text.trim().split('\n')).toHaveLength(lines)
      await expect.poll(() => page.getByRole('button', { name }).count(), pollOptions).toBe(0)
    }
    await page.context().close()
  })

  test('dead letters are grouped by reason, and one action moves all of a group', async () => {
    const before = (await letters()).length
    await stage.weir.events(
      Array.from({ length: 260 }, (_, index) => ({
        specversion: '1.0',
        id: `group-${index}`,
        source: '/shop',
        type: index < 230 ? 'com.example.bad' : 'com.example.bad.size',
        subject: `order-${index}`,
        data: {},
      })),
    )
    await expect.poll(async () => (await letters()).length, { timeout: 90_000 }).toBe(before + 260)
    const page = await stage.page('/dead-letters')
    const groups = page.getByRole('region', { name: 'Reasons' }).getByRole('listitem')
    await expect.poll(() => groups.count(), pollOptions).toBe(2)
    const [most, least] = [groups.nth(0), groups.nth(1)]
    expect(await most.textContent()).toContain(`${before + 230}`)
    expect(await least.textContent()).toContain('bad size')
    expect(await violations(page)).toEqual([])
    // The list below has only the letters of a selected group.
    await least.getByRole('button', { name: /^30/ }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('main').getByText('30 dead letters').waitFor()
    expect(new URL(page.url()).searchParams.get('reason')).toContain('bad size')
    await page.getByRole('button', { name: 'Show all reasons' }).click()
    await most.getByRole('button', { name: /^Retry \d/ }).click()
    const retry = page.getByRole('dialog', { name: `Retry ${before + 230} dead letters?` })
    expect(await retry.textContent()).toContain('bad type')
    expect(await violations(page)).toEqual([])
    await retry.getByRole('button', { name: 'Retry' }).click()
    await page.getByText(`${before + 230} retried:`).waitFor()
    await expect
      .poll(async () => (await letters()).filter(({ attempts, state }) => attempts > 1 && state === 'open').length, {
        timeout: 90_000,
      })
      .toBe(before + 230)
    for (const count of [before + 230, 30]) {
      await groups.getByRole('button', { name: new RegExp(`^Drop ${count} `) }).click()
      await page
        .getByRole('dialog', { name: `Drop ${count} dead letters?` })
        .getByRole('button', { name: 'Drop' })
        .click()
      await page.getByText(`${count} dropped and counted as dropped.`).waitFor()
    }
    await page.getByText('No dead letters', { exact: true }).waitFor()
    expect((await stage.weir.caughtUp(30_000)).balanced).toBe(true)
    await page.context().close()
  })

  test('letters are paged completely, without duplicates, newest first', async () => {
    const before = (await letters()).length
    // Distinct keys, because letters of one key are ordered.
    await stage.weir.events(
      Array.from({ length: 450 }, (_, index) => ({
        specversion: '1.0',
        id: `many-${index}`,
        source: '/shop',
        type: 'com.example.bad',
        subject: `order-${index}`,
        data: {},
      })),
    )
    await expect.poll(async () => (await letters()).length, { timeout: 90_000 }).toBe(before + 450)
    const all = await letters()
    const paged: DeadLetter[] = []
    for (let last: DeadLetter | undefined; ; last = paged.at(-1)) {
      const page = await stage.weir.get<DeadLetter[]>(
        '/api/v1/dead-letters?limit=170' +
          (last === undefined ? '' : `&after=${encodeURIComponent(`${last.time}/${last.sink}/${last.id}`)}`),
      )
      paged.push(...page)
      if (page.length < 170) break
    }
    expect(paged.map(({ id }) => id)).toEqual(all.map(({ id }) => id))
    const page = await stage.page('/dead-letters')
    await page.locator('[data-at="0:1"]').focus()
    await expect
      .poll(async () => {
        await page.keyboard.press('Control+End')
        return page
          .getByRole('main')
          .getByText(`${before + 450} dead letters`)
          .count()
      }, pollOptions)
      .toBe(1)
    await expect
      .poll(async () => {
        // Another page can load after the key press.
        await page.keyboard.press('Control+End')
        return (await gridRows(page)).at(-1)?.at(-1)
      }, pollOptions)
      .toBe(all.at(-1)?.id)
    await page.context().close()
  })

  test('no page had an error, blocked content or a request to another origin', () => {
    expect(stage.complaints.filter((complaint) => !/status of 400/.test(complaint))).toEqual([])
  })
})
