import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FlowSender } from '../../kit/flow-sender.ts'
import { percentile } from '../../kit/percentile.ts'
import { accountOf } from '../kit/account.ts'
import { figure } from '../kit/figures.ts'
import { usedMemory } from '../kit/inspected.ts'
import { markedPort, Marker, watchMarks } from '../kit/marker.ts'
import { chromiumPath, gridRows, Stage, useStage } from '../kit/stage.ts'
import { pageDelay, pageHeap, watchPage } from '../kit/thread.ts'

const rowCount = (page: Page): Promise<number> =>
  page
    .getByRole('grid')
    .getAttribute('aria-rowcount')
    .then((text) => Number(text) - 1)
const isLive = (page: Page): Promise<void> => page.locator('.link.good').waitFor({ timeout: 60_000 })

describe.skipIf(chromiumPath === undefined)('chromium: live without a store', () => {
  const stage = useStage({ store: { enabled: 'none' } })

  test('check 11: with no database configured a flow that is sent is a row', async () => {
    const page = await stage.page('/flows?v=1&view=table')
    await isLive(page)
    await page.evaluate(watchMarks)
    const marker = await Marker.open(stage.weir.ports.netflow)
    const seen = (): Promise<Record<string, number>> => page.evaluate<Record<string, number>>('marks')
    for (let mark = 0; mark < 20; mark++) {
      marker.send()
      await expect.poll(async () => Object.keys(await seen()).length).toBe(mark + 1)
    }
    const marks = await seen()
    const took = marker.sentAt.map((at, mark) => (marks[String(1000 + mark)] ?? Number.NaN) - at)
    figure('check 11: from datagram to row, p95 of 20', percentile(took, 95), 'ms', { below: 1000 })
    expect(took.every(Number.isFinite)).toBe(true)
    await marker.close()
    await page.context().close()
  })
})

describe.skipIf(chromiumPath === undefined)('chromium: live under load', () => {
  const stage = useStage()

  test('check 14: of 20,000 flows a second all are shown or passed; frame rate and heap stay stable', async () => {
    const page = await stage.page('/flows?v=1&view=table')
    await isLive(page)
    const sender = new FlowSender({ port: stage.weir.ports.netflow, rate: 20_000 })
    await sender.start()
    await sleep(3000)
    const before = await pageHeap(page)
    await page.evaluate(watchPage)
    await sleep(12_000)
    const { fps } = await pageDelay(page)
    await sender.close()
    await expect.poll(() => accountOf(page).then(({ came }) => came), { timeout: 60_000 }).toBe(sender.sent)
    const { shown, passed, left } = await accountOf(page)
    expect(shown + passed + left).toBe(sender.sent)
    expect(shown).toBeGreaterThan(0)
    figure('check 14: flows sent in 15 s', sender.sent)
    figure('check 14: frames a second, median', fps, '', { least: 50 })
    figure('check 14: heap grown by', ((await pageHeap(page)) - before) / 1e6, 'MB', { below: 50 })
    await page.context().close()
  })
})

