import { beforeAll, describe, expect, test } from 'vitest'
import { asCloudEvent } from '../../sim/cloud-event.ts'
import { change, resource, who } from './kit/cluster-life.ts'
import { chromiumPath, useStage, violations } from './kit/stage.ts'
import { until } from './kit/until.ts'

const hour = 3_600_000
const owner = (kind: string, name: string): object => ({
  owners: [{ kind, group: 'apps', name, uid: `uid-${kind}-shop-${name}`, controller: true }],
})
const deployment = (image: string, ready: number): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  spec: {
    replicas: 3,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } },
    template: { spec: { containers: [{ name: 'api', image }] } },
  },
  status: {
    replicas: 3,
    readyReplicas: ready,
    updatedReplicas: 3,
    conditions: [{ type: 'Available', status: ready === 3 ? 'True' : 'False', reason: 'MinimumReplicas' }],
  },
})

describe.skipIf(chromiumPath === undefined)('chromium: the page of an object', () => {
  const stage = useStage()
  const now = Date.now()
  const [old, half, full] = [
    deployment('shop/api:1.7', 3),
    deployment('shop/api:1.8', 1),
    deployment('shop/api:1.8', 3),
  ]

  beforeAll(async () => {
    if (chromiumPath === undefined) return
    const api = (): ReturnType<typeof who> => who('Deployment/shop/api')
    const events = [
      resource(api(), now - 3 * hour),
      change(api(), now - 3 * hour, { operation: 'created', new: old } as never),
      change(api(), now - 2 * hour, {
        operation: 'updated',
        old,
        new: half,
        patch: [{ op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'shop/api:1.8' }],
      } as never),
      // The state that it began.
      resource(api(), now - 2 * hour),
      change(api(), now - 2 * hour + 60_000, {
        operation: 'updated',
        old: half,
        new: full,
        noise: ['status'],
        patch: [{ op: 'replace', path: '/status/readyReplicas', value: 3 }],
      } as never),
      resource(who('ReplicaSet/shop/api-old'), now - 3 * hour, owner('Deployment', 'api')),
      resource(who('ReplicaSet/shop/api-new'), now - 2 * hour, owner('Deployment', 'api')),
      resource(who('Pod/shop/api-new-1'), now - 2 * hour, { phase: 'Running', ...owner('ReplicaSet', 'api-new') }),
    ]
    await stage.weir.events(events.map(asCloudEvent))
    await until(
      async () =>
        Number((await stage.weir.sql<{ n: number }>('SELECT count(*)::INT AS n FROM events'))[0]?.n) >= events.length,
    )
    // The first query of a store creates its views.
    await stage.weir.get('/api/v1/resources/one?ref=k8s:demo/apps/Deployment/shop/api')
  })

  test('it has image, replicas, conditions and strategy of the selected time, by change', async () => {
    const page = await stage.page('/resource/k8s:demo/apps/Deployment/shop/api')
    const state = page.getByRole('region', { name: 'Current state' })
    await state.getByText('shop/api:1.8').waitFor()
    await state.getByText('3 of 3').waitFor()
    await state.getByText('RollingUpdate, maxSurge 1').waitFor()
    expect(await state.innerText()).toMatch(/Available\s+True, MinimumReplicas/)
    const slider = page.getByRole('slider', { name: 'As of' })
    expect(await slider.getAttribute('max')).toBe('2')
    await slider.press('ArrowLeft')
    const then = page.getByRole('region', { name: 'State then' })
    await then.getByText('▲ 1 of 3').waitFor()
    await then.getByText('▲ False, MinimumReplicas').waitFor()
    await slider.press('ArrowLeft')
    await then.getByText('shop/api:1.7').waitFor()
    expect(new URL(page.url()).searchParams.get('at')).toBe(new Date(now - 3 * hour).toISOString())
    expect(await violations(page)).toEqual([])
    await page.context().close()
  })

  test('the list of Resources is added to a dashboard with its kinds', async () => {
    const page = await stage.page('/resources?v=1&kind=Pod,Deployment')
    await page.getByText('showing 2 of 2 objects').waitFor()
    await page.getByRole('button', { name: 'Add to dashboard' }).click()
    const dialog = page.getByRole('dialog', { name: 'Add to dashboard' })
    await dialog.getByRole('textbox', { name: 'New dashboard' }).fill('Objects')
    await dialog.getByRole('button', { name: 'Create and add' }).click()
    await dialog.getByRole('button', { name: 'Open dashboard' }).click()
    const panel = page.getByRole('region', { name: 'Resources', exact: true })
    await panel.getByText('api-new-1').waitFor()
    await panel.getByText('Running').waitFor()
    expect(await panel.getByRole('row').count()).toBe(3)
    expect(await violations(page)).toEqual([])
    await page.context().close()
  })

  test('traffic is at the top, old ReplicaSets are folded, and no card is empty', async () => {
    const page = await stage.page('/resource/k8s:demo/apps/Deployment/shop/api')
    const relations = page.getByRole('region', { name: 'Relations', exact: true })
    await relations.getByText('1 old ReplicaSet', { exact: true }).waitFor()
    await relations.getByRole('link', { name: 'ReplicaSet shop/api-new' }).waitFor()
    expect(await relations.getByRole('link', { name: 'ReplicaSet shop/api-old' }).isVisible()).toBe(false)
    await relations.getByText('1 old ReplicaSet', { exact: true }).click()
    await relations.getByRole('link', { name: 'ReplicaSet shop/api-old' }).waitFor()
    const flows = await page.getByRole('region', { name: 'Flows', exact: true }).boundingBox()
    const cards = await page.locator('.resource-cards').boundingBox()
    expect(flows?.y).toBeLessThan(cards?.y ?? 0)
    await page.getByText('No cluster events up to this time.').waitFor()
    expect(await page.getByRole('region', { name: 'Cluster events' }).count()).toBe(0)
    const texts = await page
      .locator('.resource-cards .panel')
      .evaluateAll((all) => all.map((card) => [card.textContent ?? '', card.querySelector('h2')?.textContent ?? '']))
    for (const [whole = '', title = ''] of texts) expect(whole.length).toBeGreaterThan(title.length)
    if (process.env['WEIR_SHOT'] !== undefined) await page.screenshot({ path: process.env['WEIR_SHOT'] })
    await page.context().close()
  })
})
