// Rules for every view of every page. The views are those of kit/scenes.ts.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Page } from 'playwright-core'
import { figure } from '../kit/figures.ts'
import { chokes, hidden, outside, sizes } from '../kit/readable.ts'
import { Scenery } from '../kit/scenery.ts'
import { menusOf, scenes, type Scene } from '../kit/scenes.ts'
import { chromiumPath, violations } from '../kit/stage.ts'

interface Findings {
  readonly axe: string[]
  readonly narrow: string[]
  readonly zoomed: string[]
  readonly forced: string[]
  readonly sizes: string[]
  readonly states: string[]
}

const wide = { width: 1440, height: 900 }

async function walk(scenery: Scenery, scene: Scene): Promise<Findings> {
  const found: Findings = { axe: [], narrow: [], zoomed: [], forced: [], sizes: [], states: [] }
  const say = (list: string[], how: string, what: readonly string[]): void => {
    list.push(...what.map((one) => `${scene.name}, ${how}: ${one}`))
  }
  let page: Page | undefined
  try {
    page = await scenery.play(scene, { viewport: wide })
    say(found.states, 'state', await statesOf(page, scene))
    say(found.sizes, 'text', await sizes(page))
    say(found.axe, 'light', await violations(page))
    if (scene.state === undefined && (await page.locator('dialog[open]').count()) === 0) {
      for (const menu of await menusOf(page)) {
        await page
          .locator('main [aria-haspopup]:visible')
          .filter({ hasText: menu })
          .or(page.locator(`main [aria-haspopup][aria-label="${menu}"]:visible`))
          .first()
          .click()
        say(found.axe, `menu ${menu}`, await violations(page))
        await page.keyboard.press('Escape')
      }
    }
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' })
    say(found.axe, 'dark, reduced motion', await violations(page))
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce', forcedColors: 'active' })
    say(found.forced, 'forced colours, dark', [...(await chokes(page)), ...(await violations(page))])
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce', forcedColors: 'active' })
    say(found.forced, 'forced colours, light', await chokes(page))
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce', forcedColors: 'none' })
    // 200 % of a window of 1440 × 900.
    await page.setViewportSize({ width: 720, height: 450 })
    say(found.zoomed, '200 %', [...(await outside(page)), ...(await hidden(page))])
    await page.setViewportSize({ width: 320, height: 640 })
    say(found.narrow, '320 px', [...(await outside(page)), ...(await hidden(page))])
    say(found.axe, '320 px', await violations(page))
  } catch (error) {
    // A scene that fails to load is a finding.
    for (const list of Object.values(found))
      say(list as string[], 'could not be played', [
        error instanceof Error ? error.message.slice(0, 300) : String(error),
      ])
  } finally {
    await page?.context().close()
  }
  return found
}

async function statesOf(page: Page, { state }: Scene): Promise<string[]> {
  // A page may load its fields before its rows.
  if (state !== undefined)
    await page
      .locator(`.state[data-state="${state}"]:visible`)
      .first()
      .waitFor({ timeout: 10_000 })
      .catch(() => undefined)
  const all = await page.locator('.state[data-state]:visible').evaluateAll((places) =>
    places.map((place) => ({
      is: place.getAttribute('data-state') ?? '',
      text: place.textContent ?? '',
      acts: [...place.querySelectorAll('button, a')].map((act) => act.textContent ?? ''),
    })),
  )
  return [
    ...(state !== undefined && !all.some(({ is }) => is === state) ? [`there is no ${state} state`] : []),
    ...all.filter(({ is, text }) => is === 'empty' && text.length < 40).map(({ text }) => `names no cause: ${text}`),
    ...all
      .filter(({ is, acts }) => is === 'empty' && acts.length === 0)
      .map(({ text }) => `offers nothing to do: ${text}`),
    ...all
      .filter(
        ({ is, text, acts }) => is === 'error' && !(acts.includes('Try again') && /query (?:ID|[\w-]{6,})/.test(text)),
      )
      .map(({ text }) => `no query id, or no way to try again: ${text}`),
  ]
}

describe.skipIf(chromiumPath === undefined)('chromium: every view of every page', () => {
  const scenery = new Scenery()
  const walked = new Map<string, Promise<Findings>>()
  const all = async (pick: (found: Findings) => readonly string[]): Promise<string[]> => {
    const found: string[] = []
    for (const scene of scenes) {
      const known = walked.get(scene.name) ?? walk(scenery, scene)
      walked.set(scene.name, known)
      found.push(...pick(await known))
    }
    return found
  }
  beforeAll(async () => {
    if (chromiumPath !== undefined) await scenery.open(scenes.flatMap(({ on }) => on ?? []))
  }, 300_000)
  afterAll(() => scenery.close())

  test('check 40: axe finds no WCAG 2.2 AA violation in any view, drawer, menu or dialog', async () => {
    expect((await all(({ axe }) => axe)).join('\n')).toBe('')
    figure('views held against axe', scenes.length, 'views')
  }, 1_200_000)

  test('check 42: at 320 px nothing is unreachable outside of the window', async () => {
    expect((await all(({ narrow }) => narrow)).join('\n')).toBe('')
  }, 1_200_000)

  test('check 42: at 200 % nothing is unreachable outside of the window', async () => {
    expect((await all(({ zoomed }) => zoomed)).join('\n')).toBe('')
  }, 1_200_000)

  test('check 42: in forced colours texts, selections and drawings are visible', async () => {
    expect((await all(({ forced }) => forced)).join('\n')).toBe('')
  }, 1_200_000)

  test('texts have one of three sizes', async () => {
    expect((await all(({ sizes: found }) => found)).join('\n')).toBe('')
  }, 1_200_000)

  test('check 43: every empty state has a cause and an action; every error has its query id and a retry', async () => {
    expect((await all(({ states }) => states)).join('\n')).toBe('')
  }, 1_200_000)
})
