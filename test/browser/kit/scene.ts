// A view of a page: its address, and how to reach it.
import type { Page } from 'playwright-core'

/**
 * `full`: a minute of shop traffic; `fresh`: no data yet; `bare`: no store; `closed`: sign-in; `cluster`: a day of
 * a cluster; `clouds`: accounts with costs, reports of images, dashboards, alerts and a feed.
 */
export type Place = 'full' | 'fresh' | 'bare' | 'closed' | 'cluster' | 'clouds'

export interface Fail {
  readonly at: RegExp
  readonly method?: 'POST'
  /** 0: no response. */
  readonly status: 0 | 429 | 500
  readonly detail?: string
}

export interface Scene {
  readonly name: string
  readonly page: string
  readonly description: string
  readonly on?: Place
  readonly as?: 'admin' | 'viewer' | 'shop'
  /** `{span}`: time range of the shop's flows; `{later}`: its second half. */
  readonly path: string
  readonly busy?: true
  readonly hold?: RegExp
  readonly fail?: Fail
  readonly state?: 'empty' | 'loading' | 'error'
  readonly act: (page: Page) => Promise<void>
}

export const row = (page: Page): Promise<void> => page.locator('.grid-body [role="row"]').first().waitFor()
export const is =
  (state: 'empty' | 'loading' | 'error') =>
  (page: Page): Promise<void> =>
    page.locator(`[data-state="${state}"]`).first().waitFor()
export const text =
  (wanted: string | RegExp) =>
  (page: Page): Promise<void> =>
    page.getByText(wanted).first().waitFor()
export const after =
  (...acts: readonly ((page: Page) => Promise<unknown>)[]) =>
  async (page: Page): Promise<void> => {
    for (const act of acts) await act(page)
  }
export const press =
  (name: string | RegExp) =>
  (page: Page): Promise<void> =>
    page.getByRole('button', { name }).first().click()
export const openRow =
  (nth: number) =>
  async (page: Page): Promise<void> => {
    await page.locator('.grid-body [role="row"]').nth(nth).locator('[role="gridcell"]').nth(1).click()
    await page.locator('aside.drawer').waitFor()
  }

export const openDrawer = (page: Page): Promise<void> =>
  page.locator('aside.drawer dl, aside.drawer li').first().waitFor()
export const charted = (page: Page): Promise<void> => page.locator('main canvas').first().waitFor({ state: 'attached' })
