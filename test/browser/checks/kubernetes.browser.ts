import { join } from 'node:path'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DemoApiServer, type Kind } from '../../../sim/api-server.ts'
import { DemoCluster, demoCluster, kubeconfig } from '../../../sim/cluster.ts'
import type { WeirEvent } from '../../../src/model/events.ts'
import { freePorts } from '../../kit/free-port.ts'
import { asCloudEvent } from '../../../sim/cloud-event.ts'
import { change, clusterLife, refOf, resource, who } from '../kit/cluster-life.ts'
import { sendNamespaced, type End } from '../kit/namespaced.ts'
import { chromiumPath, gridRows, Stage, useStage } from '../kit/stage.ts'
import { until } from '../kit/until.ts'

const pollOptions = { timeout: 30_000 }
const text = new Intl.NumberFormat('en-US')
const path = (ref: string): string => `/resource/${ref.replace('//', '/core/').replace('//', '/-/')}`

async function take(stage: Stage, events: readonly WeirEvent[]): Promise<void> {
  const before = await count(stage)
  for (let at = 0; at < events.length; at += 500) await stage.weir.events(events.slice(at, at + 500).map(asCloudEvent))
  await until(async () => (await count(stage)) >= before + events.length)
}

async function count(stage: Stage): Promise<number> {
  return Number((await stage.weir.sql<{ n: number }>('SELECT count(*)::INT AS n FROM events'))[0]?.n)
}

const rowCount = async (page: Page): Promise<number> =>
  Number(await page.getByRole('grid').getAttribute('aria-rowcount')) - 1

