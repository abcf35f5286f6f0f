import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { figure } from '../kit/figures.ts'
import { chromiumPath, gridRows, useStage } from '../kit/stage.ts'

const pollOptions = { timeout: 60_000 }

/** The accessible content of the page and the state of its controls. */
function seen(page: Page): Promise<string> {
  return page.evaluate<string>(`JSON.stringify({
    text: [...document.querySelectorAll('main .spoken')].reduce((text,
      announced) => text.replace(announced.innerText, ''),
        document.querySelector('main').innerText).trim().replace(/\\d+ of \\d+ ms|\\bin [\\d.]+ m?s\\b/g, ''),
    fields: [...document.querySelectorAll('main :is(input, select, textarea)')].map((e) =>
      [e.getAttribute('aria-label') ?? e.name, e.type === 'checkbox' ? e.checked : e.value]),
    chosen: [...document.querySelectorAll(
      'main :is([aria-selected="true"], [aria-pressed="true"], [aria-sort]:not([aria-sort="none"]))')].map((e) =>
      (e.getAttribute('aria-label') ?? e.textContent) + ' ' + (e.getAttribute('aria-sort') ?? '')),
    graph: (({ nodes, edges, at } = {}) => [nodes, edges, at])(document.querySelector('.graph-place')?.dataset),
  })`)
}

