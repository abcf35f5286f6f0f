// Responses that arrive late, in another order, or not at all; and what a page shows meanwhile.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { SeededRandom } from '../../kit/random.ts'

/** Of the API. A response takes 0 to `mostMs`, each on its own, so that later requests may be answered first. */
export async function delayResponses(page: Page, seed: number, mostMs: number): Promise<void> {
  const random = new SeededRandom(seed)
  await page.route('**/{api,prometheus,loki}/**', async (route) => {
    const [ms, cut] = [random.next() * mostMs, random.next() < 0.1]
    await sleep(ms)
    // The page may be gone.
    await (cut ? route.abort('connectionreset') : route.continue()).catch(() => undefined)
  })
}

export type Shown = Readonly<{
  /** The query of the URL. */
  search: string
  /** Texts of the rows that are not dimmed. */
  rows: readonly string[]
  /** Text of the number of rows, unless it is marked as one of before. */
  count: string
}>
export type Sample = Shown & Readonly<{ ms: number }>

/** Source text, because this file has the types of Node only. */
const shown = `(() => {
  const isMarked = (element) => element.closest('.stale') !== null ||
    [...document.querySelectorAll('main .notice')].some((notice) => /previous/i.test(notice.textContent))
  const rows = [...document.querySelectorAll('main .page-body .grid-body [role="row"]')]
    .filter((row) => row.checkVisibility() && !isMarked(row)).slice(0, 40).map((row) => row.textContent)
  const count = document.querySelector('main .page-line .number')
  const text = count === null || isMarked(count) ? '' : count.textContent
  return { search: location.search, rows, count: /^(?:searching|loading)/i.test(text) ? '' : text }
})()`

export const shownNow = (page: Page): Promise<Shown> => page.evaluate<Shown>(shown)

/** Records what the page shows in each frame, equal ones in sequence as one. */
export async function watchShown(page: Page): Promise<void> {
  await page.evaluate(`(() => {
    window.samples = []
    let [last, began, text] = [undefined, performance.now(), '']
    const look = () => {
      const now = ${shown}, written = JSON.stringify(now), at = performance.now()
      if (written !== text) {
        if (last !== undefined) window.samples.push({ ...last, ms: at - began })
        last = now
        text = written
        began = at
      }
      requestAnimationFrame(look)
    }
    look()
  })()`)
}

export const samplesOf = (page: Page): Promise<Sample[]> => page.evaluate<Sample[]>('window.samples')

/** As a link in the page would do. */
export async function goTo(page: Page, path: string): Promise<void> {
  await page.evaluate((to) => {
    const {
      history,
      dispatchEvent,
      PopStateEvent: Popped,
    } = globalThis as never as {
      history: { pushState: (state: object, title: string, url: string) => void }
      dispatchEvent: (event: object) => void
      PopStateEvent: new (name: string, init: object) => object
    }
    history.pushState({}, '', to)
    dispatchEvent(new Popped('popstate', { state: {} }))
  }, path)
}