describe.skipIf(chromiumPath === undefined)('chromium: changes', () => {
  const stage = useStage()
  const now = Date.now()
  const t = `${new Date(now - 86_400_000).toISOString()}..${new Date(now + 60_000).toISOString()}`
  const within = `time >= '${new Date(now - 86_400_000).toISOString()}'
    AND time < '${new Date(now + 60_000).toISOString()}'`
  const stored = `/changes?v=1&live=0&t=${t}`
  beforeAll(async () => {
    if (chromiumPath !== undefined) await take(stage, clusterLife(now))
  })

  test('check 32: noise is hidden by default, counted by rule, and shown on request', async () => {
    const [sums] = await stage.weir.sql<{ shown: number; hidden: number; heartbeats: number; status: number }>(
      `SELECT count(*) FILTER (len(noise) = 0)::INT AS shown, count(*) FILTER (len(noise) > 0)::INT AS hidden,
        count(*) FILTER (list_contains(noise, 'heartbeats'))::INT AS heartbeats,
          count(*) FILTER (list_contains(noise, 'status'))::INT AS status FROM changes WHERE ${within}`,
    )
    expect(sums?.hidden).toBeGreaterThan(500)
    const page = await stage.page(stored)
    await page.getByText(`of ${text.format(sums?.shown ?? 0)} changes`).waitFor()
    await page
      .getByText(
        `${text.format(sums?.hidden ?? 0)} hidden as noise: ` +
          `heartbeats ${text.format(sums?.heartbeats ?? 0)}, status ${text.format(sums?.status ?? 0)}`,
      )
      .waitFor()
    expect((await gridRows(page)).flat().join(' ')).not.toContain('noise')
    await page.getByRole('button', { name: 'Show noise' }).click()
    await page.getByText(`of ${text.format((sums?.shown ?? 0) + (sums?.hidden ?? 0))} changes`).waitFor()
    await expect.poll(() => rowCount(page), pollOptions).toBe((sums?.shown ?? 0) + (sums?.hidden ?? 0))
    expect((await gridRows(page)).flat().join(' ')).toContain('noise: heartbeats')
    expect(new URL(page.url()).searchParams.get('noise')).toBe('1')
    await page.context().close()
  })

  test('the table reaches the last change, in the order of SQL, with actor and changed fields', async () => {
    const all = await stage.weir.sql<{ kind: string; name: string; actor: string }>(
      `SELECT kind, name, actor FROM changes WHERE ${within} ORDER BY time DESC`,
    )
    const page = await stage.page(`${stored}&noise=1`)
    await expect.poll(() => rowCount(page), pollOptions).toBe(all.length)
    const [first] = await gridRows(page)
    expect([first?.[2], first?.[4], first?.[5]]).toEqual([all[0]?.kind, all[0]?.name, all[0]?.actor])
    await page.locator('[data-at="0:0"]').focus()
    await expect
      .poll(async () => {
        await page.keyboard.press('Control+End')
        await page.waitForTimeout(150)
        return page.locator(`.grid-body [aria-rowindex="${all.length + 1}"]`).count()
      }, pollOptions)
      .toBe(1)
    const last = (await gridRows(page)).at(-1)
    expect([last?.[2], last?.[4], last?.[5]]).toEqual([all.at(-1)?.kind, all.at(-1)?.name, all.at(-1)?.actor])
    await page.context().close()
  })

  test('check 30: a change of a Deployment shows the diff and the person from the audit log', async () => {
    const page = await stage.page(`${stored}&kind=Deployment&name=api`)
    await expect.poll(() => rowCount(page), pollOptions).toBe(1)
    expect((await gridRows(page))[0]?.slice(1)).toEqual([
      '~ updated',
      'Deployment',
      'shop',
      'api',
      'alice',
      'image → api:1.8',
    ])
    await page.locator('.grid-body [role="gridcell"]').nth(2).click()
    const drawer = page.getByRole('complementary', { name: 'Change' })
    const diff = drawer.getByRole('table', { name: 'Changed fields' })
    await diff.waitFor()
    expect((await diff.locator('tbody').allInnerTexts()).map((each) => each.replaceAll(/\s+/g, ' ').trim())).toEqual([
      expect.stringMatching(
        /spec\.template\.spec\.containers\[api\]\.image.* registry\.example\/shop\/api:1\.7 registry\.example\/shop\/api:1\.8$/,
      ),
    ])
    await drawer.getByRole('tab', { name: 'Changed fields' }).press('ArrowRight')
    await drawer.getByRole('tab', { name: 'Before', selected: true }).waitFor()
    expect(await drawer.locator('pre').innerText()).toMatch(/image: registry\.example\/shop\/api:1\.7\n/)
    await drawer.getByRole('tab', { name: 'After' }).click()
    await drawer.getByRole('button', { name: 'JSON' }).click()
    const [kept] = await stage.weir.sql<{ object: string }>(
      `SELECT CAST("new" AS VARCHAR) AS object FROM changes WHERE kind = 'Deployment' AND name = 'api' AND ${within}`,
    )
    expect(JSON.parse(await drawer.locator('pre').innerText())).toEqual(JSON.parse(kept?.object ?? ''))
    expect(new URL(page.url()).searchParams.get('as')).toBe('after')
    const facts = await drawer.locator('dl').innerText()
    expect(facts).toMatch(/alice/)
    expect(facts).toMatch(/kubectl/)
    await drawer.getByRole('link', { name: 'current state' }).click()
    await page.getByRole('heading', { name: 'Deployment shop/api' }).waitFor()
    await page.context().close()
  })

  test('the timeline matches SQL in each bucket, also as a table, and a selection becomes the time range', async () => {
    const page = await stage.page(`${stored}&by=kind`)
    const chart = page.getByRole('figure', { name: 'Changes' })
    await chart.getByRole('button', { name: 'Table' }).click()
    const [head, ...rows] = await chart
      .locator('tr')
      .evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent ?? '')))
    const sums = await stage.weir.sql<{ kind: string; n: number }>(
      `SELECT kind, count(*)::INT AS n FROM changes WHERE len(noise) = 0 AND ${within} GROUP BY ALL ORDER BY kind`,
    )
    const drawn = (head ?? []).slice(1).map((kind, index) => ({
      kind,
      n: rows.reduce((sum, row) => sum + Number((row[index + 1] ?? '').replaceAll(',', '').replace('–', '0')), 0),
    }))
    expect(drawn.toSorted((a, b) => (a.kind < b.kind ? -1 : 1))).toEqual(sums)
    await chart.getByRole('button', { name: 'Table' }).click()
    const slider = chart.getByRole('slider')
    await slider.locator('canvas').waitFor({ state: 'attached' })
    await slider.focus()
    for (const key of ['End', ...Array<string>(5).fill('Shift+ArrowLeft'), 'Enter']) await page.keyboard.press(key)
    await expect.poll(() => new URL(page.url()).searchParams.get('t'), pollOptions).not.toBe(t)
    const [from = '', to = ''] = (new URL(page.url()).searchParams.get('t') ?? '').split('..')
    const [marked] = await stage.weir.sql<{ n: number }>(
      `SELECT count(*)::INT AS n FROM changes WHERE len(noise) = 0 AND time >= '${from}' AND time < '${to}'`,
    )
    expect(marked?.n).toBeGreaterThan(0)
    await expect.poll(() => rowCount(page), pollOptions).toBe(marked?.n)
    await page.goBack()
    await expect.poll(() => new URL(page.url()).searchParams.get('t'), pollOptions).toBe(t)
    await page.context().close()
  })

  test('every filter matches SQL, and a link shows the same in a fresh profile', async () => {
    const cases: readonly (readonly [query: string, where: string])[] = [
      ['operation=created,deleted', "operation IN ('created', 'deleted')"],
      ['kind=Pod,Secret', "kind IN ('Pod', 'Secret')"],
      ['namespace=bank', "namespace = 'bank'"],
      ['actor=bob', "actor = 'bob'"],
      ['q=REPLICAS', 'false'],
      ['q=api-v2', "CAST(diff AS VARCHAR) LIKE '%api-v2%'"],
    ]
    const page = await stage.page('/changes')
    for (const [query, where] of cases) {
      const [sum] = await stage.weir.sql<{ n: number }>(
        `SELECT count(*)::INT AS n FROM changes WHERE len(noise) = 0 AND ${within} AND ${where}`,
      )
      await page.goto(`${stage.weir.url}${stored}&${query}`)
      if (sum?.n === 0) await page.getByRole('heading', { name: 'No change matches' }).waitFor()
      else await expect.poll(() => rowCount(page), { ...pollOptions, message: query }).toBe(sum?.n)
    }
    await page.goto(`${stage.weir.url}${stored}`)
    await page.getByRole('button', { name: /^Namespace/ }).click()
    await page.getByRole('dialog', { name: 'Select namespace' }).getByRole('checkbox', { name: /^shop/ }).check()
    await page.keyboard.press('Escape')
    await page.getByRole('group', { name: 'Operations' }).getByRole('button', { name: 'deleted' }).click()
    await expect.poll(() => rowCount(page), pollOptions).toBe(4)
    const rows = await gridRows(page)
    const { pathname, search } = new URL(page.url())
    const other = await stage.page(pathname + search)
    await expect.poll(() => gridRows(other), pollOptions).toEqual(rows)
    await other.context().close()
    await page.context().close()
  })

  test('the filter completes names and values, matches SQL, and marks errors', async () => {
    const page = await stage.page(stored)
    const box = page.getByRole('combobox', { name: 'Filter' })
    await box.click()
    await box.pressSequentially('nam')
    const offered = page.getByRole('listbox', { name: 'Completions' })
    await offered.getByRole('option', { name: /^namespace/ }).waitFor()
    await box.fill('')
    await box.pressSequentially('ns = ')
    await offered.getByRole('option', { name: /^bank/ }).waitFor()
    await box.pressSequentially('ba')
    await expect.poll(() => offered.getByRole('option').count()).toBe(1)
    await page.keyboard.press('ArrowDown')
    await offered.getByRole('option', { name: /^bank/, selected: true }).waitFor()
    await page.keyboard.press('Tab')
    await expect.poll(() => box.inputValue()).toBe('ns = bank')
    await box.pressSequentially(' and not kind = Secret')
    await page.keyboard.press('Enter')
    const [bank] = await stage.weir.sql<{ n: number }>(
      `SELECT count(*)::INT AS n FROM changes WHERE len(noise) = 0 AND ${within} AND namespace = 'bank'
        AND kind <> 'Secret'`,
    )
    expect(bank?.n).toBeGreaterThan(0)
    await expect.poll(() => rowCount(page), pollOptions).toBe(bank?.n)
    expect(new URL(page.url()).searchParams.get('q')).toBe('ns = bank and not kind = Secret')
    const rows = await gridRows(page)
    await box.fill('kind = Pod and nmae = x')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').filter({ hasText: 'There is no field nmae. Did you mean name?' }).waitFor()
    await expect.poll(() => page.locator('.filter-error mark').innerText()).toBe('nmae')
    // The error takes a row's height, and the last valid result stays.
    expect((await gridRows(page)).slice(0, 3)).toEqual(rows.slice(0, 3))
    await box.fill('api-v2')
    await page.keyboard.press('Enter')
    await expect.poll(() => box.inputValue(), pollOptions).toBe('text ~ "(?i)api-v2"')
    const [found] = await stage.weir.sql<{ n: number }>(
      `SELECT count(*)::INT AS n FROM changes WHERE len(noise) = 0 AND ${within}
        AND CAST(diff AS VARCHAR) LIKE '%api-v2%'`,
    )
    await expect.poll(() => rowCount(page), pollOptions).toBe(found?.n)
    expect(await page.getByRole('button', { name: 'Swap source and destination' }).count()).toBe(0)
    await page.context().close()
  })

  test('live changes appear; while paused they are counted, rows stay, and none is lost', async () => {
    const page = await stage.page('/changes')
    await page.locator('.link.good').waitFor()
    await page.locator('.grid-body [role="row"]').first().waitFor()
    const names = async (): Promise<string[]> => (await gridRows(page)).slice(0, 3).map((row) => row[4] ?? '')
    const update = (name: string): Promise<unknown> =>
      stage.weir.events([
        asCloudEvent(change(who(`ConfigMap/shop/${name}`), Date.now(), { operation: 'created', new: {} })),
      ])
    await update('live-1')
    await expect.poll(names, pollOptions).toContain('live-1')
    await page.getByRole('button', { name: 'Pause' }).click()
    const before = await names()
    await update('live-2')
    await update('live-3')
    await page.getByRole('button', { name: 'Catch up (2 new)' }).waitFor()
    expect(await names()).toEqual(before)
    await page.getByRole('button', { name: 'Catch up (2 new)' }).click()
    await expect.poll(names, pollOptions).toEqual(['live-3', 'live-2', 'live-1'])
    await page.context().close()
  })

  test('a gap is on the timeline, announced by keys, in the table and in a list that opens its time', async () => {
    const [found, since] = [now - 1_800_000, now - 5_400_000].map((ms) => new Date(ms).toISOString())
    const body = {
      cluster: 'demo',
      group: 'apps',
      resource: 'deployments',
      missing: 1200,
      stale: 3,
      extra: 0,
      cause: 'the watch missed it',
      from: since,
      to: found,
    }
    await stage.weir.events([
      {
        specversion: '1.0',
        id: 'gap-1',
        source: '/kubernetes/demo',
        type: 'weir.kubernetes.gap',
        time: found,
        datacontenttype: 'application/json',
        data: body,
      },
    ])
    await expect
      .poll(
        async () =>
          (
            await stage.weir.sql<{ n: number }>(
              "SELECT count(*)::INT AS n FROM events WHERE type = 'weir.kubernetes.gap'",
            )
          )[0]?.n,
        pollOptions,
      )
      .toBe(1)
    const words = 'deployments.apps of demo: 1,200 missing, 3 outdated; the watch missed it'
    const page = await stage.page(stored)
    const chart = page.getByRole('figure', { name: 'Changes' })
    await chart.getByText('gap', { exact: true }).waitFor()
    const slider = chart.getByRole('slider')
    await slider.locator('canvas').waitFor({ state: 'attached' })
    await slider.focus()
    await page.keyboard.press('End')
    await expect
      .poll(async () => {
        await page.keyboard.press('ArrowLeft')
        return slider.getAttribute('aria-valuetext')
      }, pollOptions)
      .toContain(`; gap: ${words}`)
    await chart.getByRole('button', { name: 'Table' }).click()
    expect(await chart.getByRole('row', { name: `gap: ${words}` }).count()).toBe(1)
    await page.getByRole('button', { name: '1 gap' }).press('Enter')
    const list = page.getByRole('dialog', { name: 'Gaps' })
    await list.getByText(words).waitFor()
    await list.getByRole('button', { name: 'Show this time range' }).press('Enter')
    await expect
      .poll(() => new URL(page.url()).searchParams.get('t'), pollOptions)
      .toMatch(new RegExp(`^${since}\\.\\.`))
    await page.context().close()
    const elsewhere = await stage.page(`${stored}&cluster=other`)
    await elsewhere.getByRole('heading', { name: 'No change matches' }).waitFor()
    expect(await elsewhere.getByRole('button', { name: '1 gap' }).count()).toBe(0)
    await elsewhere.context().close()
  })

  test('check 33: a deleted object opens with its history and the actor of the deletion', async () => {
    const page = await stage.page(path(refOf('Deployment/shop/old-job')))
    await page.getByText(/deleted .*, by carol/).waitFor()
    const changes = page.getByRole('region', { name: 'Changes' })
    expect((await changes.getByRole('listitem').allInnerTexts()).map((each) => each.replaceAll(/\s+/g, ' '))).toEqual([
      expect.stringMatching(/deleted.*carol$/),
      expect.stringMatching(/created.*helm$/),
    ])
    await page.getByRole('heading', { name: 'Deleted' }).waitFor()
    await page.getByRole('button', { name: 'Previous state' }).click()
    await page.getByRole('button', { name: 'Previous state' }).click()
    await page.getByRole('heading', { name: 'State then' }).waitFor()
    await page.getByText('app=old-job').waitFor()
    expect(new URL(page.url()).searchParams.get('at')).toMatch(/^\d{4}-/)
    await changes.getByRole('button', { name: /^created/ }).click()
    await page.getByRole('table', { name: 'Changed fields' }).waitFor()
    await page.context().close()
  })

  test('an object shows owners, node, images, services and events, and is found by name', async () => {
    const page = await stage.page('/resources')
    await page.getByRole('combobox', { name: 'Filter' }).fill('api-5c44-bx0')
    await page.keyboard.press('Enter')
    // The pod, and the EndpointSlice that names it.
    await expect.poll(() => rowCount(page), pollOptions).toBe(2)
    expect(new URL(page.url()).searchParams.get('q')).toBe('text ~ "(?i)api-5c44-bx0"')
    await page.getByRole('combobox', { name: 'Filter' }).fill('kind = Pod and owner = api-5c44')
    await page.keyboard.press('Enter')
    const pods = Number(
      (
        await stage.weir.sql<{ n: number }>(
          `SELECT count(*)::INT AS n FROM resources WHERE valid_to IS NULL AND kind = 'Pod'
            AND owner_name = 'api-5c44'`,
        )
      )[0]?.n,
    )
    await expect.poll(() => rowCount(page), pollOptions).toBe(pods)
    await page.locator('.page-line').getByText(`showing ${pods} of ${pods} objects`).waitFor()
    await page.goBack()
    await expect.poll(() => rowCount(page), pollOptions).toBe(2)
    await page.locator('.grid-body').getByRole('gridcell', { name: 'api-5c44-bx0', exact: true }).click()
    await page.getByRole('heading', { name: 'Pod shop/api-5c44-bx0' }).waitFor()
    const belongs = page.getByRole('region', { name: 'Relations', exact: true })
    expect(await belongs.locator('.tree').innerText()).toMatch(
      /Deployment shop\/api\s+ReplicaSet shop\/api-5c44\s+Pod shop\/api-5c44-bx0/,
    )
    for (const name of ['Node worker-1', 'Namespace shop', 'Service shop/api'])
      await belongs.getByRole('link', { name }).waitFor()
    await belongs.getByText('registry.example/shop/api:1.8').waitFor()
    expect(
      (await page.getByRole('region', { name: 'Cluster events' }).getByRole('listitem').allInnerTexts()).map((each) =>
        each.split('\n')[1]?.trim(),
      ),
    ).toEqual(['▲ Unhealthy', '● Pulled', '● Scheduled'])
    await belongs.getByRole('link', { name: 'Deployment shop/api' }).click()
    await page.getByRole('heading', { name: 'Deployment shop/api' }).waitFor()
    await expect.poll(() => belongs.getByRole('link', { name: /^Pod shop\/api-5c44/ }).count(), pollOptions).toBe(3)
    await page.context().close()
  })
})

