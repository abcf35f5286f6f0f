import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { startWeir, type WeirProcess } from '../../kit/weir-process.ts'
import { nats } from '../../real/install/nats.ts'
import { startNats } from '../../real/kit/nats.ts'
import { need } from '../../real/kit/need.ts'
import { launch } from '../kit/chromium.ts'
import { figure } from '../kit/figures.ts'
import { bothNamespaces, ends, sendNamespaced } from '../kit/namespaced.ts'
import { RoundRobin } from '../kit/round-robin.ts'
import { chromiumPath, gridRows, Stage } from '../kit/stage.ts'
import { until } from '../kit/until.ts'

const tokens = {
  root: 'correct-horse-battery-admin',
  ann: 'correct-horse-battery-ann',
  'shop-team': 'correct-horse-battery-shop',
}
const config = {
  http: { auth: 'none' },
  auth: {
    tokens: [
      { name: 'root', token: tokens.root },
      { name: 'ann', token: tokens.ann, role: 'viewer' },
      { name: 'shop-team', token: tokens['shop-team'], role: 'viewer', namespaces: ['shop'] },
    ],
  },
}
const pollOptions = { timeout: 60_000 }
const shown = new Intl.NumberFormat('en-US')

async function asAdmin<T>(weir: WeirProcess, sql: string): Promise<T[]> {
  const answer = await fetch(`${weir.url}/api/v1/sql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${tokens.root}` },
    body: JSON.stringify({ sql, format: 'json' }),
  })
  return (await answer.json()) as T[]
}

/** Rows that the viewer of shop can see. */
const visibleRows = `'shop' IN (src_namespace, dst_namespace) AND coalesce(src_namespace, 'shop') = 'shop'
  AND coalesce(dst_namespace, 'shop') = 'shop'`