describe.skipIf(chromiumPath === undefined)('chromium: a client that is suspended', () => {
  const stage = new Stage()
  beforeAll(async () => {
    if (chromiumPath !== undefined)
      await stage.open({ live: { ring_rows: 20_000 } }, { nodeArgs: ['--inspect=127.0.0.1:0'] })
  })
  afterAll(() => stage.close())

  test('check 15: a client suspended for 60 seconds costs less than 5 MB and reports missing rows', async () => {
    const page = await stage.page('/flows?v=1&view=table')
    await isLive(page)
    const sender = new FlowSender({ port: stage.weir.ports.netflow, rate: 4000 })
    await sender.start()
    // Fill the ring before measuring.
    await expect.poll(() => accountOf(page).then(({ came }) => came), { timeout: 60_000 }).toBeGreaterThan(40_000)
    const before = await usedMemory(stage.weir)
    const session = await stage.browser.newBrowserCDPSession()
    const { processInfo } = await session.send('SystemInfo.getProcessInfo')
    const renderers = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id)
    expect(renderers.length).toBeGreaterThan(0)
    let most = 0
    try {
      for (const pid of renderers) process.kill(pid, 'SIGSTOP')
      for (let second = 0; second < 60; second += 10) {
        await sleep(10_000)
        most = Math.max(most, await usedMemory(stage.weir))
      }
    } finally {
      for (const pid of renderers) process.kill(pid, 'SIGCONT')
    }
    figure('check 15: memory of a client that was suspended for 60 s, at most', (most - before) / 1e6, 'MB', {
      below: 5,
    })
    expect((most - before) / 1e6).toBeLessThan(5)
    await page.getByText(/missing/).waitFor({ timeout: 60_000 })
    await isLive(page)
    const marker = await Marker.open(stage.weir.ports.netflow)
    await sender.close()
    marker.send()
    // First the rows of the ring: 20,000 at 2000 per second.
    await page.getByText(/catching up/).waitFor({ timeout: 60_000 })
    await expect
      .poll(async () => (await gridRows(page)).flat().includes(String(markedPort)), { timeout: 90_000 })
      .toBe(true)
    await page.getByText(/catching up/).waitFor({ state: 'detached', timeout: 60_000 })
    const { came, shown, passed, left } = await accountOf(page)
    expect(shown + passed + left).toBe(came)
    await marker.close()
    await page.context().close()
  }, 240_000)
})

describe.skipIf(chromiumPath === undefined)('chromium: one stream', () => {
  const stage = useStage({ live: { streams_per_user: 1 } })

  test('check 16: after a kill and restart of the server the table resumes with every row once', async () => {
    const page = await stage.page('/flows?v=1&view=table&cols=_pos,time_received')
    await isLive(page)
    const before = await stage.flows(2000)
    await expect.poll(() => rowCount(page), { timeout: 60_000 }).toBe(before)
    await stage.stored(before)
    await stage.weir.kill()
    await page.getByText('reconnecting').waitFor()
    await stage.weir.start()
    await isLive(page)
    const after = await stage.flows(2000)
    await expect.poll(() => rowCount(page), { timeout: 60_000 }).toBe(before + after)
    await stage.stored(before + after)
    const wanted = await stage.weir.sql<{ p: string }>('SELECT _pos AS p FROM flows')
    const seen = new Set<string>()
    await page.locator('[data-at="0:0"]').focus()
    for (let screen = 0; screen < 400 && seen.size < wanted.length; screen++) {
      const ids = (await gridRows(page)).map(([id]) => id ?? '')
      expect(new Set(ids).size).toBe(ids.length)
      for (const id of ids) seen.add(id)
      await page.keyboard.press('PageDown')
      await page.evaluate('new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))')
    }
    expect([...seen].toSorted()).toEqual(wanted.map(({ p }) => p).toSorted())
    await page.context().close()
  })

  test('check 17: twelve tabs stay live where the server allows one stream', async () => {
    const context = await stage.browser.newContext()
    const pages = await Promise.all(
      Array.from({ length: 12 }, async () => {
        const page = await context.newPage()
        await page.goto(`${stage.weir.url}/flows?v=1&view=table&q=${encodeURIComponent(`dst_port = ${markedPort}`)}`)
        return page
      }),
    )
    for (const page of pages) await isLive(page)
    for (const page of pages) await page.evaluate(watchMarks)
    const marker = await Marker.open(stage.weir.ports.netflow)
    for (let mark = 1; mark <= 5; mark++) {
      marker.send()
      for (const page of pages)
        await expect
          .poll(() => page.evaluate<Record<string, number>>('marks').then((marks) => Object.keys(marks).length), {
            timeout: 60_000,
          })
          .toBe(mark)
    }
    await marker.close()
    await context.close()
  })
})
