// `npm run ts test/browser/pictures.ts [FOLDER] [NAME]` takes pictures of the scenes with NAME in their name: light and
// dark, 1440 and 320 px wide. Without FOLDER they are written to build/pictures (ignored by git) as WebP, with
// README.md as index. `docs` renews only the pictures in docs/pictures. Any other folder gets PNG.
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { Scenery } from './kit/scenery.ts'
import { menusOf, scenes, type Scene } from './kit/scenes.ts'
import { chromiumPath } from './kit/stage.ts'

const sizes = { wide: { width: 1440, height: 900 }, narrow: { width: 320, height: 1000 } } as const
const all = new URL('../../build/pictures', import.meta.url).pathname
const docs = new URL('../../docs/pictures', import.meta.url).pathname

interface Picture {
  readonly file: string
  readonly bytes: Buffer
}

/** Chromium encodes small WebP itself. */
class Squeezer {
  readonly #page: Page

  private constructor(page: Page) {
    this.#page = page
  }

  static async open(browser: Browser): Promise<Squeezer> {
    return new Squeezer(await browser.newPage())
  }

  async webp(png: Buffer): Promise<Buffer> {
    // Source text, because this file has the types of Node only.
    const url = await this.#page.evaluate<string>(`(async () => {
      const png = await fetch('data:image/png;base64,${png.toString('base64')}')
      const image = await createImageBitmap(await png.blob())
      const canvas = new OffscreenCanvas(image.width, image.height)
      canvas.getContext('2d').drawImage(image, 0, 0)
      const blob = await canvas.convertToBlob({ type: 'image/webp', quality: 0.62 })
      return new Promise((resolve) => {
        const reader = new FileReader()
        reader.onload = () => resolve(reader.result)
        reader.readAsDataURL(blob)
      })
    })()`)
    return Buffer.from(url.slice(url.indexOf(',') + 1), 'base64')
  }
}

/** The scene and each of its menus. Without `menus`, no menu. */
async function picturesOf(scenery: Scenery, scene: Scene, menus?: Set<string>): Promise<Picture[]> {
  const found: Picture[] = []
  const page = await scenery.play(scene, { colorScheme: 'light', viewport: sizes.wide })
  const rest = scene.busy === true ? scenery.goOn() : undefined
  const take = async (name: string, size: keyof typeof sizes): Promise<void> => {
    await page.mouse.move(0, 0)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await page.waitForTimeout(colorScheme === 'dark' || size === 'narrow' ? 450 : scene.busy === true ? 2600 : 800)
      found.push({ file: `${name}-${colorScheme}-${size}`, bytes: await page.screenshot() })
    }
  }
  try {
    for (const size of ['wide', 'narrow'] as const) {
      await page.setViewportSize(sizes[size])
      await page.evaluate(toTop)
      await take(scene.name, size)
      if (menus === undefined || scene.state !== undefined || (await page.locator('dialog[open]').count()) > 0) continue
      for (const menu of await menusOf(page)) {
        const key = `${menuName(menu)} ${scene.page.split(':')[0]}`
        // A menu shared by several scenes is taken once.
        if (menus.has(key) && !menus.has(`${scene.name} ${key}`)) continue
        menus.add(key).add(`${scene.name} ${key}`)
        await page
          .locator('main [aria-haspopup]:visible')
          .filter({ hasText: menu })
          .or(page.locator(`main [aria-haspopup][aria-label="${menu}"]:visible`))
          .first()
          .click()
        await take(`${scene.name}-menu-${menuName(menu)}`, size)
        await page.keyboard.press('Escape')
        await page.evaluate('document.activeElement.blur()')
      }
    }
  } finally {
    await page.context().close()
    await rest?.()
  }
  return found
}

const toTop =
  "for (const place of document.querySelectorAll('main, main .page, main .page-scroll')) place.scrollTop = 0"

function menuName(menu: string): string {
  const name = menu
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
  return name.startsWith('newest-')
    ? 'newest'
    : / – /.test(menu)
      ? 'span-of-times'
      : /^last-\d/.test(name)
        ? 'span'
        : name
}

function listOf(files: readonly string[]): string {
  const shown = (name: string): string =>
    ['light-wide', 'dark-wide', 'light-narrow', 'dark-narrow']
      .filter((look) => files.includes(`${name}-${look}`))
      .map((look) => `[${look.replace('-', ', ')}](${name}-${look}.webp)`)
      .join(' · ')
  const pages = [...new Set(scenes.map(({ page }) => page))]
  return [
    '# The console in pictures',
    '',
    'Every view of every page: full, empty, loading and failed, light and dark, 1440 and 320 px wide.',
    'Written by `npm run ts test/browser/pictures.ts`',
    'from a Weir that receives data of a simulated shop.',
    '`npm run test:browser` checks the same scenes against WCAG 2.2 AA.',
    '',
    ...pages.flatMap((page) => [
      `## ${page}`,
      '',
      '| View | Content | Pictures |',
      '|---|---|---|',
      ...scenes
        .filter((scene) => scene.page === page)
        .flatMap(({ name, description }) => [
          ...(files.includes(`${name}-light-wide`) ? [`| \`${name}\` | ${description} | ${shown(name)} |`] : []),
          ...[
            ...new Set(
              files
                .filter((file) => file.startsWith(`${name}-menu-`))
                .map((file) => file.replace(/-(?:light|dark)-(?:wide|narrow)$/, '')),
            ),
          ].map((menu) => `| \`${menu}\` | A menu of it. | ${shown(menu)} |`),
        ]),
      '',
    ]),
  ].join('\n')
}

const webpIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder))
    .filter((file) => file.endsWith('.webp'))
    .map((file) => file.slice(0, -'.webp'.length))
    .toSorted()
const isOf = ({ name }: Scene, file: string): boolean =>
  file.startsWith(name) && /^-(?:menu-.*-)?(?:light|dark)-(?:wide|narrow)$/.test(file.slice(name.length))

const [, , place = '', only = ''] = process.argv
const folder = place === '' ? all : place === 'docs' ? docs : place
if (chromiumPath === undefined) {
  console.error('no Chromium is installed')
  process.exitCode = 1
} else {
  const shown = folder === docs ? await webpIn(docs) : undefined
  const chosen = scenes.filter(
    (scene) => scene.name.includes(only) && (shown === undefined || shown.some((file) => isOf(scene, file))),
  )
  const scenery = new Scenery()
  try {
    await scenery.open(
      chosen.flatMap(({ on }) => on ?? []),
      75_000,
    )
    const squeezer = await Squeezer.open(scenery.full.browser)
    await mkdir(folder, { recursive: true })
    const before = folder === all ? (await webpIn(all)).filter((file) => chosen.some((scene) => isOf(scene, file))) : []
    for (const old of before) await rm(join(all, `${old}.webp`))
    // With NAME, only menus that a full run takes with these scenes are renewed.
    const isWanted = (file: string): boolean =>
      shown?.includes(file) ??
      (folder !== all || only === '' || before.length === 0 || !file.includes('-menu-') || before.includes(file))
    const menus = shown === undefined ? new Set<string>() : undefined
    for (const scene of chosen) {
      try {
        for (const { file, bytes } of await picturesOf(scenery, scene, menus)) {
          if (!isWanted(file)) continue
          const isWebp = folder === all || folder === docs
          await writeFile(
            join(folder, `${file}.${isWebp ? 'webp' : 'png'}`),
            isWebp ? await squeezer.webp(bytes) : bytes,
          )
        }
      } catch (error) {
        process.exitCode = 1
        console.error(`${scene.name}: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
    if (folder === all) await writeFile(join(all, 'README.md'), listOf(await webpIn(all)))
    for (const complaint of scenery.complaints) console.log(complaint)
  } finally {
    await scenery.close()
  }
}