describe.skipIf(chromiumPath === undefined)('chromium: access by user', () => {
  const stage = new Stage()
  const each = 25
  const stored = '/flows?v=1&live=0&t=now-1h..now&cols=src,dst,src_namespace,dst_namespace,bytes'

  beforeAll(async () => {
    if (chromiumPath === undefined) return
    await stage.open(config)
    await sendNamespaced(stage.weir.ports.netflow, bothNamespaces, each)
    const count = async (): Promise<number> =>
      Number((await asAdmin<{ n: number }>(stage.weir, 'SELECT count(*)::INT AS n FROM flows'))[0]?.n)
    await until(async () => (await count()) >= each * bothNamespaces.length)
  })
  afterAll(() => stage.close())

  const as = (who: keyof typeof tokens, path: string, options = {}): Promise<Page> =>
    stage.page(`${path}#token=${tokens[who]}`, options)
  const foreign = async (page: Page): Promise<string[]> => [
    ...new Set(
      (
        await page.evaluate<string>(
          'document.body.innerText + [...document.querySelectorAll("input, [title], [aria-label], ' +
            '[aria-valuetext], option")].map((e) => [e.value, e.title, e.getAttribute("aria-label"), ' +
            'e.getAttribute("aria-valuetext"), e.textContent].join(" ")).join(" ")',
        )
      ).match(/bank|ledger-7|10\.9\.1\.\d/g) ?? [],
    ),
  ]

  test('check 44: a user limited to a namespace sees only its flows in every view and completion', async () => {
    const [sum] = await asAdmin<{ n: number; bytes: number }>(
      stage.weir,
      `SELECT count(*)::INT AS n, sum(bytes_est)::BIGINT AS bytes FROM flows WHERE ${visibleRows}`,
    )
    expect(sum?.n).toBe(2 * each)
    const page = await as('shop-team', stored)
    await page.locator('.grid-body [role="row"]').first().waitFor()
    await expect
      .poll(() => page.getByRole('grid').getAttribute('aria-rowcount'), pollOptions)
      .toBe(String((sum?.n ?? 0) + 1))
    await page.getByText(`of ${shown.format(sum?.n ?? 0)} flows`).waitFor()
    expect(await foreign(page)).toEqual([])
    // An admin sees more, so the test can fail.
    const root = await as('root', stored)
    await expect
      .poll(
        () =>
          root
            .getByRole('grid')
            .getAttribute('aria-rowcount')
            .catch(() => ''),
        pollOptions,
      )
      .toBe(String(each * bothNamespaces.length + 1))
    expect(await foreign(root)).not.toEqual([])
    await root.context().close()
    const filter = page.getByRole('combobox', { name: 'Filter' })
    await filter.pressSequentially('src_namespace = ')
    await expect
      .poll(() => page.getByRole('listbox').getByRole('option').allTextContents(), pollOptions)
      .toEqual([expect.stringContaining('shop')])
    await filter.fill('src_name = ')
    await expect
      .poll(() => page.getByRole('listbox').getByRole('option').allTextContents(), pollOptions)
      .toEqual([expect.stringContaining('cart-1')])
    for (const more of [
      '&view=overview',
      '&view=topology',
      '&view=topology&list=1',
      '&group=src_namespace,dst_namespace',
      '&q=src_namespace+%3D+bank',
      '&q=not+src_namespace+%3D+shop',
    ]) {
      await page.goto(stage.weir.url + stored + more)
      await page
        .locator('main :is([role="grid"], .graph-place[data-nodes], .chart, [data-state="empty"])')
        .first()
        .waitFor()
      await page.waitForLoadState('networkidle').catch(() => {})
      expect(
        (await foreign(page)).filter(() => !more.includes('bank')),
        more,
      ).toEqual([])
      if (more.includes('topology&list') || more.includes('group'))
        expect((await gridRows(page)).flat().join(' '), more).not.toMatch(/bank/)
      if (more.includes('bank')) await page.getByText('No flow matches').waitFor()
    }
    await page.goto(stage.weir.url + stored)
    await page.locator('.grid-body [role="row"]').first().click()
    const flow = page.getByRole('complementary', { name: 'Flow' })
    await flow.getByRole('term').filter({ hasText: 'Exporter' }).first().waitFor()
    await page.reload()
    await flow.getByRole('term').filter({ hasText: 'Exporter' }).first().waitFor()
    expect(await foreign(page)).toEqual([])
    await page.goto(`${stage.weir.url + stored}&view=topology`)
    await expect
      .poll(
        () =>
          page
            .locator('.graph-place')
            .getAttribute('data-nodes')
            .catch(() => ''),
        pollOptions,
      )
      .toBe('3')
    await page.context().close()
  })

  test('check 44: and nothing else in exports', async () => {
    const page = await as('shop-team', stored, { acceptDownloads: true })
    await page.locator('.grid-body [role="row"]').first().waitFor()
    await page.getByRole('button', { name: /^Export/ }).click()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.locator('.popover-panel').getByText(/CSV/).first().click(),
    ])
    let text = ''
    for await (const chunk of await download.createReadStream()) text += String(chunk)
    const lines = text.trim().split('\r\n').length > 1 ? text.trim().split('\r\n') : text.trim().split('\n')
    expect(lines.filter((line) => /cart-1|shop-db-0/.test(line))).toHaveLength(2 * each)
    expect(text).not.toMatch(/bank|ledger-7/)
    await page.context().close()
  })

  test('check 44: and nothing else as it arrives', async () => {
    const page = await as('shop-team', '/flows?v=1&cols=src,dst,src_namespace,dst_namespace,bytes')
    await page.locator('.link.good').waitFor()
    await page.locator('.grid-body [role="row"]').first().waitFor()
    const before = Number(await page.getByRole('grid').getAttribute('aria-rowcount'))
    await sendNamespaced(
      stage.weir.ports.netflow,
      [
        [ends.ledger, ends.bankDb],
        [ends.cart, ends.shopDb],
        [ends.bankDb, ends.cart],
      ],
      10,
    )
    await expect
      .poll(async () => Number(await page.getByRole('grid').getAttribute('aria-rowcount')), pollOptions)
      .toBe(before + 10)
    expect(await foreign(page)).toEqual([])
    expect((await gridRows(page)).every((row) => row.join(' ').includes('shop'))).toBe(true)
    await page.goto(`${stage.weir.url}/events`)
    await page.getByRole('heading', { name: 'Your account cannot view this page' }).waitFor()
    await page.context().close()
  })

  test('check 47: a saved view is private or shared, in the palette, and changed by its owner only', async () => {
    const [root, ann] = [
      await as('root', '/flows?v=1&live=0&q=dst_port+%3D+5432&cols=src,dst'),
      await as('ann', '/flows'),
    ]
    const open = async (page: Page): Promise<ReturnType<Page['getByRole']>> => {
      await page.reload()
      await page.getByRole('button', { name: 'Saved views' }).click()
      return page.getByRole('dialog', { name: 'Saved views' })
    }
    await root.getByRole('button', { name: 'Saved views' }).click()
    for (const [name, shared] of [
      ['Database', true],
      ['Secret', false],
    ] as const) {
      await root.getByLabel('Name of this view').fill(name)
      await root.getByLabel('Shared').setChecked(shared)
      await root.keyboard.press('Enter')
      await root.getByRole('button', { name, exact: true }).waitFor()
    }
    const list = await open(ann)
    await list.getByRole('button', { name: 'Database', exact: true }).waitFor()
    expect(await list.getByRole('listitem').allTextContents()).toEqual(['Databaseby root'])
    expect(await list.getByRole('button', { name: /Rename|Delete|nshare|Share/ }).count()).toBe(0)
    const { views } = await ann.evaluate<{ views: { id: string }[] }>(
      'fetch("/api/v1/saved").then((answer) => answer.json())',
    )
    expect(
      await ann.evaluate<number>(
        `fetch("/api/v1/saved/${views[0]?.id}", { method: "DELETE" }).then((answer) => answer.status)`,
      ),
    ).toBeGreaterThanOrEqual(400)
    await ann.keyboard.press('Escape')
    await ann.keyboard.press('Control+k')
    await ann.keyboard.type('datab')
    await ann.getByRole('option', { name: 'View: Database' }).waitFor()
    await ann.keyboard.press('Enter')
    await ann.getByRole('button', { name: 'Condition: service port 5432' }).waitFor()
    const { searchParams } = new URL(ann.url())
    expect([searchParams.get('q'), searchParams.get('cols')]).toEqual(['dst_port = 5432', 'src,dst'])
    const own = root.getByRole('dialog', { name: 'Saved views' })
    await own.getByRole('button', { name: 'Rename Database' }).click()
    await root.getByLabel('New name for Database').fill('Databases')
    await root.keyboard.press('Enter')
    await own.getByRole('button', { name: 'Databases', exact: true }).waitFor()
    await (await open(ann)).getByRole('button', { name: 'Databases', exact: true }).waitFor()
    await own.getByRole('button', { name: 'Unshare Databases' }).click()
    await own.getByRole('button', { name: 'Share Databases' }).waitFor()
    await (await open(ann)).getByText('No saved views yet').waitFor()
    await root.keyboard.press('Escape')
    const pod = '/resource/k8s:east/core/Pod/shop/a%2Fb%25c'
    await root.goto(`${stage.weir.url}${pod}?v=1&marks=0`)
    await (await open(root)).getByLabel('Name of this view').fill('One pod')
    await root.keyboard.press('Enter')
    await own.getByRole('button', { name: 'One pod', exact: true }).waitFor()
    await root.goto(`${stage.weir.url}/home`)
    await (await open(root)).getByRole('button', { name: 'One pod', exact: true }).click()
    await expect.poll(() => root.url()).toBe(`${stage.weir.url}${pod}?v=1&marks=0`)
    await open(root)
    for (const name of ['Databases', 'Secret', 'One pod'])
      await own.getByRole('button', { name: `Delete ${name}` }).click()
    await own.getByText('No saved views yet').waitFor()
    await root.context().close()
    await ann.context().close()
  })
})

