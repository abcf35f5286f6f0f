import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { candidate, incident, pin } from '../../src/topics/incidents/testing/incident.ts'
import { savedBy } from './kit/saved.ts'
import { chromiumPath, gridRows, useStage, violations } from './kit/stage.ts'

const notes = [
  '# Timeline',
  '',
  '- 14:08 rollback by **alice**',
  '- see [the runbook](https://runbooks.example/db) and [this](javascript:alert(1))',
  '',
  '<img src=x onerror="document.title=1">',
  '',
  '| Who | What |',
  '|---|---|',
  '| bob | `kubectl rollout undo` |',
].join('\n')

describe.skipIf(chromiumPath === undefined)('chromium: incidents', () => {
  const stage = useStage()

  async function put(id: string, change: object = {}): Promise<void> {
    const answer = await fetch(`${stage.weir.url}/api/v1/incidents/${id}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...incident, ...change }),
    })
    expect(answer.status, await answer.clone().text()).toBe(200)
  }

  const details = (page: Page) => page.getByRole('complementary', { name: 'Incident', exact: true })
  const open = (id: string, options = {}): Promise<Page> => stage.page(`/incidents?v=1&sel=${id}`, options)

  beforeAll(async () => {
    if (chromiumPath === undefined) return
    await put('orders', {
      notes,
      candidates: [
        candidate({ selected: true }),
        candidate({ pos: 'j:1:2:4', kind: 'Deployment', group: 'apps', name: 'api', operation: 'updated' }),
      ],
    })
    await put('solved', { title: 'DNS was slow', state: 'resolved', from: '2026-11-01T00:00:00Z', candidates: [] })
  })

  test('the list has title, state and cause, and is filtered by state', async () => {
    const page = await stage.page('/incidents')
    await page.getByText('2 incidents').waitFor()
    const rows = await gridRows(page)
    expect(rows.map((cells) => cells.join(' '))).toEqual([
      expect.stringMatching(/Open.*Orders cannot reach their database.*NetworkPolicy shop\/deny-all, created.*alice/),
      expect.stringMatching(/Resolved.*DNS was slow/),
    ])
    expect(await violations(page)).toEqual([])
    await page.getByRole('button', { name: 'Resolved', exact: true }).click()
    await page.getByText('1 incident', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Mitigated', exact: true }).click()
    await page.getByText('No incident is in this state').waitFor()
    await page.context().close()
  })

  test('notes are rendered as elements: no HTML of users, and no link of another scheme', async () => {
    const page = await open('orders')
    const shown = details(page)
    await shown.getByRole('heading', { name: 'Timeline' }).waitFor()
    await shown.getByText('<img src=x onerror="document.title=1">').waitFor()
    expect(await shown.locator('.incident-notes img').count()).toBe(0)
    const links = await shown.locator('.incident-notes a').evaluateAll((all) => all.map((a) => a.getAttribute('href')))
    expect(links).toEqual(['https://runbooks.example/db'])
    expect(await shown.locator('.incident-notes td code').innerText()).toBe('kubectl rollout undo')
    expect(await violations(page)).toEqual([])
    await page.context().close()
  })

  test('links have the fixed times of the incident', async () => {
    const page = await open('orders')
    await details(page).getByRole('link', { name: 'Show the signal' }).click()
    await page.waitForURL(/\/flows\?/)
    const { searchParams } = new URL(page.url())
    expect([searchParams.get('t'), searchParams.get('q'), searchParams.get('why')]).toEqual([
      `${incident.from}..${incident.to}`,
      'dst.owner = orders-db',
      '1',
    ])
    await page.goBack()
    await details(page).getByRole('link', { name: pin().title }).click()
    await page.waitForURL(/\/flows\?/)
    expect(new URL(page.url()).searchParams.get('t')).toBe('2026-11-20T14:00:00Z..2026-11-20T14:10:00Z')
    await page.context().close()
  })

  test('the cause, the state, the notes and pins are changed, and the history has each version', async () => {
    await put('edited', { title: 'To be edited', candidates: [candidate(), candidate({ pos: 'j:2', name: 'other' })] })
    const page = await open('edited')
    const shown = details(page)
    await shown.getByText('No cause is selected.', { exact: false }).waitFor()
    await shown.getByRole('radio', { name: 'Select NetworkPolicy shop/other, created as the cause' }).click()
    await shown.getByText('· cause').waitFor()
    await shown.getByLabel('State').selectOption('mitigated')
    await shown.getByText('Version 3 changed by local').waitFor()
    await shown.getByRole('button', { name: 'Edit', exact: true }).click()
    const form = page.getByRole('form', { name: 'Edit To be edited' })
    await form.getByLabel('Notes').fill('## Cause\n\nThe policy.')
    await form.getByLabel('Namespaces').fill('shop, vault')
    expect(await violations(page)).toEqual([])
    await form.getByRole('button', { name: 'Save' }).click()
    await shown.getByRole('heading', { name: 'Cause' }).waitFor()
    await shown.getByText('shop, vault').waitFor()
    await shown.getByRole('button', { name: 'Pin a view' }).click()
    const adding = page.getByRole('form', { name: 'Pin a view' })
    await adding.getByLabel('Title of the pin').fill('All alerts')
    await adding.getByLabel('Link of the view').fill('https://elsewhere.example/flows')
    await adding.getByRole('button', { name: 'Pin a view' }).click()
    await adding.getByText('This is no page of this console.').waitFor()
    await adding.getByLabel('Link of the view').fill(`${stage.weir.url}/flows?v=1&t=now-1h..now`)
    await adding.getByRole('button', { name: 'Pin a view' }).click()
    const link = shown.getByRole('link', { name: 'All alerts' })
    await link.waitFor()
    expect(await link.getAttribute('href')).not.toContain('now')
    await shown.getByRole('button', { name: 'Remove the pin All alerts' }).click()
    await link.waitFor({ state: 'detached' })
    await shown.getByText('Version 6 changed by local · pins').waitFor()
    await shown.getByText('Version 4 changed by local · namespaces, notes').waitFor()
    await shown.getByText('Version 1 created by local').waitFor()
    expect(await shown.getByRole('radio', { checked: true }).getAttribute('aria-label')).toContain('shop/other')
    await page.context().close()
  })

  test('a page is pinned with its filter and fixed times', async () => {
    await put('pinned', { title: 'Pinned to', pins: [] })
    const page = await stage.page('/flows?v=1&view=overview&live=0&q=bytes+%3E+1')
    await page.locator('.time-control > button').click()
    const times = page.getByRole('dialog', { name: 'Time range' })
    await times.getByRole('button', { name: 'Pin this view' }).click()
    expect(await violations(page)).toEqual([])
    await times.getByRole('button', { name: 'Pinned to' }).click()
    await times.getByRole('link', { name: 'Pinned.' }).click()
    const link = details(page).getByRole('link', { name: /^Flows.*, \d{4}-\d\d-\d\d \d\d:\d\d UTC$/ })
    const { pathname, searchParams } = new URL((await link.getAttribute('href')) ?? '', stage.weir.url)
    expect([pathname, searchParams.get('q'), searchParams.get('t')]).toEqual([
      '/flows',
      'bytes > 1',
      expect.stringMatching(/^\d{4}-[^n]+\.\.\d{4}-[^n]+$/),
    ])
    await page.context().close()
  })

  test('a version that another user saved meanwhile is not overwritten', async () => {
    await put('contested', { title: 'Contested' })
    const page = await open('contested')
    await details(page).getByRole('button', { name: 'Edit', exact: true }).click()
    const form = page.getByRole('form', { name: 'Edit Contested' })
    await form.getByLabel('Notes').fill('first text')
    await put('contested', { title: 'Contested', notes: 'second text', before: 1 })
    await form.getByRole('button', { name: 'Save' }).click()
    await form.getByText('was changed or deleted after it was loaded', { exact: false }).waitFor()
    await form.getByRole('button', { name: 'Cancel' }).click()
    await details(page).getByText('second text').waitFor()
    expect(await details(page).getByText('first text').count()).toBe(0)
    await page.context().close()
  })

  test('reports are saved, and a deleted incident leaves the list', async () => {
    await put('gone', { title: 'Gone tomorrow' })
    const page = await open('gone')
    const shown = details(page)
    const markdown = await savedBy(page, () => shown.getByRole('button', { name: 'Export Markdown' }).click())
    expect(markdown.name).toBe('weir-gone-tomorrow.md')
    expect(markdown.content.toString()).toContain(`[Open in Weir](${stage.weir.url}/incidents?v=1&sel=gone)`)
    const json = await savedBy(page, () => shown.getByRole('button', { name: 'Export JSON' }).click())
    expect(JSON.parse(json.content.toString())).toMatchObject({ incident: { id: 'gone', version: 1 } })
    await shown.getByRole('button', { name: 'Delete' }).click()
    await page
      .getByRole('dialog', { name: 'Delete the incident “Gone tomorrow”?' })
      .getByRole('button', { name: 'Delete' })
      .click()
    await page.getByRole('grid').getByText('Gone tomorrow').waitFor({ state: 'detached' })
    expect(new URL(page.url()).searchParams.get('sel')).toBeNull()
    await page.goto(`${stage.weir.url}/incidents?v=1&sel=gone`)
    await details(page).getByText('This incident does not exist, or you may not see it.').waitFor()
    await page.context().close()
  })

  test.for([
    ['desktop-dark', { width: 1440, height: 900 }, 'dark'],
    ['phone-light', { width: 390, height: 844 }, 'light'],
  ] as const)('the page fits, without violations: %s', async ([, viewport, colorScheme]) => {
    const page = await open('orders', { viewport, colorScheme })
    await details(page).getByRole('heading', { name: 'Timeline' }).waitFor()
    await details(page).getByText('Version 1 created by local').waitFor()
    expect(await page.evaluate<boolean>('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
    expect(await violations(page)).toEqual([])
    await page.context().close()
  })
})