describe.skipIf(chromiumPath === undefined)('chromium: the shell', () => {
  const stage = useStage()

  async function settled(page: Page): Promise<string> {
    let before = ''
    await expect
      .poll(
        async () => {
          const now = await seen(page)
          const still = now === before && !/Loading|asking …|Running …/.test(now)
          before = now
          return still
        },
        { ...pollOptions, interval: 700 },
      )
      .toBe(true)
    return before
  }

  test('check 9: a link shows the same overview, topology, pipeline and SQL in a fresh profile', async () => {
    await stage.filled()
    const t = `${new Date(Date.now() - 3_600_000).toISOString()}..${new Date(Date.now() + 1000).toISOString()}`
    const link = async (path: string, act: (page: Page) => Promise<void>): Promise<void> => {
      const page = await stage.page(path)
      await settled(page)
      await act(page)
      const first = await settled(page)
      const { pathname, search } = new URL(page.url())
      const other = await stage.page(pathname + search)
      expect(await settled(other), pathname + search).toBe(first)
      expect(new URL(other.url()).search).toBe(search)
      await page.context().close()
      await other.context().close()
    }
    await link(`/flows?v=1&live=0&t=${t}&view=overview`, async (page) => {
      await page
        .getByLabel('Rates and shares by')
        .or(page.locator('main select').first())
        .first()
        .selectOption({ index: 3 })
      await page.getByRole('button', { name: /^Panels/ }).click()
      await page.locator('.panel-picker [type="checkbox"]:checked').first().click()
      await page.keyboard.press('Escape')
    })
    await link(`/flows?v=1&live=0&t=${t}&view=topology&q=bytes+%3E+100`, async (page) => {
      await page.locator('main select').first().selectOption({ index: 1 })
      await settled(page)
      await page.locator('.graph-place').focus()
      for (const key of ['Home', 'p', 'Shift+ArrowRight', 'Shift+ArrowRight', 'Shift+ArrowDown'])
        await page.keyboard.press(key)
      await expect.poll(() => new URL(page.url()).searchParams.get('pins') ?? '', pollOptions).not.toBe('')
    })
    await link(
      `/sql?v=1&schema=0&q=${encodeURIComponent(`SELECT dst_port, count(*) AS n FROM flows GROUP BY ALL
        ORDER BY dst_port`)}`,
      async (page) => {
        await page.getByRole('columnheader', { name: 'n', exact: true }).click()
      },
    )
  })

  test('check 41: screen readers announce the row count and the sort order', async () => {
    const rows = await stage.filled()
    const page = await stage.page('/flows?v=1&live=0&t=now-1h..now')
    await page.locator('.grid-body [role="row"]').first().waitFor()
    const cdp = await page.context().newCDPSession(page)
    interface Node {
      readonly role?: { readonly value: string }
      readonly name?: { readonly value: string }
      readonly nodeId: string
      readonly parentId?: string
      readonly ignored: boolean
      readonly properties?: readonly { readonly name: string; readonly value: { readonly value?: unknown } }[]
    }
    const tree = async (): Promise<readonly Node[]> =>
      ((await cdp.send('Accessibility.getFullAXTree')) as { nodes: Node[] }).nodes
    const announced = async (): Promise<string[]> => {
      const nodes = await tree()
      const parents = new Map(nodes.map((node) => [node.nodeId, node]))
      const isLive = (node: Node | undefined): boolean =>
        node !== undefined &&
        (node.properties?.some(({ name, value }) => name === 'live' && value.value !== 'off') === true ||
          isLive(parents.get(node.parentId ?? '')))
      return nodes
        .filter((node) => node.role?.value === 'StaticText' && isLive(node))
        .map(({ name }) => name?.value ?? '')
    }
    const shown = new Intl.NumberFormat('en-US').format(rows)
    await expect.poll(announced, pollOptions).toContain(`${shown} flows`)
    const grid = (await tree()).find(({ role }) => role?.value === 'grid')
    expect(grid?.name?.value).toBe('Stored flows')
    expect(await page.getByRole('grid').getAttribute('aria-rowcount')).toBe(String(rows + 1))
    expect((await tree()).filter(({ role, ignored }) => role?.value === 'columnheader' && !ignored).length).toBe(
      Number(await page.getByRole('grid').getAttribute('aria-colcount')),
    )
    await page.getByRole('columnheader', { name: /^Bytes/ }).click()
    await expect.poll(announced, pollOptions).toContain('Sorted by Bytes, descending.')
    await page.getByRole('columnheader', { name: /^Bytes/ }).click()
    await expect.poll(announced, pollOptions).toContain('Sorted by Bytes, ascending.')
    expect(await page.getByRole('columnheader', { name: /^Bytes/ }).getAttribute('aria-sort')).toBe('ascending')
    await page.context().close()
  })

  test('check 41: live rows are summarized at most every ten seconds and never announced one by one', async () => {
    const page = await stage.page('/flows')
    await page.locator('.link.good').waitFor()
    await page.evaluate(`(() => {
      globalThis.announced = []
      const live = '[aria-live], [role="status"], [role="alert"], [role="log"]'
      new MutationObserver((changes) => {
        const places = new Set(changes.map(({ target }) => (target instanceof Element ? target :
          target.parentElement)?.closest(live)).filter((place) => place))
        for (const place of places) announced.push({ at: performance.now(), text: place.textContent, inGrid:
          place.closest('[role="grid"]') !== null })
      }).observe(document.body, { subtree: true, childList: true, characterData: true })
    })()`)
    const until = Date.now() + 34_000
    while (Date.now() < until) {
      await stage.flows(500)
      await page.waitForTimeout(250)
    }
    const announced = await page.evaluate<{ at: number; text: string; inGrid: boolean }[]>('announced')
    expect(announced.length).toBeGreaterThan(0)
    expect(announced.filter(({ inGrid }) => inGrid)).toEqual([])
    const between = announced.slice(1).map(({ at }, index) => at - (announced[index]?.at ?? 0))
    // Browser timers are late rather than early.
    expect(
      between.filter((ms) => ms < 9_500),
      JSON.stringify(announced),
    ).toEqual([])
    expect(announced.at(-1)?.text).toMatch(/flows/)
    figure('summaries in 34 s of a live table', announced.length, 'times')
    await page.context().close()
  })

  test('check 42: the focus is never hidden by a table heading or an overlay', async () => {
    await stage.filled()
    for (const viewport of [
      { width: 1440, height: 900 },
      { width: 320, height: 640 },
    ]) {
      const page = await stage.page('/flows?v=1&live=0&t=now-1h..now', { viewport })
      await page.locator('[data-at="0:0"]').focus()
      const covered = (): Promise<string> =>
        page.evaluate<string>(`(() => {
        const e = document.activeElement, r = e.getBoundingClientRect()
        if (e === document.body || r.width === 0) return ''
        const points = [[.5, .5], [.1, .2], [.1, .8], [.9, .2], [.9, .8]].map(([x, y]) => [r.left + r.width * x,
          r.top + r.height * y])
        const inSight = points.filter(([x, y]) => x >= 0 && y >= 0 && x < innerWidth && y < innerHeight)
        const free = inSight.filter(([x, y]) => { const top = document.elementFromPoint(x, y); return top !== null &&
          (e.contains(top) || top.contains(e)) })
        return free.length > 0 ? '' : (e.getAttribute('aria-label') ??
          e.textContent) + ' at ' + Math.round(r.left) + ',' + Math.round(r.top)
      })()`)
      const hidden: string[] = []
      for (const key of [
        'PageDown',
        'PageDown',
        ...Array<string>(45).fill('ArrowUp'),
        'End',
        'Home',
        'Control+End',
        ...Array<string>(12).fill('ArrowUp'),
        'Control+Home',
      ]) {
        await page.keyboard.press(key)
        hidden.push(await covered())
      }
      // A row that is not loaded yet has no drawer.
      await settled(page)
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('Enter')
      await page.locator('aside.drawer dl').first().waitFor()
      await settled(page)
      for (let tab = 0; tab < 60; tab++) {
        await page.keyboard.press(tab < 40 ? 'Tab' : 'Shift+Tab')
        hidden.push(await covered())
      }
      expect(
        hidden.filter((where) => where !== ''),
        `${viewport.width} px`,
      ).toEqual([])
      await page.context().close()
    }
  })

  test('check 45: the first view needs at most 200 KB of scripts, no other origin, and obeys the CSP', async () => {
    await stage.filled()
    const context = await stage.browser.newContext({ viewport: { width: 1440, height: 900 } })
    const elsewhere: string[] = []
    context.on('request', (request) => {
      if (!request.url().startsWith(stage.weir.url) && !/^(?:blob|data):/.test(request.url()))
        elsewhere.push(request.url())
    })
    await context.addInitScript(
      `addEventListener('securitypolicyviolation', (event) => {
        const all = JSON.parse(sessionStorage.getItem('broken') ?? '[]');
          all.push(event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sourceFile + ':' + event.lineNumber);
        sessionStorage.setItem('broken', JSON.stringify(all)) })`,
    )
    const page = await context.newPage()
    const cdp = await context.newCDPSession(page)
    await cdp.send('Network.enable')
    const scripts = new Map<string, number>()
    const kinds = new Map<string, string>()
    cdp.on('Network.responseReceived', ({ requestId, type, response }) => {
      if (type === 'Script' || response.mimeType.includes('javascript')) kinds.set(requestId, response.url)
    })
    cdp.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
      const url = kinds.get(requestId)
      if (url !== undefined) scripts.set(url, encodedDataLength)
    })
    await page.goto(`${stage.weir.url}/flows`)
    await page.locator('.grid-body [role="row"]').first().waitFor()
    const bytes = [...scripts.values()].reduce((sum, size) => sum + size, 0)
    figure('scripts of the first view', Math.round(bytes / 1024), 'KB')
    expect(scripts.size).toBeGreaterThan(0)
    expect(bytes).toBeLessThanOrEqual(200 * 1024)
    const policy = (await page.reload())?.headers()['content-security-policy'] ?? ''
    expect(policy).toMatch(/default-src 'none'|default-src 'self'/)
    expect(policy).not.toMatch(/unsafe-inline|unsafe-eval/)
    const paths = [
      '/home',
      '/flows?v=1&live=0',
      '/flows?v=1&live=0&view=overview',
      '/flows?v=1&live=0&view=topology',
      '/events',
      `/sql?v=1&view=chart&q=${encodeURIComponent(`SELECT time_bucket(INTERVAL 1 second, time_received) AS time,
        sum(bytes) AS bytes FROM flows GROUP BY ALL ORDER BY time`)}`,
      '/pipeline',
      '/pipeline?v=1&view=table',
      '/dead-letters',
      '/settings',
      '/nowhere',
    ]
    for (const path of paths) {
      await page.goto(stage.weir.url + path)
      await page
        .getByRole('contentinfo')
        .getByText(/^accepted/)
        .waitFor()
      await settled(page)
      await page.keyboard.press('Control+k')
      await page.getByRole('dialog', { name: 'Pages and commands' }).waitFor()
      await page.keyboard.press('Escape')
      for (const menu of await page.locator('main [aria-haspopup]:visible').all()) {
        await menu.click()
        await page.keyboard.press('Escape')
      }
    }
    expect(await page.evaluate('sessionStorage.getItem("broken")')).toBeNull()
    expect(elsewhere).toEqual([])
    // Proves that violations are reported.
    await page.evaluate(
      `(() => { const script = document.createElement('script'); script.textContent = 'globalThis.ran = 1';
          document.head.append(script);
          const image = new Image(); image.src = 'http://192.0.2.1/x.png' })()`,
    )
    await expect.poll(() => page.evaluate<string | null>('sessionStorage.getItem("broken")')).toContain('script-src')
    expect(await page.evaluate('globalThis.ran')).toBeUndefined()
    await context.close()
  })

  test('check 48: URLs of other versions report ignored parameters; NetObserv links are imported', async () => {
    await stage.filled()
    const old = await stage.page('/flows?live=0&q=dst_port+%3D+443&cols=src,dst')
    await expect
      .poll(() =>
        old
          .getByRole('combobox', { name: 'Filter' })
          .inputValue()
          .catch(() => ''),
      )
      .toBe('dst_port = 443')
    expect(await old.locator('.notice').count()).toBe(0)
    await old.goto(`${stage.weir.url}/flows?v=9&live=0&q=bytes+%3E+1&shape=round&sort=1%2B1`)
    await old.getByText('The URL has version 9').waitFor()
    await old.getByText('This page has no parameter “shape”.').waitFor()
    expect(await old.getByRole('combobox', { name: 'Filter' }).inputValue()).toBe('bytes > 1')
    await old.context().close()
    const page = await stage.page('/flows?v=1&live=0&t=now-1h..now')
    const filter = page.getByRole('combobox', { name: 'Filter' })
    await filter.fill(
      'https://console.example/netflow-traffic?timeRange=300&filters=dst_port%3D5432%2C443%3Bprotocol%3D6&match=all&bogus=1',
    )
    await filter.press('Escape')
    await filter.press('Enter')
    await expect.poll(() => filter.inputValue(), pollOptions).toMatch(/^\(?dst_port/)
    const address = (name: string): string | null => new URL(page.url()).searchParams.get(name)
    await expect.poll(() => address('q'), pollOptions).toBe(await filter.inputValue())
    expect(address('t')).toMatch(/^now-(?:300s|5m)\.\.now$/)
    await page.getByText('Not imported:').first().waitFor()
    expect(await page.locator('.notice').allTextContents()).toEqual([expect.stringContaining('bogus')])
    await expect.poll(async () => (await gridRows(page)).length, pollOptions).toBeGreaterThan(0)
    await page.context().close()
  })
})
