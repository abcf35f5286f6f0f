import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll } from 'vitest'
import { Device } from '../../../sim/device.ts'
import { Netflow5Exporter } from '../../../sim/netflow5.ts'
import { Shop, shopNetworks } from '../../../sim/shop.ts'
import { startWeir, type WeirOptions, type WeirProcess } from '../../kit/weir-process.ts'
import { installedChromium, launch } from './chromium.ts'

export const chromiumPath = installedChromium()

export class Stage {
  weir!: WeirProcess
  browser!: Browser
  protected folder = ''
  #device: Device | undefined
  #shop = new Shop(1, 'browser')
  #at = 0
  readonly #pages: Page[] = []
  /** Errors, blocked content and requests to other origins of any page. */
  readonly complaints: string[] = []

  async open(
    config: Readonly<Record<string, unknown>> = {},
    options: Pick<WeirOptions, 'nodeArgs' | 'env'> = {},
  ): Promise<void> {
    this.folder = await mkdtemp(join(tmpdir(), 'weir-browser-'))
    const networks = join(this.folder, 'networks.yaml')
    await writeFile(networks, shopNetworks)
    this.weir = await startWeir({ folder: this.folder, config: { identity: { networks }, ...config }, ...options })
    this.#device = await Device.open(
      new Netflow5Exporter(Date.now() - 3_600_000),
      `127.0.0.1:${this.weir.ports.netflow}`,
      '127.0.0.1',
    )
    await this.openBrowser()
  }

  protected async openBrowser(): Promise<void> {
    this.browser = await launch(chromiumPath ?? '')
  }

  protected async closeBrowser(): Promise<void> {
    await this.browser?.close()
  }

  async close(): Promise<void> {
    await this.closeBrowser()
    this.#device?.close()
    await this.weir?.stop()
    await rm(this.folder, { recursive: true, force: true })
  }

  /** Returns the number of flows. */
  async flows(ms: number): Promise<number> {
    let sent = 0
    for (let passed = 0; passed < ms; passed += 250) {
      const flows = this.#shop.flows(this.#at, 250)
      this.#at += 250
      this.#device?.report(flows, Date.now())
      sent += flows.length
      // Small machines have small socket buffers.
      await sleep(5)
    }
    return sent
  }

  async filled(): Promise<number> {
    if (this.#at < 60_000) await this.flows(60_000 - this.#at)
    let [before, now] = [-1, await this.stored(1)]
    for (; now !== before; now = await this.stored(1)) {
      before = now
      // With a cluster, flows are stored two seconds after receipt.
      await sleep(3000)
    }
    return now
  }

  async stored(least: number): Promise<number> {
    for (;;) {
      const [row] = (await this.weir.sql('SELECT count(*) AS n FROM flows')) as { n: number | string }[]
      if (Number(row?.n) >= least) return Number(row?.n)
      await sleep(200)
    }
  }

  async page(path: string | undefined, options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.browser.newContext({ viewport: { width: 1440, height: 900 }, ...options })
    const page = await context.newPage()
    this.#pages.push(page)
    page.on('pageerror', (error) => this.complaints.push(`error: ${error.message}`))
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(`console: ${message.text()} ${message.location().url}`)
    })
    page.on('request', (request) => {
      if (!request.url().startsWith(this.weir.url) && !request.url().startsWith('blob:'))
        this.complaints.push(`elsewhere: ${request.url()}`)
    })
    if (path !== undefined) await page.goto(this.weir.url + path)
    return page
  }
}

/** A stage for the tests of a file. Without a browser nothing starts. */
export function useStage(config: Readonly<Record<string, unknown>> = {}): Stage {
  const stage = new Stage()
  beforeAll(async () => {
    if (chromiumPath !== undefined) await stage.open(config)
  })
  afterAll(() => stage.close())
  return stage
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']

/** Rows and charts of an earlier filter or range are dimmed while the next ones arrive. */
export async function violations(page: Page): Promise<string[]> {
  await page.locator('.stale').first().waitFor({ state: 'detached' })
  await page.evaluate(axeSource)
  // Source text, because this file has the types of Node only. Controls below an open menu are hidden, because axe
  // counts them as neighbours of the menu's own controls, and their violations of the target size are ignored.
  return page.evaluate<string[]>(`(async () => {
    const menu = document.querySelector('.popover-panel')
    const over = menu?.getBoundingClientRect()
    const isBelow = (element) => {
      if (menu === null || element === null || menu.contains(element) || element.contains(menu)) return false
      const rect = element.getBoundingClientRect()
      return rect.left < over.right && rect.right > over.left && rect.top < over.bottom && rect.bottom > over.top
    }
    const below = [...document.querySelectorAll('main :is(button, a, input, select):not([role])')].filter(isBelow)
    for (const element of below) element.style.visibility = 'hidden'
    const { violations } = await axe.run({ runOnly: { type: 'tag', values: ${JSON.stringify(tags)} } })
    for (const element of below) element.style.visibility = ''
    return violations.map(({ id, nodes }) => ({ id, nodes: id === 'target-size' ?
      nodes.filter(({ target }) => !isBelow(document.querySelector(target[0]))) : nodes }))
      .filter(({ nodes }) => nodes.length > 0)
      .map(({ id, nodes }) => id + ': ' + nodes.slice(0, 3).map(({ html, failureSummary = '' }) => html.slice(0,
        160) + ' (' + failureSummary.slice(0, 200) + ')').join(' | '))
  })()`)
}

export function gridRows(page: Page): Promise<string[][]> {
  return page
    .locator('.grid-body [role="row"]')
    .evaluateAll((rows) =>
      rows
        .toSorted((a, b) => Number(a.getAttribute('aria-rowindex')) - Number(b.getAttribute('aria-rowindex')))
        .map((row) => [...row.querySelectorAll('[role="gridcell"]')].map((cell) => cell.textContent ?? '')),
    )
}
