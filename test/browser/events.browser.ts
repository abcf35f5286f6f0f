import { mkdir } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { chromiumPath, gridRows, useStage, violations } from './kit/stage.ts'
import { until } from './kit/until.ts'

const pictures = process.env['WEIR_PICTURES']

async function picture(page: Page, name: string): Promise<void> {
  if (pictures === undefined) return
  await mkdir(pictures, { recursive: true })
  await page.screenshot({ path: `${pictures}/events-${name}.png` })
}

const start = Date.now() - 600_000
const at = (seconds: number) => new Date(start + seconds * 1000).toISOString()

const order = (index: number, time: string, total = index): object => ({
  specversion: '1.0',
  id: `order-${index}`,
  source: '/shops/zurich/checkout/frontends/a-very-long-name-of-a-source',
  type: `com.example.shop.checkout.order.${index % 3 === 0 ? 'cancelled' : 'placed'}`,
  subject: `order-${index}`,
  time,
  data: { total, currency: index % 4 === 0 ? 'EUR' : 'CHF', customer: { country: 'CH' } },
})

const line = (index: number): object => ({
  specversion: '1.0',
  id: `line-${index}`,
  source: '/pods/api',
  type: 'weir.log',
  weirfamily: 'log',
  time: at(index),
  data: {
    line: index === 20 ? 'error: the database is gone' : `request ${index} took ${index} ms`,
    labels: { app: index % 10 === 9 ? 'other' : 'api' },
    ...(index === 20 ? {} : { severity: index % 2 === 0 ? 'info' : 'debug' }),
  },
})

const rowCount = (page: Page) => page.locator('.page-line .number').first()
const box = (page: Page) => page.getByRole('combobox', { name: 'Filter' })

