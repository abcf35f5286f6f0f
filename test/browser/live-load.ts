// `node test/browser/live-load.ts [SECONDS] [FLOWS-PER-SECOND]`: the live table under load, then the way down a long answer.
// Prints frames per second, the delay of the page's thread, the growth of its heap, and whether every flow was counted.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { FlowSender } from '../kit/flow-sender.ts'
import { chromiumPath, Stage } from './kit/stage.ts'

const [seconds, rate] = [Number(process.argv[2] ?? 60), Number(process.argv[3] ?? 20_000)]

/** Bytes in use after a collection. */
async function heap(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page)
  await session.send('HeapProfiler.collectGarbage')
  const { usedSize } = await session.send('Runtime.getHeapUsage')
  await session.detach()
  return usedSize
}

/** Times between frames, and by how much timers of the page came late, until told to stop. */
const watchThread = `globalThis.seen = { frames: [], late: [] };
  let last = performance.now();
  const frame = (now) => { seen.frames.push(now - last); last = now; requestAnimationFrame(frame) };
  requestAnimationFrame(frame);
  let due = performance.now() + 10;
  setInterval(() => { const now = performance.now(); seen.late.push(Math.max(0, now - due)); due = now + 10 }, 10)`

function at(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN
}

async function report(page: Page, what: string): Promise<void> {
  const { frames, late } = await page.evaluate<{ frames: number[]; late: number[] }>('seen')
  console.log(`${what}: ${(1000 / at(frames, 0.5)).toFixed(1)} frames a second (median), slowest 1 % of frames ${at(frames, 0.99).toFixed(0)} ms; thread late p99 ${at(late, 0.99).toFixed(1)} ms`)
}

const stage = new Stage()
if (chromiumPath === undefined) {
  console.error('no Chromium is installed')
  process.exitCode = 1
} else {
  try {
    await stage.open()
    const page = await stage.page('/flows')
    await page.locator('.link.good').waitFor()
    const sender = new FlowSender({ port: stage.weir.ports.netflow, rate })
    await sender.start()
    await sleep(3000)
    const before = await heap(page)
    await page.evaluate(watchThread)
    await sleep(seconds * 1000)
    await report(page, `live, ${rate} flows a second`)
    await sender.close()
    console.log(`heap ${(before / 1e6).toFixed(1)} MB, grown by ${((await heap(page) - before) / 1e6).toFixed(1)} MB`)
    // The summary for those who listen is renewed every ten seconds, but only while something flows.
    const stored = await stage.stored(sender.sent - 1)
    console.log(`sent ${sender.sent}, stored ${stored}, shown: ${await page.locator('.page-line').innerText()}`)
    await page.context().close()

    const long = await stage.page('/flows?v=1&live=0&t=now-1d..now')
    await long.locator('.grid-body [role="row"]').first().waitFor()
    await long.locator('[data-at="0:0"]').focus()
    await long.evaluate(watchThread)
    for (let pressed = 0; pressed < 40; pressed++) {
      await long.keyboard.press('Control+ArrowDown')
      await sleep(150)
    }
    await report(long, `going down ${stored} stored rows`)
    console.log(await long.locator('.page-line').innerText())
    for (const complaint of stage.complaints) console.log(complaint)
  } finally {
    await stage.close()
  }
}
