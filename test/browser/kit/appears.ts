import type { Page } from 'playwright-core'

export const overviewComplete = `document.querySelectorAll('.overview-panel').length > 3 &&
  document.querySelector('.overview-panel[aria-busy="true"], .overview-panel .loading') === null`

/** Waits for a condition with a poll per frame inside the page; polling from outside is slow and costs CPU. */
export async function appears(page: Page, condition: string): Promise<void> {
  await page.evaluate(`new Promise((resolve) => {
    const look = () => (${condition} ? resolve() : requestAnimationFrame(look))
    look()
  })`)
}
