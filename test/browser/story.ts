// `node test/browser/story.ts` renews the pictures of the README: traffic falls, the change at that time, its actor. It
// takes two minutes.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { ROOT } from '../../tools/kit/command.ts'
import { freePorts } from '../kit/free-port.ts'
import { launch } from './kit/chromium.ts'
import { chromiumPath } from './kit/stage.ts'

/** Around the first rollout of the demo, between two runs of its nightly job. */
const before = 25_000
const after = 18_000

async function picture(page: Page, file: string): Promise<void> {
  const session = await page.context().newCDPSession(page)
  const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: 62 })
  await writeFile(join(ROOT, 'docs/pictures', file), Buffer.from(data, 'base64'))
}

/** Time of the first rollout, when the flows behind it are stored. */
async function rollout(url: string): Promise<number> {
  for (;;) {
    const response = await fetch(`${url}/api/v1/changes?kind=Deployment&name=api&operation=updated&from=now-30m`).catch(
      () => undefined,
    )
    const { changes = [] } = ((await response?.json()) ?? {}) as {
      readonly changes?: readonly { readonly time: string }[]
    }
    const time = changes.map((change) => Date.parse(change.time)).toSorted((a, b) => a - b)[0]
    if (time !== undefined && Date.now() > time + after + 15_000) return time
    await sleep(1000)
  }
}

if (chromiumPath === undefined) throw new Error('no Chromium is installed')
const [port = 0] = await freePorts(1)
const url = `http://127.0.0.1:${port}`
const demo = spawn(process.execPath, ['sim/demo.ts', '--listen', `127.0.0.1:${port}`], { cwd: ROOT, stdio: 'ignore' })
const browser = await launch(chromiumPath)
try {
  const time = await rollout(url)
  const span = [time - before, time + after].map((at) => new Date(at).toISOString()).join('..')
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, colorScheme })
    await page.goto(`${url}/changes?v=1&live=0&kind=Deployment,NetworkPolicy&namespace=shop&by=kind&t=${span}`)
    await page.getByRole('row').filter({ hasText: 'api' }).first().click()
    await page.locator('.diff').waitFor()
    await page.mouse.move(0, 0)
    await sleep(2000)
    await picture(page, `story-${colorScheme}-wide.webp`)
    await page.close()
  }
} finally {
  await browser.close()
  demo.kill('SIGINT')
  await once(demo, 'exit')
}
