import { mkdir } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EventReceiver } from '../kit/event-receiver.ts'
import { chromiumPath, useStage, violations } from './kit/stage.ts'

const receiver = await EventReceiver.prepare()
const pictures = process.env['WEIR_PICTURES']

async function picture(page: Page, name: string): Promise<void> {
  if (pictures === undefined) return
  await mkdir(pictures, { recursive: true })
  await page.screenshot({ path: `${pictures}/${name}.png` })
}

describe.skipIf(chromiumPath === undefined)('chromium: alert rules', () => {
  const stage = useStage({
    sinks: { pager: { type: 'http', url: receiver.url, from: ['alerts'] } },
    alerts: {
      'in-file': { measure: 'flows', window: '5m', condition: '> 1G', every: '1s' },
      'of-hosts': {
        measure: 'bytes',
        by: ['proto'],
        window: '15m',
        condition: '> 0',
        every: '2s',
        severity: 'critical',
      },
    },
  })

  beforeAll(async () => {
    if (chromiumPath === undefined) return
    await receiver.listen()
    await stage.filled()
  })
  afterAll(() => receiver.close())

  test('four actions from Home create an alert, which fires and is drawn as a band', async () => {
    const page = await stage.page('/home')
    // Select Flows, select "Alert on this", type the condition, select Create.
    await page.getByRole('navigation').getByRole('link', { name: 'Flows', exact: true }).click()
    await page.getByRole('link', { name: 'Alert on this' }).first().click()
    const editor = page.getByRole('complementary', { name: 'New alert' })
    await picture(page, 'editor-first')
    await editor.getByText('Furthest value').waitFor()
    expect(await editor.getByLabel('Measure').inputValue()).toBe('bytes/s')
    await picture(page, 'editor-desktop-light')
    expect(await violations(page)).toEqual([])
    await editor.getByLabel('Condition').fill('> 1 kB/s')
    await editor.getByRole('button', { name: 'Create' }).click()
    const details = page.getByRole('complementary', { name: 'Alerts' })
    await details.getByText('this page, by local', { exact: false }).waitFor()
    await details.getByText('▲ firing').first().waitFor({ timeout: 90_000 })
    await picture(page, 'details-desktop-light')
    expect(await violations(page)).toEqual([])
    await page.goto(`${stage.weir.url}/flows?v=1&live=0`)
    await page.getByText('alert fired').first().waitFor({ timeout: 60_000 })
    await picture(page, 'band-desktop-light')
    await page.goto(`${stage.weir.url}/flows?v=1&view=overview&live=0`)
    await page.getByText('alert fired').first().waitFor({ timeout: 60_000 })
    await picture(page, 'overview-desktop-light')
    await page.context().close()
  })

  test('a rule of a file states its place, is copied, silenced, tested, and is not editable', async () => {
    const page = await stage.page('/alerts')
    await page.getByRole('button', { name: /in-file/ }).click()
    const details = page.getByRole('complementary', { name: 'Alerts' })
    await details.getByText(/\.yaml, line \d+\. It is changed there\./).waitFor()
    expect(await details.getByRole('button', { name: 'Edit' }).count()).toBe(0)
    expect(await details.getByRole('button', { name: 'Delete' }).count()).toBe(0)
    await details.getByRole('button', { name: 'Send a test' }).click()
    await details.getByText('The test is on its way to pager.').waitFor()
    await expect.poll(() => receiver.received.some(({ id }) => id.startsWith('test/in-file/'))).toBe(true)
    await details.getByRole('button', { name: 'Silence', exact: true }).click()
    const form = details.getByRole('form', { name: 'Silence' })
    expect(await violations(page)).toEqual([])
    await form.getByLabel('Reason').fill('maintenance of the shop')
    await form.getByRole('button', { name: 'Silence' }).click()
    await details.getByText('maintenance of the shop').waitFor()
    await details.getByRole('button', { name: 'End the silence: maintenance of the shop' }).click()
    await details.getByText('maintenance of the shop').waitFor({ state: 'detached' })
    await details.getByRole('button', { name: 'Copy' }).click()
    const editor = page.getByRole('complementary', { name: 'New alert' })
    expect(await editor.getByLabel('Name').inputValue()).toBe('in-file-2')
    await editor.getByLabel('Condition').fill('> nothing')
    await editor.getByText('is not a condition', { exact: false }).waitFor()
    await page.context().close()
  })

  test('the keyboard alone creates, edits and deletes an alert', async () => {
    const page = await stage.page('/alerts')
    await page.getByRole('button', { name: 'New alert' }).focus()
    await page.keyboard.press('Enter')
    const editor = page.getByRole('complementary', { name: 'New alert' })
    await editor.getByLabel('Name').focus()
    await page.keyboard.press('ControlOrMeta+A')
    await page.keyboard.type('by-keys')
    await editor.getByLabel('Condition').focus()
    await page.keyboard.type('> 900 GB/s')
    await page.keyboard.press('Enter')
    const details = page.getByRole('complementary', { name: 'Alerts' })
    await details.getByRole('heading', { name: 'by-keys' }).waitFor()
    await details.getByRole('button', { name: 'Edit' }).press('Enter')
    const edited = page.getByRole('complementary', { name: 'Edit by-keys' })
    await edited.getByLabel('Condition').fill('> 800 GB/s')
    await page.keyboard.press('Enter')
    await details.getByText('> 800 GB/s').waitFor()
    await details.getByRole('button', { name: 'Delete' }).press('Enter')
    const dialog = page.getByRole('dialog', { name: 'Delete alert rule by-keys?' })
    await page.keyboard.press('Tab')
    await dialog.getByRole('button', { name: 'Delete' }).press('Enter')
    await page.getByRole('button', { name: /by-keys/ }).waitFor({ state: 'detached' })
    expect(await violations(page)).toEqual([])
    await page.context().close()
  })

  test.for([
    ['desktop-light', { width: 1440, height: 900 }, 'light'],
    ['desktop-dark', { width: 1440, height: 900 }, 'dark'],
    ['phone-light', { width: 390, height: 844 }, 'light'],
    ['phone-dark', { width: 390, height: 844 }, 'dark'],
  ] as const)('the page fits, without violations: %s', async ([name, viewport, colorScheme]) => {
    const page = await stage.page('/alerts', { viewport, colorScheme })
    await page.getByRole('button', { name: /of-hosts/ }).waitFor()
    await page.getByRole('button', { name: /of-hosts.*firing|firing.*of-hosts/s }).waitFor({ timeout: 60_000 })
    const fits = () => page.evaluate<boolean>('document.documentElement.scrollWidth <= innerWidth')
    expect(await fits()).toBe(true)
    await picture(page, `list-${name}`)
    expect(await violations(page)).toEqual([])
    await page.getByRole('button', { name: /of-hosts/ }).click()
    await page.getByRole('heading', { name: 'Last seven days' }).waitFor()
    await picture(page, `details-${name}`)
    expect([await fits(), await violations(page)]).toEqual([true, []])
    await page.getByRole('button', { name: 'Copy' }).click()
    await page.getByText('Furthest value').or(page.getByText('would have fired')).first().waitFor()
    await picture(page, `editor-${name}`)
    expect([await fits(), await violations(page)]).toEqual([true, []])
    await page.context().close()
  })
})
