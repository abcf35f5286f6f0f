import type { Page } from 'playwright-core'
import { expect } from 'vitest'

/** Undefined until the response to this filter. */
async function counted(page: Page, filter: string): Promise<number | undefined> {
  const table = page.getByRole('region', { name: 'Stored flows' })
  if (
    (new URL(page.url()).searchParams.get('q') ?? '') !== filter ||
    (await table.getAttribute('aria-busy')) !== 'false'
  )
    return undefined
  if ((await table.getByRole('heading', { name: 'No flow matches' }).count()) > 0) return 0
  const line = (await page.locator('.page-line').first().textContent()) ?? ''
  const total = / of ([\d,]+) flows/.exec(line)?.[1]
  const rows = await table
    .getByRole('grid')
    .getAttribute('aria-rowcount', { timeout: 1000 })
    .catch(() => null)
  return total === undefined || rows !== String(Number(total.replaceAll(',', '')) + 1) ? undefined : Number(rows) - 1
}

export async function expectCount(page: Page, filter: string, wanted: number): Promise<void> {
  await expect.poll(() => counted(page, filter), { timeout: 60_000, message: filter }).toBe(wanted)
}

export async function typeFilter(page: Page, filter: string): Promise<void> {
  const box = page.getByRole('combobox', { name: 'Filter' })
  await box.fill(filter)
  // Closes the completions, so that Enter applies the filter.
  await box.press('Escape')
  await box.press('Enter')
}
