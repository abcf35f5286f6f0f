import { readFile } from 'node:fs/promises'
import type { Locator, Page } from 'playwright-core'

export async function savedBy(
  page: Page,
  act: () => Promise<void>,
): Promise<{ readonly name: string; readonly content: Buffer }> {
  const [download] = await Promise.all([page.waitForEvent('download'), act()])
  const path = await download.path()
  return { name: download.suggestedFilename(), content: await readFile(path) }
}

/** Raw CSV of a panel as cells, names first; cells contain no comma. */
export async function figuresOf(page: Page, panel: Locator): Promise<string[][]> {
  await panel.getByRole('button', { name: /^Settings of/ }).click()
  const { content } = await savedBy(page, () =>
    panel.getByRole('button', { name: 'Save the raw figures (CSV)' }).click(),
  )
  return content
    .toString('utf8')
    .trim()
    .split('\r\n')
    .map((line) => line.split(','))
}