describe.skipIf(chromiumPath === undefined)('chromium: an address that two pods have one after the other', () => {
  const stage = useStage()
  const [address, world]: [End, End] = [
    { address: '10.20.9.9', namespace: '', name: '' },
    { address: '203.0.113.9', namespace: '', name: '' },
  ]

  test('check 23: each pod has the flows of its lifetime, on both sides of the switch', async () => {
    const began = Date.now() - 60_000
    await take(stage, [
      resource(who('Pod/shop/first'), began, { phase: 'Running', addresses: [{ ip: address.address, as: 'pod' }] }),
    ])
    await sendNamespaced(stage.weir.ports.netflow, [[address, world]], 12)
    await stage.stored(12)
    await sleep(1200)
    const switched = Date.now()
    await take(stage, [
      resource(who('Pod/shop/first'), switched, { state: 'gone' }),
      resource(who('Pod/shop/second'), switched, { phase: 'Running', addresses: [{ ip: address.address, as: 'pod' }] }),
    ])
    await sleep(1200)
    await sendNamespaced(stage.weir.ports.netflow, [[address, world]], 7)
    await stage.stored(19)
    const sql = async (side: string): Promise<{ n: number; bytes: number } | undefined> =>
      (
        await stage.weir.sql<{ n: number; bytes: number }>(
          `SELECT count(*)::INT AS n, sum(bytes_est)::INT AS bytes FROM flows WHERE src_addr = '${address.address}'
            AND time_end ${side} '${new Date(switched).toISOString()}'`,
        )
      )[0]
    const [before, after] = [await sql('<'), await sql('>=')]
    expect([before?.n, after?.n]).toEqual([12, 7])
    const page = await stage.page(undefined)
    const shown = async (name: string, at: string): Promise<string> => {
      await page.goto(`${stage.weir.url}${path(refOf(`Pod/shop/${name}`))}${at}`)
      await page.getByRole('table', { name: 'Sends to' }).getByText(world.address).waitFor()
      return (await page.getByRole('table', { name: 'Sends to' }).locator('tbody tr').first().innerText()).replaceAll(
        /\s+/g,
        ' ',
      )
    }
    const row = (of: { n: number; bytes: number } | undefined): string =>
      `${((of?.bytes ?? 0) / 1000).toFixed((of?.bytes ?? 0) < 10_000 ? 2 : 1)} kB ${of?.n ?? 0}`
    expect(await shown('first', `?v=1&at=${new Date(switched - 100).toISOString()}`)).toContain(` ${row(before)}`)
    expect(await shown('second', '')).toContain(` ${row(after)}`)
    await page.context().close()
  })
})

