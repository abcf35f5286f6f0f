import type { Page } from 'playwright-core'

/** Every panel of the overview has its numbers. */
export const overviewComplete = `document.querySelectorAll('.overview-panel').length > 3 && document.querySelector('.overview-panel[aria-busy="true"], .overview-panel .loading') === null`

/**
 * Waits until something is so in a page that has begun to load. It is looked for in the page, at every frame: who looks from outside again and
 * again sees it late, and costs a small machine more than the page does.
 */
export async function appears(page: Page, condition: string): Promise<void> {
  await page.evaluate(`new Promise((resolve) => {
    const look = () => (${condition} ? resolve() : requestAnimationFrame(look))
    look()
  })`)
}
