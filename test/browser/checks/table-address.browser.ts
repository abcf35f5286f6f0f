import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { chromiumPath, gridRows, useStage } from '../kit/stage.ts'

describe.skipIf(chromiumPath === undefined)('chromium: the address of the table', () => {
  const stage = useStage()
  const rowCount = (page: Page): Promise<number> =>
    page
      .getByRole('grid')
      .getAttribute('aria-rowcount')
      .then((text) => Number(text) - 1)
  const filterOf = (page: Page): ReturnType<Page['getByRole']> => page.getByRole('combobox', { name: 'Filter' })
  const parameter = (page: Page, name: string): string | null => new URL(page.url()).searchParams.get(name)
  const count = async (where: string): Promise<number> =>
    Number((await stage.weir.sql<{ n: number }>(`SELECT count(*)::INT AS n FROM flows WHERE ${where}`))[0]?.n)

  /** A table without live updates. */
  async function still(query: Readonly<Record<string, string>> = {}): Promise<Page> {
    await stage.filled()
    const t = `${new Date(Date.now() - 3_600_000).toISOString()}..${new Date(Date.now() + 1000).toISOString()}`
    const page = await stage.page(`/flows?${new URLSearchParams({ v: '1', live: '0', t, ...query })}`)
    await page.locator('.grid-body [role="row"]').first().waitFor()
    await page.locator('.volume canvas').first().waitFor({ state: 'attached' })
    return page
  }

  async function ask(page: Page, filter: string): Promise<void> {
    await filterOf(page).fill(filter)
    await filterOf(page).press('Escape')
    await filterOf(page).press('Enter')
  }

  test('check 10: back and forward step through the edits of the filter, with its rows', async () => {
    const page = await still()
    const steps = [
      { q: '', quick: null, rows: await count('true') },
      { q: 'dst_port = 443', quick: null, rows: await count('dst_port = 443') },
      { q: 'dst_port = 5432 and bytes > 100', quick: null, rows: await count('dst_port = 5432 AND bytes > 100') },
      {
        q: 'dst_port = 5432 and bytes > 100',
        quick: 'Web',
        rows: await count(
          `dst_port = 5432 AND bytes > 100 AND (src_port IN (80, 443, 8080, 8443)
            OR dst_port IN (80, 443, 8080, 8443))`,
        ),
      },
      {
        q: '',
        quick: 'Web',
        rows: await count('src_port IN (80, 443, 8080, 8443) OR dst_port IN (80, 443, 8080, 8443)'),
      },
    ]
    const shows = async ({ q, quick, rows }: (typeof steps)[number]): Promise<void> => {
      await expect.poll(() => filterOf(page).inputValue()).toBe(q)
      await expect
        .poll(() => page.getByRole('button', { name: 'Web', exact: true }).getAttribute('aria-pressed'))
        .toBe(String(quick !== null))
      if (rows > 0) await expect.poll(() => rowCount(page).catch(() => undefined)).toBe(rows)
      else await page.getByText('No flow matches').waitFor()
    }
    await ask(page, steps[1]?.q ?? '')
    await expect.poll(() => parameter(page, 'q')).toBe(steps[1]?.q)
    await ask(page, steps[2]?.q ?? '')
    await expect.poll(() => parameter(page, 'q')).toBe(steps[2]?.q)
    await page.getByRole('button', { name: 'Web', exact: true }).click()
    await expect.poll(() => parameter(page, 'quick')).toBe('Web')
    await page.getByRole('button', { name: 'Clear the filter' }).first().click()
    for (const step of steps.toReversed()) {
      await shows(step)
      if (step !== steps[0]) await page.goBack()
    }
    for (const step of steps.slice(1)) {
      await page.goForward()
      await shows(step)
    }
    await page.context().close()
  })

  test('check 10: a reload restores the whole view', async () => {
    const page = await still({
      q: 'proto = tcp',
      quick: 'Web',
      both: '1',
      cols: 'time_received,src,dst,dst_port,bytes',
      sort: '-bytes',
      w: 'src:300,bytes:140',
    })
    await page.locator('.grid-body [role="row"]').nth(3).click()
    await page.getByRole('complementary', { name: 'Flow' }).getByText('Volume').waitFor()
    const seen = async (): Promise<unknown> => ({
      rows: (await gridRows(page)).slice(0, 12),
      all: await rowCount(page),
      filter: await filterOf(page).inputValue(),
      record: await page.locator('.drawer h2').textContent(),
      pressed: await page.locator('.quick [aria-pressed="true"]').allTextContents(),
      headings: await page.getByRole('columnheader').allTextContents(),
      widths: await page
        .getByRole('columnheader')
        .evaluateAll((cells) => cells.map((cell) => Math.round(cell.getBoundingClientRect().width))),
      url: page.url(),
    })
    const before = await seen()
    expect(before).toMatchObject({
      pressed: ['Web', 'Both ways'],
      headings: ['Received', 'Source', 'Destination', 'Port', 'Bytes, reported ↓'],
    })
    await page.reload()
    await page.getByRole('complementary', { name: 'Flow' }).getByText('Volume').waitFor()
    await expect.poll(seen).toEqual(before)
    await page.context().close()
  })

  const wrong: readonly (readonly [filter: string, marked: string, explained: RegExp])[] = [
    ['dst_prot = 443', 'dst_prot', /There is no field dst_prot\. Did you mean dst_port\?/],
    ['dst_port = ', '␣', /./],
    ['proto = tcp and (dst_port = 443', '␣', /./],
    ['bytes >= 5parsecs', '5parsecs', /./],
    ['src_name ~ "("', '"("', /./],
  ]
  test('check 28: an invalid filter is marked and explained, and the last valid result stays', async () => {
    const page = await still({ q: 'dst_port = 443' })
    // The error takes a row's height.
    const firstRows = async (): Promise<string[][]> => (await gridRows(page)).slice(0, 15)
    const rows = await firstRows()
    const all = await rowCount(page)
    for (const [filter, marked, explained] of wrong) {
      await ask(page, filter)
      await expect.poll(() => page.locator('.filter-error mark').textContent(), { message: filter }).toBe(marked)
      const message = (await page.locator('.filter-error').textContent()) ?? ''
      expect(message, filter).toMatch(explained)
      expect(message, filter).not.toMatch(/undefined|Error:|WEIR_|\bat \w+ \(/)
      expect(await filterOf(page).getAttribute('aria-invalid'), filter).toBe('true')
      expect([await rowCount(page), await firstRows()], filter).toEqual([all, rows])
      expect(parameter(page, 'q'), filter).toBe('dst_port = 443')
    }
    await ask(page, 'dst_port = 5432')
    await expect.poll(() => page.locator('.filter-error').count()).toBe(0)
    await expect.poll(() => rowCount(page)).toBe(await count('dst_port = 5432'))
    await page.context().close()
  })

  test('quick filters combine with the typed one, unknown ones are reported, and ends can be swapped', async () => {
    const page = await still({ q: 'proto = udp', quick: 'DNS,Nowhere' })
    await page.getByText('The quick filter “Nowhere” does not exist').waitFor()
    await expect
      .poll(() => rowCount(page))
      .toBe(await count('proto = 17 AND (src_port IN (53, 853) OR dst_port IN (53, 853))'))
    await page.getByRole('button', { name: 'DNS', exact: true }).click()
    await expect.poll(() => rowCount(page)).toBe(await count('proto = 17'))
    await page.getByRole('button', { name: 'Swap source and destination' }).click()
    await ask(page, 'src_port = 53 and dst_name = api')
    await expect.poll(() => parameter(page, 'q')).toBe('src_port = 53 and dst_name = api')
    await page.getByRole('button', { name: 'Swap source and destination' }).click()
    await expect.poll(() => filterOf(page).inputValue()).toBe('dst_port = 53 and src_name = "api"')
    await expect.poll(() => rowCount(page)).toBe(await count("dst_port = 53 AND src_name = 'api'"))
    await page.context().close()
  })

  test('the live stream supports both ways and each flow once', async () => {
    await stage.filled()
    const page = await stage.page(`/flows?${new URLSearchParams({ v: '1', q: 'dst_port = 53', both: '1', once: '1' })}`)
    await page.locator('.link.good').waitFor()
    await stage.flows(5000)
    await expect
      .poll(async () => {
        const ports = (await gridRows(page)).map((row) => [row[2], row[4]])
        return (
          ports.length > 0 &&
          ports.every((pair) => pair.includes('53')) &&
          ports.some(([from]) => from === '53') &&
          ports.some(([, to]) => to === '53')
        )
      })
      .toBe(true)
    expect(await page.getByRole('button', { name: 'Each flow once' }).getAttribute('aria-pressed')).toBe('true')
    await page.context().close()
  })

  test('column widths set by dragging, keys or the column list are part of the link', async () => {
    const page = await still()
    const width = async (name: string): Promise<number> =>
      Math.round((await page.getByRole('columnheader', { name, exact: false }).first().boundingBox())?.width ?? 0)
    const grip = page.getByRole('columnheader', { name: 'Source' }).locator('.grid-grip')
    const box = await grip.boundingBox()
    expect(box?.width).toBeGreaterThanOrEqual(24)
    expect(box?.height).toBeGreaterThanOrEqual(24)
    const before = await width('Source')
    const [x, y] = [(box?.x ?? 0) + 12, (box?.y ?? 0) + 12]
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x + 30, y, { steps: 3 })
    await page.mouse.move(x + 60, y, { steps: 3 })
    await page.mouse.up()
    await expect.poll(() => width('Source')).toBe(before + 60)
    expect(parameter(page, 'w')).toBe(`src:${before + 60}`)
    expect(parameter(page, 'sort')).toBe(null)
    await page.getByRole('columnheader', { name: 'Source' }).focus()
    await page.keyboard.press('Alt+ArrowRight')
    await expect.poll(() => parameter(page, 'w')).toBe(`src:${before + 76}`)
    await page.keyboard.press('Shift+ArrowLeft')
    await page.keyboard.press('Shift+ArrowLeft')
    await expect.poll(() => width('Source')).toBe(before + 44)
    await page.keyboard.press('Delete')
    await expect.poll(() => parameter(page, 'w')).toBe(null)
    await page.keyboard.press('Control+Shift+ArrowLeft')
    await expect.poll(() => parameter(page, 'cols')).toMatch(/^src,time_received,/)
    await page.keyboard.press('Control+Shift+ArrowRight')
    await expect.poll(() => parameter(page, 'cols')).toBe(null)
    expect(await page.evaluate<string>('document.activeElement.textContent')).toBe('Source')
    await page.getByRole('button', { name: 'Columns' }).click()
    await page.getByRole('button', { name: 'Bytes wider' }).click()
    await expect.poll(() => parameter(page, 'w')).toBe('bytes_est:164')
    await expect.poll(() => width('Bytes')).toBe(164)
    await page.getByRole('group', { name: 'Row height' }).getByRole('button', { name: 'large' }).click()
    await expect
      .poll(async () => (await page.locator('.grid-body [role="row"]').first().boundingBox())?.height)
      .toBe(36)
    await page.context().close()
  })

  test('a cell value can be included, excluded or required at either end, by keys and in the drawer', async () => {
    const page = await still({ q: 'dst_port = 5432' })
    await page.locator('[data-at="0:1"]').focus()
    const name = ((await gridRows(page))[0]?.[1] ?? '').replace(/shop$|internet$/, '')
    await page.keyboard.press('=')
    await expect.poll(() => parameter(page, 'q')).toBe(`dst_port = 5432 and src_name = "${name}"`)
    await page.goBack()
    await page.locator('[data-at="0:1"]').focus()
    await page.keyboard.press('-')
    await expect.poll(() => parameter(page, 'q')).toBe(`dst_port = 5432 and src_name != "${name}"`)
    await page.goBack()
    await page.locator('[data-at="0:4"]').focus()
    await page.keyboard.press('a')
    await expect.poll(() => parameter(page, 'q')).toBe('dst_port = 5432 and any.port = 5432')
    await page.locator('.grid-body [role="row"]').first().click()
    const drawer = page.getByRole('complementary', { name: 'Flow' })
    await drawer.getByRole('button', { name: /^Exclude Source name = / }).waitFor()
    await drawer.getByRole('button', { name: 'Source or destination has Source label = shop' }).first().click()
    await expect.poll(() => parameter(page, 'q')).toBe('dst_port = 5432 and any.port = 5432 and any.label = "shop"')
    await expect
      .poll(() => rowCount(page))
      .toBe(await count("dst_port = 5432 AND (src_label = 'shop' OR dst_label = 'shop')"))
    await page.context().close()
  })
})