describe.skipIf(chromiumPath === undefined)('chromium: a cluster with secrets', () => {
  const stage = new Stage()
  const kinds: readonly Kind[] = [
    { group: '', version: 'v1', kind: 'Secret', resource: 'secrets', namespaced: true },
    { group: 'apps', version: 'v1', kind: 'Deployment', resource: 'deployments', namespaced: true },
  ]
  const server = new DemoApiServer(kinds)
  const secrets = ['hunter2-first-value', 'hunter2-second-value', 'hunter2-in-variable', 'hunter2-in-another'] as const
  let folder = ''

  const put = ([key, variable]: readonly [string, string]): void => {
    server.put('Secret', {
      metadata: { name: 'payment', namespace: 'shop' },
      type: 'Opaque',
      data: { key: Buffer.from(key).toString('base64') },
    })
    server.put('Deployment', {
      metadata: { name: 'api', namespace: 'shop' },
      spec: {
        template: {
          spec: {
            containers: [
              { name: 'api', image: `api:${variable.length}`, env: [{ name: 'DB_PASSWORD', value: variable }] },
            ],
          },
        },
      },
    })
  }

  beforeAll(async () => {
    if (chromiumPath === undefined) return
    folder = await mkdtemp(join(tmpdir(), 'weir-secrets-'))
    await writeFile(join(folder, 'kubeconfig'), JSON.stringify(kubeconfig(await server.open())))
    put([secrets[0], secrets[2]])
    await stage.open({
      sources: {
        cluster: { type: 'kubernetes', cluster: 'demo', kubeconfig: join(folder, 'kubeconfig'), initial: 'snapshot' },
      },
    })
    const stored = async (least: number): Promise<void> => {
      await until(
        async () =>
          Number((await stage.weir.sql<{ n: number }>('SELECT count(*)::INT AS n FROM changes'))[0]?.n) >= least,
      )
    }
    await stored(2)
    put([secrets[1], secrets[3]])
    await stored(4)
  })
  afterAll(async () => {
    await stage.close()
    await server.close()
    await rm(folder, { recursive: true, force: true })
  })

  test('check 31: the value of a secret is in no page, URL, response or log; its changes are visible', async () => {
    const written = new RegExp(
      [...secrets, ...secrets.map((secret) => Buffer.from(secret).toString('base64'))].join('|'),
    )
    const page = await stage.page('/changes?v=1&t=now-1h..now')
    const answers: Promise<string>[] = []
    page.on('response', (answer) => {
      if (answer.url().includes('/api/') && !answer.url().includes('/live')) answers.push(answer.text().catch(() => ''))
    })
    await page.reload()
    await expect.poll(() => rowCount(page), pollOptions).toBe(4)
    expect((await gridRows(page)).flat().join(' ')).toContain('redacted')
    const digests = new Set<string>()
    for (let row = 0; row < 4; row++) {
      await page.locator(`[data-at="${row}:2"]`).click()
      await page.getByRole('table', { name: 'Changed fields' }).waitFor()
      await expect.poll(() => page.locator('.redacted').count(), pollOptions).toBeGreaterThan(0)
      for (const each of await page.locator('.redacted').allInnerTexts()) digests.add(each)
      expect(await page.content()).not.toMatch(written)
      expect(page.url()).not.toMatch(written)
      await page.keyboard.press('Escape')
    }
    // A digest per value makes changes visible.
    expect(digests.size).toBe(4)
    for (const of of ['Secret/shop/payment', 'Deployment/shop/api']) {
      await page.goto(stage.weir.url + path(refOf(of)))
      await page.getByRole('region', { name: 'Changes' }).getByRole('listitem').first().waitFor()
      expect(await page.content()).not.toMatch(written)
    }
    expect(answers.length).toBeGreaterThan(5)
    for (const answer of await Promise.all(answers)) expect(answer).not.toMatch(written)
    expect(JSON.stringify(await stage.weir.sql('SELECT * FROM events'))).not.toMatch(written)
    expect(stage.weir.log).not.toMatch(written)
    await page.context().close()
  })
})

