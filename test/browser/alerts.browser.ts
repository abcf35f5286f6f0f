import { beforeAll, describe, expect, test } from 'vitest'
import { freePorts } from '../kit/free-port.ts'
import { chromiumPath, useStage, violations } from './kit/stage.ts'

const [closedPort = 0] = await freePorts(1)

describe.skipIf(chromiumPath === undefined)('chromium: alerts on Home', () => {
  const stage = useStage({
    sinks: { pager: { type: 'http', url: `http://127.0.0.1:${closedPort}/`, from: ['alerts'] } },
    alerts: {
      trips: {
        on: 'events',
        filter: 'type = trip',
        condition: '> 0',
        window: '1h',
        every: '1s',
        by: ['subject'],
        annotations: { summary: '{{labels.subject}} tripped {{value}} times' },
      },
      later: { on: 'changes', condition: '= 0', every: '1s', for: '1h' },
      broken: { sql: 'SELECT nothing FROM nowhere', every: '1s' },
      traffic: { on: 'flows', condition: '> 0', window: '5m', every: '1s' },
    },
  })

  beforeAll(async () => {
    if (chromiumPath === undefined) return
    const event = { specversion: '1.0', id: 'trip-1', source: '/test', type: 'trip', subject: 'db-1', data: {} }
    await stage.weir.events([event])
    await stage.flows(2000)
  })

  test('rules that cannot be evaluated come first; firing and pending alerts lead to their rows', async () => {
    const page = await stage.page('/home')
    const card = page.getByRole('region', { name: 'Alerts' })
    await card.getByText('db-1 tripped 1 times').waitFor()
    await card.getByText('nowhere', { exact: false }).waitFor()
    await card.getByText('pending').waitFor()
    const cause = card.getByRole('link', { name: 'What changed before this? Alert traffic' })
    await cause.waitFor()
    const lines = await card.getByRole('listitem').allTextContents()
    expect(lines.map((line) => /not evaluated|firing|pending/.exec(line)?.[0])).toEqual([
      'not evaluated',
      'firing',
      'firing',
      'pending',
    ])
    expect(await violations(page)).toEqual([])
    await card.getByRole('link', { name: 'Show the rows of alert later' }).click()
    await page.waitForURL(/\/changes\?.*t=/)
    expect(await page.getByText('is not a parameter', { exact: false }).count()).toBe(0)
    await page.goBack()
    await cause.click()
    await page.getByRole('complementary', { name: 'What changed before this?' }).waitFor()
    await page.context().close()
  })

  test('while its sink is down, an alert fires and Home names the sink', async () => {
    const page = await stage.page('/home')
    await page.getByRole('region', { name: 'Alerts' }).getByText('db-1 tripped 1 times').waitFor()
    await page.getByText('pager').first().waitFor()
    await page.getByText('ECONNREFUSED', { exact: false }).first().waitFor()
    expect(await violations(page)).toEqual([])
    await page.context().close()
  })
})