describe.skipIf(chromiumPath === undefined)('chromium: two servers behind one address that take turns', () => {
  const stage = new Stage()
  let folder = ''
  let second: WeirProcess | undefined
  let proxy: RoundRobin | undefined

  beforeAll(async () => {
    if (chromiumPath === undefined) return
    await stage.open(config)
    folder = await mkdtemp(join(tmpdir(), 'weir-second-'))
    second = await startWeir({ folder, config })
    proxy = await RoundRobin.open([stage.weir.url, second.url])
  })
  afterAll(async () => {
    await proxy?.close()
    await second?.stop()
    await stage.close()
    await rm(folder, { recursive: true, force: true })
  })

  const shop = [[ends.cart, ends.shopDb]] as const
  const rowsOf = async (page: Page): Promise<number> =>
    Number(
      await page
        .getByRole('grid')
        .getAttribute('aria-rowcount')
        .catch(() => 0),
    ) - 1

  test('check 18: after one sign-in all pages work and rows stay live, also after a server stops', async () => {
    if (proxy === undefined || second === undefined) throw new Error('no second server')
    const context = await stage.browser.newContext({ viewport: { width: 1440, height: 900 } })
    const page = await context.newPage()
    await page.goto(`${proxy.url}/home`)
    await page.getByLabel('Token').fill(tokens.root)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Home', level: 1 }).waitFor()
    for (const name of ['Pipeline', 'Dead letters', 'Settings', 'Events', 'Flows']) {
      await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name, exact: true }).click()
      await page.getByRole('heading', { name, level: 1 }).waitFor()
      expect(await page.getByLabel('Token').count(), name).toBe(0)
    }
    await page.locator('.link.good').waitFor()
    const send = async (): Promise<void> => {
      await Promise.all([stage.weir, second].map((weir) => sendNamespaced(weir?.ports.netflow ?? 0, shop, 5)))
    }
    // Each server has the rows that were sent to it; one of them is shown.
    for (const turn of [1, 2]) {
      await send()
      await expect.poll(() => rowsOf(page), pollOptions).toBeGreaterThanOrEqual(5 * turn)
    }
    const filter = page.getByRole('combobox', { name: 'Filter' })
    for (const written of ['dst_port = 5432', 'bytes >= 1000', 'src_namespace = shop']) {
      await filter.fill(written)
      await filter.press('Escape')
      await filter.press('Enter')
      await expect.poll(() => new URL(page.url()).searchParams.get('q')).toBe(written)
      await page.locator('.link.good').waitFor()
      await page.locator('.grid-body [role="row"]').first().waitFor()
      const before = await rowsOf(page)
      await send()
      await expect.poll(() => rowsOf(page), pollOptions).toBeGreaterThanOrEqual(before + 5)
    }
    const puts = proxy.requests.flat().filter((one) => one.startsWith('PUT /api/v1/live/')).length
    const streams = proxy.requests.flat().filter((one) => one === 'POST /api/v1/live').length
    figure('two servers: view updates, streams opened', `${puts}, ${streams}`)
    expect(proxy.requests.every((requests) => requests.length > 10)).toBe(true)
    // The stream resumes at the other server and reports the switch.
    await second.stop()
    await expect
      .poll(
        async () => {
          // An address without earlier rows, which the networks name customer.
          await sendNamespaced(stage.weir.ports.netflow, [[ends.cart, ends.world]], 1)
          return (await gridRows(page)).some((row) => /customer/.test(row.join(' ')))
        },
        { timeout: 90_000 },
      )
      .toBe(true)
    await page.locator('.link.good').waitFor()
    await context.close()
  })
})