describe.skipIf(chromiumPath === undefined)('chromium: a rollout that breaks traffic', () => {
  const stage = new Stage()
  const cluster = new DemoCluster(1)
  let folder = ''

  beforeAll(async () => {
    if (chromiumPath === undefined) return
    folder = await mkdtemp(join(tmpdir(), 'weir-rollout-'))
    await writeFile(join(folder, 'kubeconfig'), JSON.stringify(kubeconfig(await cluster.server.open())))
    const [port] = await freePorts(1)
    await stage.open({
      sources: {
        cluster: {
          type: 'kubernetes',
          cluster: demoCluster,
          kubeconfig: join(folder, 'kubeconfig'),
          noise: { show: ['heartbeats'] },
        },
        'cluster-audit': { type: 'kube-audit', cluster: demoCluster, listen: `127.0.0.1:${port}` },
      },
    })
    const stored = async (sql: string): Promise<void> => {
      await until(
        async () => Number((await stage.weir.sql<{ n: number }>(`SELECT count(*)::INT AS n FROM ${sql}`))[0]?.n) !== 0,
      )
    }
    await stored("resources WHERE kind = 'Pod' AND phase = 'Running' AND name = 'database-0'")
    await stored("resources WHERE kind = 'Pod' AND phase = 'Running' AND name LIKE 'api-%'")
    await stage.flows(44_000)
    cluster.live(45_000)
    await fetch(`http://127.0.0.1:${port}/audit`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ apiVersion: 'audit.k8s.io/v1', kind: 'EventList', metadata: {}, items: cluster.audits() }),
    })
    await stored("changes WHERE kind = 'Deployment' AND actor_kind = 'user'")
    await stored(
      `resources WHERE kind = 'Pod' AND phase = 'Running' AND name LIKE 'api-%'
        AND valid_from > now()::TIMESTAMPTZ - INTERVAL 30 SECOND AND CAST(data AS VARCHAR) LIKE '%10.20.1.22%'`,
    )
    await stage.flows(12_000)
    await stage.filled()
  })
  afterAll(async () => {
    await stage.close()
    await cluster.server.close()
    await rm(folder, { recursive: true, force: true })
  })

  const sumOf = async (where: string): Promise<{ n: number } | undefined> =>
    (await stage.weir.sql<{ n: number }>(`SELECT count(*)::INT AS n FROM flows WHERE ${where}`))[0]
  const api = (end: string): string =>
    `${end}_owner_kind = 'Deployment' AND ${end}_owner_name = 'api' AND ${end}_namespace = 'shop'`

  test('check 30: the page of a Deployment shows its change, the person, and its flows before and after', async () => {
    const page = await stage.page(path(refOf('Deployment/shop/api')))
    const flows = page.getByRole('region', { name: 'Flows' })
    for (const [end, title] of [
      ['src', 'Sends to'],
      ['dst', 'Receives from'],
    ] as const) {
      const sum = await sumOf(api(end))
      expect(sum?.n).toBeGreaterThan(50)
      const table = flows.getByRole('table', { name: title })
      await table.waitFor()
      const rows = await table
        .locator('tbody tr')
        .evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent ?? '')))
      expect(
        rows.reduce((all, row) => all + Number((row[2] ?? '').replaceAll(',', '')), 0),
        title,
      ).toBe(sum?.n)
      expect(rows.map(([name]) => name).join(' ')).toContain(end === 'src' ? 'database-0' : 'web-6b8d4')
    }
    await flows.getByText('rollout', { exact: true }).first().waitFor()
    const [change] = await stage.weir.sql<{ actor: string }>("SELECT actor FROM changes WHERE kind = 'Deployment'")
    expect(['alice', 'bob', 'carol']).toContain(change?.actor)
    const changes = page.getByRole('region', { name: 'Changes' })
    // The readiness of the replicas is another change.
    expect(
      (await changes.getByRole('listitem').allInnerTexts()).map((each) => each.replaceAll(/\s+/g, ' ')),
    ).toContainEqual(expect.stringMatching(new RegExp(`updated role removed · image → api:1\\.8 ${change?.actor}$`)))
    await changes.getByRole('listitem').filter({ hasText: 'role removed' }).getByRole('button').first().click()
    const diff = page.getByRole('table', { name: 'Changed fields' })
    await diff.waitFor()
    expect((await diff.innerText()).replaceAll(/\s+/g, ' ')).toMatch(
      /spec\.template\.metadata\.labels\.role.* db-client –.*containers\[api\]\.image.*api:1\.7 registry\.example\/shop\/api:1\.8/,
    )
    await flows.getByRole('link', { name: 'Show flows' }).click()
    const all = await sumOf(`(${api('src')}) OR (${api('dst')})`)
    await page.getByText(`of ${text.format(all?.n ?? 0)} flows`).waitFor()
    await page.context().close()
  })

  test('namespaces, owners, resources, hosts and zones in table, overview and topology match SQL', async () => {
    const page = await stage.page('/flows')
    for (const [title, fields] of [
      ['Namespace to namespace', 'src_namespace, dst_namespace'],
      ['Owner to owner', 'src_owner_name, dst_owner_name'],
      ['Name to name', 'src_name, dst_name'],
      ['Node to node', 'src_node, dst_node'],
      ['Zone to zone', 'src_zone, dst_zone'],
    ] as const) {
      const groups = await stage.weir.sql<{ key: string; n: number }>(
        `SELECT concat_ws(' ', ${fields
          .split(', ')
          .map((field) => `coalesce(${field}, '–')`)
          .join(', ')}) AS key, count(*)::INT AS n FROM flows GROUP BY ${fields} ORDER BY 1`,
      )
      expect(groups.length, title).toBeGreaterThan(1)
      await page.goto(`${stage.weir.url}/flows?v=1&live=0&t=now-1h..now&by=flows&group=${fields.replace(', ', ',')}`)
      await expect.poll(() => rowCount(page).catch(() => 0), { ...pollOptions, message: title }).toBe(groups.length)
      expect(
        (await gridRows(page))
          .map((row) => ({ key: `${row[0]} ${row[1]}`, n: Number((row[4] ?? '').replaceAll(',', '')) }))
          .toSorted((a, b) => (a.key < b.key ? -1 : 1)),
        title,
      ).toEqual(groups)
      await page.getByRole('button', { name: title }).first().waitFor()
    }
    const zones = await stage.weir.sql<{ zone: string | null }>('SELECT DISTINCT src_zone AS zone FROM flows')
    await page.goto(`${stage.weir.url}/flows?v=1&live=0&t=now-1h..now&view=overview&dim=src_zone`)
    await page.getByText('eu-1a').first().waitFor()
    expect(
      zones
        .map(({ zone }) => zone)
        .filter((zone) => zone !== null)
        .toSorted(),
    ).toEqual(['eu-1a', 'eu-1b'])
    for (const [scope, part] of [
      ['namespace', 'namespace'],
      ['owner', "owner_name || '/' || namespace"],
      ['node', 'node'],
      ['zone', 'zone'],
    ] as const) {
      const ends = (end: string): string => part.replaceAll(/\b(namespace|owner_name|node|zone)\b/g, `${end}_$1`)
      const [nodes] = await stage.weir.sql<{ n: number }>(
        `SELECT count(DISTINCT coalesce(name, '?'))::INT AS n FROM (SELECT ${ends('src')} AS name FROM flows
          UNION ALL SELECT ${ends('dst')} FROM flows)`,
      )
      await page.goto(`${stage.weir.url}/flows?v=1&live=0&t=now-1h..now&view=topology&scope=${scope}`)
      await expect
        .poll(
          () =>
            page
              .locator('.graph-place')
              .getAttribute('data-nodes')
              .catch(() => ''),
          { ...pollOptions, message: scope },
        )
        .toBe(String(nodes?.n))
    }
    await page.context().close()
  })

  test('check 32: status updates of a watched cluster are hidden by default and counted', async () => {
    const [sum] = await stage.weir.sql<{ shown: number; heartbeats: number; status: number }>(
      `SELECT count(*) FILTER (len(noise) = 0)::INT AS shown, count(*) FILTER (list_contains(noise,
        'heartbeats'))::INT AS heartbeats, count(*) FILTER (list_contains(noise, 'status'))::INT AS status
          FROM changes`,
    )
    expect(sum?.heartbeats).toBeGreaterThan(0)
    expect(sum?.status).toBeGreaterThan(0)
    const page = await stage.page('/changes?v=1&live=0')
    await page.getByText(new RegExp(`hidden as noise: .*status ${sum?.status ?? 0}`)).waitFor()
    await expect.poll(() => rowCount(page), pollOptions).toBe(sum?.shown)
    await page.getByRole('button', { name: 'Show noise' }).click()
    await expect.poll(() => rowCount(page), pollOptions).toBeGreaterThan(sum?.shown ?? 0)
    await page.context().close()
  })

  test('the change is shown with the traffic that it broke', async () => {
    const page = await stage.page('/changes?v=1&t=now-15m..now')
    const traffic = page.getByRole('region', { name: 'Traffic' })
    await traffic.getByText('change', { exact: true }).waitFor()
    await traffic.getByRole('button', { name: 'Table' }).click()
    const slots = await traffic.locator('tbody tr').count()
    expect(await page.getByRole('region', { name: 'Timeline' }).getByRole('slider').getAttribute('aria-valuemax')).toBe(
      String(slots - 1),
    )
    await expect.poll(async () => (await gridRows(page)).flat().join(' '), pollOptions).toContain('image → api:1.8')
    await page.context().close()
  })
})

