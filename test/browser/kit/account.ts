import type { Page } from 'playwright-core'

export async function accountOf(
  page: Page,
): Promise<{ readonly came: number; readonly shown: number; readonly passed: number; readonly left: number }> {
  const title = (await page.locator('.page-line [title^="Since this view was opened"]').getAttribute('title')) ?? ''
  const [came = 0, shown = 0, passed = 0, left = 0] = [...title.matchAll(/\d[\d,]*/g)].map(([digits]) =>
    Number(digits.replaceAll(',', '')),
  )
  return { came, shown, passed, left }
}
