import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { identity } from '../../src/store/testing/cluster.ts'
import { asCloudEvent } from '../../sim/cloud-event.ts'
import { change } from './kit/cluster-life.ts'
import { chromiumPath, useStage } from './kit/stage.ts'
import { until } from './kit/until.ts'

const minute = 60_000
const begin = Math.floor(Date.now() / minute) * minute - 40 * minute
const iso = (ms: number): string => new Date(ms).toISOString()
const t = `${iso(begin - 20 * minute)}..${iso(begin + 20 * minute)}`

describe.skipIf(chromiumPath === undefined)('chromium: times without data', () => {
  const stage = useStage()
  beforeAll(async () => {
    if (chromiumPath === undefined) return
    const changes = [0, 0, 4, 12].map((at, index) =>
      change(identity('Deployment/shop/api', String(100 + index)), begin + at * minute + index, {
        operation: 'updated',
      }),
    )
    await stage.weir.events(changes.map(asCloudEvent))
    await until(async () => (await stage.weir.sql('FROM changes')).length >= changes.length)
  })

  const cells = async (page: Page): Promise<readonly string[]> => {
    const timeline = page.getByRole('region', { name: 'Timeline' })
    await timeline.getByRole('button', { name: 'Table' }).click()
    return (await timeline.locator('.chart-table tbody tr').allInnerTexts()).map((row) => row.split('\t').at(-1) ?? '')
  }

  test('the timeline of changes has no value before the first change', async () => {
    const page = await stage.page(`/changes?v=1&live=0&t=${t}`)
    await page.getByRole('region', { name: 'Timeline' }).getByText('no data').waitFor()
    const all = await cells(page)
    const known = all.findIndex((cell) => cell !== '–')
    expect(known).toBe(all.length / 2)
    expect(all[known]).toBe('2')
    expect(new Set(all.slice(known))).toEqual(new Set(['0', '1', '2']))
    await page.context().close()
  })

  test('the timeline has no value where Weir did not run, and draws the value before it', async () => {
    const page = await stage.page(undefined)
    await page.route('**/api/v1/changes/sums?**', async (route) => {
      const response = await route.fetch()
      const stopped = [{ from: iso(begin + minute), to: iso(begin + 9 * minute) }]
      await route.fulfill({ response, json: { ...((await response.json()) as object), stopped } })
    })
    await page.goto(`${stage.weir.url}/changes?v=1&live=0&t=${t}`)
    const timeline = page.getByRole('region', { name: 'Timeline' })
    await timeline.locator('canvas').waitFor()
    const painted = () =>
      page.evaluate<readonly boolean[]>(`(() => {
        const canvas = document.querySelector('.volume canvas')
        const over = document.querySelector('.volume .u-over')
        const [at, from] = [over.getBoundingClientRect(), canvas.getBoundingClientRect()]
        const ratio = canvas.width / from.width
        return [0.2, 2.2, 4.2, 6.2, 12.2].map((minutes) => {
          const x = (at.left - from.left + (at.width * (20 + minutes)) / 40) * ratio
          const y = (at.bottom - from.top - 4) * ratio
          const [r, g, b] = canvas.getContext('2d').getImageData(x, y, 1, 1).data
          return Math.max(r, g, b) - Math.min(r, g, b) > 60
        })
      })()`)
    await expect.poll(painted).toEqual([true, false, true, false, true])
    const all = await cells(page)
    const first = all.length / 2
    const perMinute = first / 20
    expect([0.2, 2.2, 4.2, 6.2, 10.2].map((minutes) => all[first + Math.floor(minutes * perMinute)])).toEqual([
      expect.stringMatching(/^[12]$/),
      '–',
      '1',
      '–',
      '0',
    ])
    await page.unrouteAll({ behavior: 'ignoreErrors' })
    await page.context().close()
  })

  test('traffic has a mark for each change of a workload, not only for those of the loaded rows', async () => {
    await stage.stored(await stage.flows(2000))
    const now = Date.now()
    const later = Array.from({ length: 250 }, (_, index) =>
      change(identity('ConfigMap/shop/prices', String(1000 + index)), now - 60_000 + index, { operation: 'updated' }),
    )
    await stage.weir.events(later.map(asCloudEvent))
    await until(async () => (await stage.weir.sql("FROM changes WHERE kind = 'ConfigMap'")).length >= later.length)
    const page = await stage.page('/changes?v=1&live=0&t=now-1h..now')
    await page.getByText('showing 200 of 254 changes').waitFor()
    const traffic = page.getByRole('region', { name: 'Traffic' })
    await traffic.getByRole('button', { name: 'Table' }).click()
    const marked = async (): Promise<number> =>
      [...(await traffic.locator('.chart-table').innerText()).matchAll(/Deployment api updated/g)].length
    await expect.poll(marked).toBe(4)
    await page.context().close()
  })
})