describe.skipIf(chromiumPath === undefined)('chromium: events and logs', () => {
  const stage = useStage()
  const stored = async (): Promise<number> =>
    Number(
      (await stage.weir.sql<{ n: number }>("SELECT count(*)::INT AS n FROM events WHERE family IN ('event', 'log')"))[0]
        ?.n,
    )

  beforeAll(async () => {
    if (chromiumPath === undefined) return
    await stage.weir.events(Array.from({ length: 60 }, (_, index) => order(index, at(index * 5))))
    await stage.weir.events(Array.from({ length: 50 }, (_, index) => line(index)))
    await until(async () => (await stored()) >= 110)
  })

  test('list, chart, fields and the store have the same numbers, and a value becomes a filter', async () => {
    const page = await stage.page('/events?v=1&live=0&q=source+%3D+%2Fshops%2F*')
    await expect.poll(() => rowCount(page).textContent()).toBe('showing 60 of 60 events')
    const fields = page.getByRole('region', { name: 'Fields' })
    await fields.getByRole('button', { name: 'currency' }).click()
    await fields.getByRole('button', { name: 'Only currency CHF' }).waitFor()
    expect(await fields.locator('.event-value .number').allTextContents()).toEqual(['45', '15'])
    await picture(page, 'fields-light')
    expect(await violations(page)).toEqual([])
    await fields.getByRole('button', { name: 'Without currency CHF' }).click()
    await expect.poll(() => rowCount(page).textContent()).toBe('showing 15 of 15 events')
    expect(new URL(page.url()).searchParams.get('q')).toBe('source = /shops/* and data.currency != "CHF"')
    const chart = page.getByRole('figure', { name: 'Events' })
    await chart.getByRole('button', { name: 'Table' }).click()
    const cells = await chart.locator('tbody td').allTextContents()
    const sum = cells
      .map(Number)
      .filter((value) => !Number.isNaN(value))
      .reduce((all, value) => all + value, 0)
    expect(sum).toBe(15)
    await page.context().close()
  })

  test('columns and order are in the URL, types are whole in the tooltip, and the export has every row', async () => {
    const page = await stage.page('/events?v=1&live=0&q=source+%3D+%2Fshops%2F*')
    await page.locator('.grid-body [role="row"]').first().waitFor()
    await page.getByTitle('com.example.shop.checkout.order.placed').first().waitFor()
    await page.locator('.grid-body [role="row"]').first().click()
    const drawer = page.getByRole('complementary', { name: 'Event' })
    await drawer.getByRole('button', { name: 'Add column total' }).click()
    await drawer.getByRole('button', { name: 'Close' }).click()
    expect(new URL(page.url()).searchParams.get('cols')).toBe('time,type,source,subject,data,data.total')
    await page.getByRole('columnheader', { name: 'total' }).click()
    await page.getByRole('columnheader', { name: 'total ↓' }).waitFor()
    await expect
      .poll(async () => (await gridRows(page)).slice(0, 3).map((row) => row.at(-1)))
      .toEqual(['59', '58', '57'])
    await page.getByRole('columnheader', { name: 'total' }).click()
    await expect.poll(async () => (await gridRows(page)).slice(0, 3).map((row) => row.at(-1))).toEqual(['0', '1', '2'])
    await page.getByRole('button', { name: 'Export' }).click()
    const download = page.waitForEvent('download')
    await page.getByRole('link', { name: 'CSV, these columns' }).click()
    const file = await (await download).createReadStream()
    const text = Buffer.concat(await file.toArray()).toString('utf8')
    const lines = text.trimEnd().split('\r\n')
    expect([lines.length, lines[0]]).toEqual([61, 'time,type,source,subject,data,data.total'])
    expect(lines[1]?.endsWith(',0')).toBe(true)
    await page.context().close()
  })

  test('the details have the whole body, and the lines around a line', async () => {
    const page = await stage.page('/events?v=1&live=0&list=logs&q=level+%3D+error')
    await expect.poll(() => rowCount(page).textContent()).toBe('showing 1 of 1 line')
    await page.locator('.grid-body [role="row"]').first().click()
    const drawer = page.getByRole('complementary', { name: 'Event' })
    await drawer.getByText('"line": "error: the database is gone"').waitFor()
    await drawer.getByRole('button', { name: 'Lines before and after' }).click()
    const context = drawer.getByRole('region', { name: 'Context' })
    await context.getByText('request 18 took 18 ms').waitFor()
    expect(await context.getByText('request 19 took 19 ms').count()).toBe(0)
    await context.getByRole('button', { name: 'More before and after' }).click()
    await context.getByText('Nothing before it within a day').waitFor()
    await picture(page, 'context-light')
    expect(await violations(page)).toEqual([])
    await context.getByText('request 22 took 22 ms').click()
    await drawer.getByText('"line": "request 22 took 22 ms"').waitFor()
    await page.reload()
    await drawer.getByText('"line": "request 22 took 22 ms"').waitFor()
    await page.context().close()
  })

  test('the filter is completed with members of the body and their values', async () => {
    const page = await stage.page('/events?v=1&live=0')
    await page.locator('.grid-body [role="row"]').first().waitFor()
    const member = page.getByRole('option', { name: /data\.currency/ })
    // A busy store has the names for the next letter.
    for (const typed of ['curr', 'curre', 'curren', 'currenc']) {
      await box(page).fill(typed)
      const isOffered = await member.waitFor({ timeout: 5000 }).then(
        () => true,
        () => false,
      )
      if (isOffered) break
    }
    await member.click()
    await box(page).pressSequentially('= ')
    await page.getByRole('option', { name: /EUR/ }).click()
    await box(page).press('Enter')
    await expect.poll(() => rowCount(page).textContent()).toBe('showing 15 of 15 events')
    await page.context().close()
  })

  test('live rows join the stored ones, also late ones, and none is missing or twice', async () => {
    const page = await stage.page('/events?v=1&q=source+%3D+%2Flive')
    await page.getByText('None in', { exact: false }).or(page.getByText('Nothing matches')).first().waitFor()
    const live = (index: number, time: string) => ({ ...order(index, time), id: `live-${index}`, source: '/live' })
    for (let index = 0; index < 40; index += 4)
      await stage.weir.events(
        Array.from({ length: 4 }, (_, step) =>
          live(index + step, new Date(Date.now() - (step === 3 ? 300_000 : 0)).toISOString()),
        ),
      )
    await expect.poll(() => rowCount(page).textContent(), { timeout: 60_000 }).toContain('showing 40 of 40 events')
    const subjects = (await gridRows(page)).map((row) => row[3])
    expect(new Set(subjects).size).toBe(subjects.length)
    // The table is held while it is read.
    await page.locator('.grid-body [role="row"]').nth(3).hover()
    await stage.weir.events([live(99, new Date().toISOString())])
    await page.getByText('1 new, held while you read').waitFor({ timeout: 60_000 })
    expect((await gridRows(page)).some((row) => row[3] === 'order-99')).toBe(false)
    await page.mouse.move(0, 0)
    await expect.poll(async () => (await gridRows(page))[0]?.[3]).toBe('order-99')
    await page.getByRole('button', { name: 'Live', exact: true }).click()
    await expect.poll(() => new URL(page.url()).searchParams.get('live')).toBe('0')
    await page.context().close()
  })

  test('a drag in the chart selects the range, which ends the live tail', async () => {
    const page = await stage.page('/events')
    const chart = page.getByRole('figure', { name: 'Events' }).locator('.chart-place')
    await chart.waitFor()
    const place = (await chart.boundingBox())!
    await page.mouse.move(place.x + place.width * 0.5, place.y + 40)
    await page.mouse.down()
    await page.mouse.move(place.x + place.width * 0.95, place.y + 40, { steps: 5 })
    await page.mouse.up()
    await expect.poll(() => new URL(page.url()).searchParams.get('t')).toMatch(/^\d{4}-.*\.\.\d{4}-/)
    expect(await page.getByRole('button', { name: 'Live', exact: true }).isDisabled()).toBe(true)
    await page.context().close()
  })

  test('rows of another filter are dimmed while the next ones are read', async () => {
    const page = await stage.page('/events?v=1&live=0&q=source+%3D+%2Fshops%2F*')
    await expect.poll(() => rowCount(page).textContent()).toBe('showing 60 of 60 events')
    const gate = Promise.withResolvers<undefined>()
    await page.route(
      (url) => url.pathname.startsWith('/api/v1/events') && url.search.includes('EUR'),
      async (route) => {
        await gate.promise
        await route.continue()
      },
    )
    await page.getByRole('button', { name: 'currency' }).click()
    await page.getByRole('button', { name: 'Only currency EUR' }).click()
    await page.locator('.panel.table.stale').waitFor()
    expect(await rowCount(page).textContent()).toBe('searching …')
    gate.resolve(undefined)
    await expect.poll(() => rowCount(page).textContent()).toBe('showing 15 of 15 events')
    expect(await page.locator('.panel.table.stale').count()).toBe(0)
    await page.context().close()
  })

  test.for([
    ['desktop-light', { width: 1440, height: 900 }, 'light'],
    ['desktop-dark', { width: 1440, height: 900 }, 'dark'],
    ['phone-light', { width: 390, height: 844 }, 'light'],
    ['phone-dark', { width: 390, height: 844 }, 'dark'],
  ] as const)('the page fits, without violations: %s', async ([name, viewport, colorScheme]) => {
    for (const list of ['events', 'logs']) {
      const page = await stage.page(`/events?v=1&live=0&list=${list}`, { viewport, colorScheme })
      await page.locator('.grid-body [role="row"]').first().waitFor()
      await page.getByRole('figure').first().waitFor()
      const fits = () => page.evaluate<boolean>('document.documentElement.scrollWidth <= innerWidth')
      await picture(page, `${list}-${name}`)
      expect([await fits(), await violations(page)]).toEqual([true, []])
      await page.locator('.grid-body [role="row"]').first().click()
      await page.getByRole('button', { name: 'Copy the body' }).waitFor()
      await picture(page, `${list}-open-${name}`)
      expect([await fits(), await violations(page)]).toEqual([true, []])
      await page.context().close()
    }
  })

  test('no page had an error, blocked content or a request to another origin', () => {
    expect(stage.complaints).toEqual([])
  })
})
