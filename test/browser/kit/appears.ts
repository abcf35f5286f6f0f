import type { Page } from 'playwright-core'

export const overviewComplete = `document.querySelectorAll('.overview-panel').length > 3 &&
  document.querySelector('.overview-panel[aria-busy="true"], .overview-panel .loading') === null`

/** As above, for the panels of which the window shows a part. */
export const windowComplete = `((panels) => panels.length > 3 &&
  panels.every((panel) => panel.ariaBusy !== 'true' && panel.querySelector('.loading') === null))(
    [...document.querySelectorAll('.overview-panel')].filter((panel) => panel.getBoundingClientRect().top <
      document.querySelector('.page-scroll').getBoundingClientRect().bottom))`

/** Waits for a condition with a poll per frame inside the page; polling from outside is slow and costs CPU. */
export async function appears(page: Page, condition: string): Promise<void> {
  await page.evaluate(`new Promise((resolve) => {
    const look = () => (${condition} ? resolve() : requestAnimationFrame(look))
    look()
  })`)
}