describe.skipIf(chromiumPath === undefined)(
  'chromium: two APIs that copy one journal, behind one address that takes turns',
  () => {
    test('check 18: a client that moves between servers sees each row once, including the gap', async (context) => {
      await need(context, nats)
      const folder = await mkdtemp(join(tmpdir(), 'weir-apis-'))
      onTestFinished(() => rm(folder, { recursive: true, force: true }))
      await using server = await startNats({ jetstream: true, dir: folder })
      const start = (role: string, number: number): Promise<WeirProcess> =>
        startWeir({
          folder: join(folder, `${role}-${number}`),
          config: {
            ...config,
            roles: [role],
            instance: `${role}-${number}`,
            journal: { on: { type: 'nats', url: server.url, partitions: 8 } },
          },
        })
      await using one = await start('api', 1)
      await using two = await start('api', 2)
      // With several partitions each API has its own order.
      const collectors = await Promise.all([1, 2, 3].map((number) => start('collector', number)))
      onTestFinished(() => Promise.all(collectors.map((weir) => weir.kill())).then(() => undefined))
      const proxy = await RoundRobin.open([one.url, two.url])
      onTestFinished(() => proxy.close())
      const browser = await launch(chromiumPath ?? '')
      onTestFinished(() => browser.close())
      const page = await (await browser.newContext({ viewport: { width: 1440, height: 2000 } })).newPage()
      await page.goto(`${proxy.url}/flows?v=1&cols=_pos,src,dst#token=${tokens.root}`)
      await page.locator('.link.good').waitFor()
      let sent = 0
      const send = async (): Promise<void> => {
        await Promise.all(collectors.map((weir) => sendNamespaced(weir.ports.netflow, [[ends.cart, ends.shopDb]], 1)))
        sent += collectors.length
      }
      const shownOnce = async (): Promise<void> => {
        const ids = async (): Promise<string[]> => (await gridRows(page)).map(([id]) => id ?? '')
        await expect.poll(async () => (await ids()).length, pollOptions).toBeGreaterThanOrEqual(sent)
        const found = await ids()
        expect(found).toHaveLength(sent)
        expect(new Set(found).size).toBe(sent)
      }
      await send()
      await shownOnce()
      const streams = (): number[] =>
        proxy.requests.map((requests) => requests.filter((request) => request === 'POST /api/v1/live').length)
      for (let moves = 0; moves < 10 && !streams().every((count) => count >= 2); moves++) {
        const before = streams().reduce((sum, count) => sum + count)
        proxy.cut()
        await send()
        await expect.poll(() => streams().reduce((sum, count) => sum + count), pollOptions).toBeGreaterThan(before)
        await send()
        await shownOnce()
      }
      expect(streams().every((count) => count >= 2)).toBe(true)
      expect(await page.locator('.warning').allTextContents()).toEqual([])
      figure('two APIs of one journal: streams opened', streams().join(' and '))
    }, 240_000)
  },
)
