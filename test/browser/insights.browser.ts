import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test, describe, beforeAll } from 'vitest'
import { mintToken } from '../../src/net/lagoon-token.ts'
import { freePorts } from '../kit/free-port.ts'
import { kubeconfigOf } from '../kit/kubeconfig.ts'
import { asCloudEvent } from '../../sim/cloud-event.ts'
import { refOf, resource, who } from './kit/cluster-life.ts'
import { hidden, outside } from './kit/readable.ts'
import { log4shell, putReport, report } from './kit/scanner-report.ts'
import { chromiumPath, gridRows, Stage, useStage, violations } from './kit/stage.ts'
import { until } from './kit/until.ts'

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`
const folder = process.env['WEIR_PICTURES']

describe.skipIf(chromiumPath === undefined)('chromium: insights', () => {
  const stage = useStage()

  const put = (image: string, body: object): Promise<void> => putReport(stage.weir.url, image, body)

  beforeAll(async () => {
    if (chromiumPath === undefined) return
    await put(
      digest('a'),
      report(
        [
          ['log4j-core', '2.14.1'],
          ['guava', '31.0'],
        ],
        [
          log4shell,
          { VulnerabilityID: 'CVE-2023-2976', PkgName: 'guava', InstalledVersion: '31.0', Severity: 'MEDIUM' },
        ],
      ),
    )
    await put(digest('b'), report([['log4j-core', '2.14.1']], [log4shell]))
    const since = Date.now() - 600_000
    const pod = (name: string, image: string): object =>
      asCloudEvent(
        resource(who(`Pod/shop/${name}`), since, {
          phase: 'Running',
          owners: [{ kind: 'ReplicaSet', group: 'apps', name: 'api-1', uid: 'rs', controller: true }],
          images: [
            { container: 'api', image: 'registry.example/shop/api:1', id: `registry.example/shop/api@${image}` },
          ],
        }),
      )
    await stage.weir.events([
      asCloudEvent(
        resource(who('ReplicaSet/shop/api-1'), since, {
          owners: [{ kind: 'Deployment', group: 'apps', name: 'api', uid: 'd', controller: true }],
        }),
      ),
      pod('api-1-a', digest('a')),
      pod('api-1-b', digest('c')),
    ])
    const problems = async (): Promise<number> =>
      Number(((await stage.weir.sql('SELECT count(*)::INTEGER AS n FROM problems')) as { n: number }[])[0]?.n)
    await until(async () => (await problems()) >= 3)
  })

  test('problems are listed worst first, with fix and workloads; one box finds a package everywhere', async () => {
    const page = await stage.page('/insights')
    const tiles = page.getByRole('group', { name: 'Problems by severity' })
    await tiles.getByText('1 problem').first().waitFor()
    expect(await tiles.getByRole('button').first().innerText()).toMatch(/Critical\s+1 problem\s+2 findings · 2 fixable/)
    await expect.poll(async () => (await gridRows(page)).length).toBe(2)
    const [first] = await gridRows(page)
    expect(first?.join(' ')).toContain('CVE-2021-44228')
    expect(await violations(page)).toEqual([])
    await page.getByRole('button', { name: 'Running' }).click()
    await expect.poll(async () => (await gridRows(page)).length).toBe(2)
    expect((await gridRows(page))[0]?.join(' ')).toContain('api shop')
    await page.getByRole('tab', { name: 'Packages' }).click()
    await page.getByRole('button', { name: 'Running' }).click()
    await page.getByRole('searchbox').fill('log4j 2.14')
    await page.keyboard.press('Enter')
    await expect.poll(async () => (await gridRows(page)).length).toBe(2)
    expect(new URL(page.url()).searchParams.get('text')).toBe('log4j 2.14')
    await page.context().close()
  })

  test('a running image without a report is listed as not scanned, and details show affected images', async () => {
    const page = await stage.page('/insights?v=1&list=images&only=unscanned')
    await expect.poll(async () => (await gridRows(page)).length).toBe(1)
    expect((await gridRows(page))[0]?.join(' ')).toContain('not scanned')
    await page.goto(`${stage.weir.url}/insights?v=1&only=running`)
    await page.locator('.grid-body [role="row"]').first().click()
    const details = page.getByRole('complementary', { name: 'Problem CVE-2021-44228' })
    await details.getByText('2.17.1').first().waitFor()
    await expect.poll(() => details.locator('li').count()).toBe(2)
    expect(await violations(page)).toEqual([])
    await details.getByRole('link', { name: /^Who talked to it since/ }).click()
    await expect.poll(() => new URL(page.url()).pathname).toBe('/flows')
    const { q, group, t } = Object.fromEntries(new URL(page.url()).searchParams)
    expect({ q, group }).toEqual({
      q: 'initiator = src and dst_namespace = "shop" and dst_owner_kind = "Deployment" and dst_owner_name = "api"',
      group: 'src_endpoint',
    })
    expect(t).toMatch(/^20.*\.\.now$/)
    await page.getByRole('searchbox').or(page.getByRole('combobox')).first().waitFor()
    expect(await page.getByRole('alert').count()).toBe(0)
    await page.context().close()
  })

  test('check 37: ids and findings equal SQL; lists of fixable problems and unscanned images', async () => {
    const page = await stage.page('/insights')
    const tiles = page.getByRole('group', { name: 'Problems by severity' })
    await tiles.getByText('1 problem').first().waitFor()
    const counts = (await stage.weir.sql(`SELECT severity, count(DISTINCT id)::INTEGER AS ids,
      count(*)::INTEGER AS findings FROM problems GROUP BY severity`)) as Record<string, string | number>[]
    expect(counts).toHaveLength(2)
    for (const { severity, ids, findings } of counts) {
      const tile = tiles.getByRole('button', { name: new RegExp(`^${String(severity)}`, 'i') })
      expect(await tile.innerText()).toMatch(new RegExp(`${ids} problems?\\s+${findings} findings?\\b`))
    }
    await page.getByRole('button', { name: 'Fixable', exact: true }).click()
    await expect.poll(async () => (await gridRows(page)).length).toBe(1)
    for (const row of await gridRows(page)) expect(row.join(' ')).toContain('2.17.1')
    await page.goto(`${stage.weir.url}/insights?v=1&list=images&only=unscanned`)
    await expect.poll(async () => (await gridRows(page)).length).toBe(1)
    const reports = await stage.weir.sql(`SELECT 1 FROM images WHERE image LIKE '%${'c'.repeat(12)}%'`)
    expect([(await gridRows(page))[0]?.join(' ').includes('c'.repeat(12)), reports]).toEqual([true, []])
    await page.context().close()
  })

  test('two images are compared, from the details of one', async () => {
    const page = await stage.page('/insights?v=1&list=images')
    await page.getByRole('row').filter({ hasText: 'aaaaaaaaaaaa' }).first().click()
    await page.getByRole('button', { name: 'Compare with another image' }).click()
    await page.getByText('Select two images').waitFor()
    await page.getByLabel('Compared with').selectOption(digest('b'))
    await expect
      .poll(async () => (await gridRows(page)).map((row) => row.join(' ').trim()))
      .toEqual([
        expect.stringMatching(/removed\s+guava/),
        expect.stringMatching(/resolved problem\s+CVE-2023-2976\s+● Medium\s+guava/),
      ])
    expect(await violations(page)).toEqual([])
    if (folder !== undefined) await page.screenshot({ path: `${folder}/insights-compare.png` })
    await page.context().close()
  })

  test('all rows of a list are exported, exploited problems come first, and tiles have a trend', async () => {
    const page = await stage.page('/insights?v=1&sort=priority')
    await expect.poll(async () => (await gridRows(page)).length).toBe(2)
    const saved = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Export', exact: true }).click()
    await page.getByRole('button', { name: 'Export NDJSON' }).click()
    const lines = (await readFile(await (await saved).path(), 'utf8')).trim().split('\n')
    expect(lines.map((line) => (JSON.parse(line) as { id: string }).id)).toEqual(['CVE-2021-44228', 'CVE-2023-2976'])
    const sheet = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Export CSV' }).click()
    const text = await readFile(await (await sheet).path(), 'utf8')
    expect(text).toMatch(/^Severity,Score,ID,/)
    expect(text.trim().split('\r\n')).toHaveLength(3)
    await page
      .getByRole('img', { name: 'Problems on each of the last days and now: –, –, –, –, –, –, –, 1' })
      .first()
      .waitFor()
    await page.getByRole('button', { name: 'Exploited' }).click()
    await page.getByText('Nothing matches').waitFor()
    await page.context().close()
  })

  test('an analysis is recorded for the images of a problem, replaced, and exported as OpenVEX', async () => {
    const page = await stage.page('/insights')
    await page.getByRole('row').filter({ hasText: 'CVE-2023-2976' }).click()
    const details = page.getByRole('complementary', { name: 'Problem CVE-2023-2976' })
    await details.getByLabel('Justification').selectOption('Vulnerable code is never executed')
    await details.getByLabel('Note').fill('not on the class path')
    await details.getByRole('button', { name: 'Record for 1 image' }).click()
    await details.getByText('Recorded for 1 image').waitFor()
    const row = page.getByRole('row').filter({ hasText: 'CVE-2023-2976' })
    const isWaived = async () => await stage.weir.sql("SELECT waived FROM problems WHERE id = 'CVE-2023-2976'")
    await expect.poll(isWaived).toEqual([{ waived: true }])
    await page.getByRole('button', { name: /^Refresh/ }).click()
    await row.getByText('waived').waitFor()
    const saved = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Export', exact: true }).click()
    await page.getByRole('button', { name: 'Export VEX' }).click()
    const document = JSON.parse(await readFile(await (await saved).path(), 'utf8')) as Record<string, unknown>
    expect(document['statements']).toMatchObject([
      {
        vulnerability: { name: 'CVE-2023-2976' },
        status: 'not_affected',
        justification: 'vulnerable_code_not_in_execute_path',
      },
    ])
    await details.getByLabel('Status').selectOption('Affected')
    await details.getByRole('button', { name: 'Record for 1 image' }).click()
    await expect.poll(isWaived).toEqual([{ waived: false }])
    await page.getByRole('button', { name: /^Refresh/ }).click()
    await row.getByText('waived').waitFor({ state: 'detached' })
    expect(await violations(page)).toEqual([])
    await page.context().close()
  })

  test('the page of a workload has the problems of its images', async () => {
    const page = await stage.page(`/resource/${refOf('Pod/shop/api-1-a')}`)
    const section = page.getByRole('region', { name: 'Problems of its images' })
    await section.getByText('1 critical, 0 high; 2 findings, 1 fixable').waitFor()
    await section.getByRole('link').click()
    await expect.poll(async () => (await gridRows(page)).length).toBe(2)
    await page.context().close()
  })

  test.each([
    [1440, 'light'],
    [1440, 'dark'],
    [390, 'light'],
    [390, 'dark'],
  ] as const)('nothing is cut off at %i px, %s', async (width, colorScheme) => {
    const page = await stage.page('/insights', { colorScheme, viewport: { width, height: 900 } })
    await page.locator('.grid-body [role="row"]').first().waitFor()
    if (folder !== undefined) await page.screenshot({ path: `${folder}/insights-${width}-${colorScheme}.png` })
    expect([...(await outside(page)), ...(await hidden(page)), ...(await violations(page))]).toEqual([])
    if (width === 1440) {
      const { x = Infinity, width: own = 0 } =
        (await page.getByRole('columnheader', { name: 'Workloads' }).boundingBox()) ?? {}
      expect(x + own).toBeLessThanOrEqual(width)
      const cut = await page
        .locator('.grid-title')
        .evaluateAll((titles) =>
          titles.filter((title) => title.scrollWidth > title.clientWidth).map((title) => title.textContent),
        )
      expect(cut).toEqual([])
      const severities = page.locator('.grid-body [role="row"] > div:first-child')
      expect(await severities.evaluateAll((all) => all.filter((one) => one.scrollWidth > one.clientWidth).length)).toBe(
        0,
      )
    }
    await page.locator('.grid-body [role="row"]').first().click()
    await page.getByRole('complementary').locator('li').first().waitFor()
    if (folder !== undefined) await page.screenshot({ path: `${folder}/insights-${width}-${colorScheme}-details.png` })
    expect([...(await outside(page)), ...(await violations(page))]).toEqual([])
    expect(stage.complaints).toEqual([])
    await page.context().close()
  })
})

describe.skipIf(chromiumPath === undefined)('chromium: insights that a workload of Lagoon posts', () => {
  const stage = new Stage()
  const secret = 's'.repeat(32)
  let dir = ''
  let [web, token] = ['', '']

  beforeAll(async () => {
    if (chromiumPath === undefined) return
    dir = await mkdtemp(join(tmpdir(), 'weir-posted-'))
    const [port = 0] = await freePorts(1)
    const file = (name: string, text: string): Promise<void> => writeFile(join(dir, name), text, { mode: 0o600 })
    await file('secret', secret)
    await file('kubeconfig', kubeconfigOf('http://127.0.0.1:1'))
    await stage.open({
      sources: {
        insights: {
          type: 'lagoon-insights',
          configmaps: false,
          bind_tokens: false,
          kubeconfig: join(dir, 'kubeconfig'),
          listen: `127.0.0.1:${port}`,
          token_secret: `file:${join(dir, 'secret')}`,
        },
      },
    })
    web = `http://127.0.0.1:${port}`
    const claims = { environmentId: '777', environmentName: 'main', namespace: 'proj-main', projectName: 'proj' }
    token = await mintToken(secret, claims)
  })
  afterAll(async () => {
    await stage.close()
    if (dir !== '') await rm(dir, { recursive: true, force: true })
  })

  const post = async (path: string, body: object): Promise<void> => {
    const headers = { authorization: token }
    const response = await fetch(web + path, { method: 'POST', headers, body: JSON.stringify(body) })
    expect([path, response.status]).toEqual([path, 200])
  }

  test('a fact, a problem and an SBOM arrive in SQL, in the API and on the page', { timeout: 90_000 }, async () => {
    const from = { source: 'drush', service: 'cli' }
    await post('/facts', [{ name: 'php-version', value: '8.3.1', category: 'Programming language', ...from }])
    await post('/problems', [
      {
        identifier: 'CVE-2024-4577',
        severity: 'CRITICAL',
        severityScore: 0.98,
        associatedPackage: 'php',
        version: '8.3.1',
        fixedVersion: '8.3.8',
        links: 'https://example.test/CVE-2024-4577',
        ...from,
      },
    ])
    await post('/sbom/cli', {
      bomFormat: 'CycloneDX',
      specVersion: '1.5',
      components: [{ type: 'library', name: 'drupal', version: '10.2', purl: 'pkg:composer/drupal@10.2' }],
    })
    const image = 'lagoon:default/proj-main/cli'
    const rows = (sql: string): Promise<unknown> => stage.weir.sql(sql)
    await expect
      .poll(() => rows('SELECT category, name, value, image, image_name, tool FROM facts'), { timeout: 30_000 })
      .toEqual([
        {
          category: 'Programming language',
          name: 'php-version',
          value: '8.3.1',
          image,
          image_name: 'proj/main/cli',
          tool: 'drush',
        },
      ])
    await expect
      .poll(() => rows('SELECT id, severity, package, fixed_version FROM problems'), { timeout: 30_000 })
      .toEqual([{ id: 'CVE-2024-4577', severity: 'CRITICAL', package: 'php', fixed_version: '8.3.8' }])
    await expect
      .poll(() => rows('SELECT name, version, image FROM packages'), { timeout: 30_000 })
      .toEqual([{ name: 'drupal', version: '10.2', image }])
    const response = await fetch(`${stage.weir.url}/api/v1/problems`)
    const { problems } = (await response.json()) as { readonly problems: unknown }
    expect(problems).toMatchObject([
      { id: 'CVE-2024-4577', score: 0.98, image, image_name: 'proj/main/cli', tool: 'drush', version: '8.3.1' },
    ])
    const page = await stage.page('/insights')
    await expect.poll(async () => (await gridRows(page)).length).toBe(1)
    expect((await gridRows(page))[0]?.join(' ')).toMatch(/Critical.*CVE-2024-4577.*php.*8\.3\.8/)
    await page.locator('.grid-body [role="row"]').first().click()
    await page.getByRole('complementary').getByText('proj/main/cli').first().waitFor()
    if (folder !== undefined) await page.screenshot({ path: `${folder}/insights-posted.png` })
    expect(await violations(page)).toEqual([])
    await page.goto(`${stage.weir.url}/insights?v=1&list=images`)
    await page.getByRole('row').filter({ hasText: 'proj/main/cli' }).first().click()
    await page.getByRole('button', { name: 'Facts' }).click()
    await page.getByText('php-version').first().waitFor()
    await page.getByText('Programming language').first().waitFor()
    if (folder !== undefined) await page.screenshot({ path: `${folder}/insights-facts.png` })
    expect([await violations(page), stage.complaints]).toEqual([[], []])
    await page.context().close()
  })
})
