// Issue 56, item 7: no page and no response to one has a part of a URL that may be a secret.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { canary, canaryConfig } from '../kit/url-canary.ts'
import { chromiumPath, Stage } from './kit/stage.ts'

describe.skipIf(chromiumPath === undefined)('chromium: URLs with secrets', () => {
  const stage = new Stage()
  let folder = ''
  let close = (): void => undefined

  beforeAll(async () => {
    if (chromiumPath === undefined) return
    folder = await mkdtemp(join(tmpdir(), 'weir-canary-'))
    const planted = await canaryConfig(folder)
    close = planted.close
    await stage.open(planted.config, { env: planted.env })
    await stage.weir.events([{ specversion: '1.0', id: 'a', source: '/s', type: 't' }])
    await vi.waitFor(
      async () => {
        const { sinks } = await stage.weir.pipeline()
        expect(sinks.filter(({ error }) => error !== undefined).length).toBeGreaterThan(25)
      },
      { timeout: 90_000, interval: 500 },
    )
  })
  afterAll(async () => {
    await stage.close()
    close()
    await rm(folder, { recursive: true, force: true })
  })

  test.each([
    ['/pipeline', '127.0.0.1:1'],
    ['/dead-letters', 'Cannot take'],
    ['/home', 'delivers nothing'],
    ['/events', '#polled'],
    ['/settings', ''],
    ['/investigate', ''],
  ])('%s shows the place of a URL, not its user, path or query', async (path, shown) => {
    const page = await stage.page(undefined)
    const texts: Promise<readonly [name: string, text: string]>[] = []
    page.on('response', (response) => {
      if (!response.url().includes('/api/')) return
      const stream = /event-stream/.test(response.headers()['content-type'] ?? '')
      if (!stream)
        texts.push(
          response.text().then(
            (text) => [response.url(), text],
            () => [response.url(), ''],
          ),
        )
    })
    await page.goto(stage.weir.url + path)
    await expect.poll(() => page.locator('main').textContent(), { timeout: 60_000 }).toContain(shown)
    texts.push(page.content().then((text) => [path, text]))
    for (const [name, text] of await Promise.all(texts)) {
      const at = text.indexOf(canary)
      expect.soft(at < 0 ? '' : text.slice(Math.max(0, at - 200), at + 100), name).toBe('')
    }
  })
})
