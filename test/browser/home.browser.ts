import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePorts } from '../kit/free-port.ts'
import { asCloudEvent } from '../../sim/cloud-event.ts'
import { change, clusterEvent, who } from './kit/cluster-life.ts'
import { Partner } from './kit/partner.ts'
import { chromiumPath, Stage, violations } from './kit/stage.ts'

const pollOptions = { timeout: 30_000 }

describe.skipIf(chromiumPath === undefined)('chromium: overview and status bar', () => {
  const stage = new Stage()
  const partner = new Partner()
  let away: Awaited<ReturnType<typeof freePorts>> = []

  beforeAll(async () => {
    if (chromiumPath === undefined) return
    away = await freePorts(1)
    await stage.open({
      sinks: {
        partner: { type: 'http', url: await partner.open(), from: ['http'] },
        gone: { type: 'http', url: `http://127.0.0.1:${away[0]}/`, from: ['http'] },
      },
    })
  })
  afterAll(async () => {
    await stage.close()
    await partner.close()
  })

  test('the status bar is quiet while every sink delivers', async () => {
    await stage.filled()
    const page = await stage.page('/home')
    const bar = page.getByRole('contentinfo')
    await bar.getByText(/accepted/).waitFor()
    expect(await bar.textContent()).not.toMatch(/shed|dead letters/)
    expect(await bar.getByRole('status').count()).toBe(0)
    await page.getByText(/sources? and .* without problems/).waitFor()
    await page.context().close()
  })

  test('Home has traffic, top talkers as links to their flows, and reports missing collection', async () => {
    await stage.filled()
    const page = await stage.page('/home')
    const talkers = page.getByRole('region', { name: 'Top talkers' })
    await talkers.waitFor()
    const answer = await stage.weir.get<{ talkers: { rows: unknown[][]; total: { flows: number } } }>('/api/v1/home')
    expect(await talkers.locator('tbody th a').count()).toBe(answer.talkers.rows.length)
    await page.getByText(`${new Intl.NumberFormat('en-US').format(answer.talkers.total.flows)} flows`).waitFor()
    await page.getByRole('region', { name: 'Latest changes' }).getByText('No cluster is watched').waitFor()
    expect(await violations(page)).toEqual([])
    await talkers.locator('tbody th a').first().click()
    await page.waitForURL(/\/flows\?.*q=/)
    await page.locator('.grid-body [role="row"]').first().waitFor()
    await page.context().close()
  })

  test('the latest changes name the object and the changed fields', async () => {
    await stage.weir.events([
      asCloudEvent(
        change(who('Deployment/shop/api'), Date.now(), {
          operation: 'updated',
          actor: 'alice',
          patch: [{ op: 'replace', path: '/spec/replicas', value: 5 }],
        } as never),
      ),
      asCloudEvent(
        clusterEvent(who('Pod/shop/api-1'), Date.now(), { type: 'Warning', reason: 'BackOff', message: 'restarting' }),
      ),
    ])
    const page = await stage.page('/home')
    const changes = page.getByRole('region', { name: 'Latest changes' })
    await changes.getByRole('link', { name: 'Deployment shop/api' }).waitFor()
    await changes.getByText('replicas → 5').waitFor()
    expect(await changes.getByRole('listitem').count()).toBe(1)
    await page.context().close()
  })

  test('a sink that delivers nothing and dead letters are in the status bar and on Home, with the reason', async () => {
    const page = await stage.page('/home')
    const bar = page.getByRole('contentinfo')
    await bar.getByText('Sink gone delivers nothing', { exact: false }).waitFor(pollOptions)
    const problems = page.getByRole('region', { name: 'Sources and sinks with problems' })
    await problems.getByText('Sink gone delivers nothing', { exact: false }).waitFor(pollOptions)
    const event = {
      specversion: '1.0',
      id: 'bad-1',
      source: '/shop',
      type: 'com.example.bad',
      subject: 'order',
      data: {},
    }
    await stage.weir.events([event])
    await problems.getByText('Sink partner: 1 dead letter').waitFor(pollOptions)
    await bar.getByText('and 1 more').waitFor(pollOptions)
    expect(await violations(page)).toEqual([])
    const server = createServer((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'))
    await new Promise<void>((resolve) => server.listen(away[0], '127.0.0.1', resolve))
    await bar.getByText('Sink partner: 1 dead letter').waitFor({ timeout: 90_000 })
    await bar.getByRole('link', { name: 'Sink partner: 1 dead letter' }).click()
    await page.waitForURL(/\/dead-letters/)
    await page.context().close()
    server.close()
  })
})
