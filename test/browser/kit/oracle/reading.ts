// What a page of the console shows, as text.
import { readFile } from 'node:fs/promises'
import type { Locator, Page } from 'playwright-core'

export interface ShownShare {
  readonly name: string
  /** Of the tooltip: the whole number. */
  readonly exact: string
  readonly amount: string
  readonly percent: string
}

/** Top list of a panel: its rows, the others and the total. */
export function sharesOf(panel: Locator): Promise<ShownShare[]> {
  return panel.locator('table.shares tr').evaluateAll((lines) =>
    lines.map((line) => {
      const [amount, percent] = [...line.querySelectorAll('td')]
      return {
        name: (line.querySelector('.share-name') ?? line.querySelector('th'))?.textContent ?? '',
        exact: amount?.getAttribute('title') ?? '',
        amount: amount?.textContent ?? '',
        percent: percent?.textContent ?? '',
      }
    }),
  )
}

export interface ShownChart {
  readonly names: readonly string[]
  /** Unix ms of each row, and its cells. */
  readonly rows: readonly { readonly at: number; readonly cells: readonly string[] }[]
}

/** The values of a chart as a table. The zone of the page is UTC. */
export async function chartOf(panel: Locator, near: number): Promise<ShownChart> {
  await panel.getByRole('button', { name: 'Table' }).click()
  const table = panel.locator('.chart-table table')
  await table.waitFor()
  const [head = [], ...lines] = await table
    .locator('tr')
    .evaluateAll((all) => all.map((line) => [...line.querySelectorAll('th, td')].map((cell) => cell.textContent ?? '')))
  return { names: head.slice(1), rows: lines.map(([time = '', ...cells]) => ({ at: momentOf(time, near), cells })) }
}

export interface ShownTooltip {
  readonly at: number
  readonly lines: readonly (readonly [name: string, value: string])[]
}

/** Tooltips at places from 0 (left) to 1. */
export async function tooltipsOf(
  page: Page,
  panel: Locator,
  places: readonly number[],
  near: number,
): Promise<ShownTooltip[]> {
  const over = panel.locator('.u-over')
  await over.waitFor()
  await over.scrollIntoViewIfNeeded()
  const box = await over.boundingBox()
  if (box === null) throw new Error('the chart is not drawn')
  const found: ShownTooltip[] = []
  for (const place of places) {
    await page.mouse.move(box.x + place * box.width, box.y + box.height / 2)
    const tip = page.locator('.chart-read:popover-open')
    await tip.waitFor()
    // Drawn in the next frame.
    await page.evaluate('new Promise((shown) => requestAnimationFrame(() => requestAnimationFrame(shown)))')
    const [names, values] = await tip.evaluate((list) =>
      ['dt', 'dd'].map((one) => [...list.querySelectorAll(one)].map((each) => each.textContent ?? '')),
    )
    found.push({
      at: momentOf(names?.[0] ?? '', near),
      lines: (names ?? []).slice(1).map((name, at) => [name, values?.[at + 1] ?? ''] as const),
    })
  }
  return found
}

/** `Nov 26, 10:00:00`, in the year that is nearest. */
function momentOf(text: string, near: number): number {
  const year = new Date(near).getUTCFullYear()
  const all = [year - 1, year, year + 1].map((each) => Date.parse(`${text.replace(',', ` ${each}`)} UTC`))
  return all.toSorted((one, other) => Math.abs(one - near) - Math.abs(other - near))[0] ?? Number.NaN
}

/** CSV of a panel of the overview, titles first. */
export async function panelCsv(page: Page, panel: Locator, way: 'as shown' | 'raw'): Promise<(string | null)[][]> {
  await panel.getByRole('button', { name: /^Settings of/ }).click()
  const name = way === 'raw' ? 'Save the raw figures (CSV)' : 'Save the figures as shown (CSV)'
  return savedCsv(page, () => page.getByRole('button', { name }).click())
}

/** Cells of a CSV file (RFC 4180), titles first. null: an empty cell. */
export async function savedCsv(page: Page, act: () => Promise<void>): Promise<(string | null)[][]> {
  const [download] = await Promise.all([page.waitForEvent('download', { timeout: 400_000 }), act()])
  const text = await readFile(await download.path(), 'utf8')
  return text
    .replace(/\r\n$/, '')
    .split('\r\n')
    .map((line) =>
      [...`,${line}`.matchAll(/,(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
        ([, quoted, plain = '']) => quoted?.replaceAll('""', '"') ?? (plain === '' ? null : plain),
      ),
    )
}