describe.skipIf(chromiumPath === undefined)('chromium: limited namespaces', () => {
  const stage = new Stage()
  const tokens = { root: 'correct-horse-battery-admin', bank: 'correct-horse-battery-bank' }
  beforeAll(async () => {
    if (chromiumPath === undefined) return
    await stage.open({
      http: { auth: 'none' },
      auth: {
        tokens: [
          { name: 'root', token: tokens.root },
          { name: 'bank-team', token: tokens.bank, role: 'viewer', namespaces: ['bank'] },
        ],
      },
    })
    const events = clusterLife()
    for (let at = 0; at < events.length; at += 500)
      await stage.weir.events(events.slice(at, at + 500).map(asCloudEvent))
  })
  afterAll(() => stage.close())

  test('check 44: a user limited to a namespace sees only its changes and objects, also live', async () => {
    const page = await stage.page(`/changes#token=${tokens.bank}`)
    await expect.poll(() => rowCount(page).catch(() => 0), pollOptions).toBe(36)
    expect(new Set((await gridRows(page)).map((row) => row[3]))).toEqual(new Set(['bank']))
    await page.getByText('polled every 3 s').waitFor()
    await stage.weir.events(
      ['shop', 'bank'].map((namespace) =>
        asCloudEvent(change(who(`ConfigMap/${namespace}/late`), Date.now(), { operation: 'created', new: {} })),
      ),
    )
    await expect.poll(async () => (await gridRows(page))[0]?.[4], pollOptions).toBe('late')
    expect(await rowCount(page)).toBe(37)
    expect(await page.evaluate<string>('document.body.innerText')).not.toMatch(/shop|worker/)
    await page.goto(`${stage.weir.url}/resources`)
    await expect.poll(() => rowCount(page).catch(() => 0), pollOptions).toBe(2)
    expect((await gridRows(page)).map((row) => [row[0], row[2]])).toEqual([
      ['Namespace', 'bank'],
      ['Pod', 'ledger-0'],
    ])
    await page.goto(stage.weir.url + path(refOf('Pod/bank/ledger-0')))
    await page.getByRole('heading', { name: 'Pod bank/ledger-0' }).waitFor()
    await page.goto(stage.weir.url + path(refOf('Deployment/shop/api')))
    await page.getByRole('heading', { name: 'Object not found' }).waitFor()
    await page.context().close()
  })
})
