// Delays of main threads: of a Weir by its metric, of a page by a timer.
import type { Page } from 'playwright-core'
import { percentile } from '../../kit/percentile.ts'
import type { WeirProcess } from '../../kit/weir-process.ts'

/** The sampling interval of Node, which the measured delay includes. */
const resolutionMs = 10

/** Delay in ms since the previous call. */
export async function serverDelay(
  weir: WeirProcess,
): Promise<{ readonly p50: number; readonly p99: number; readonly most: number }> {
  const text = await (await fetch(`${weir.opsUrl}/metrics`)).text()
  const ms = (name: string): number =>
    Math.max(
      0,
      Number(new RegExp(`^nodejs_eventloop_lag_${name}_seconds (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN) * 1000 -
        resolutionMs,
    )
  return { p50: ms('p50'), p99: ms('p99'), most: ms('max') }
}

export const watchPage = `globalThis.seen = { frames: [], late: [] };
  let last = performance.now();
  const frame = (now) => { seen.frames.push(now - last); last = now; requestAnimationFrame(frame) };
  requestAnimationFrame(frame);
  let due = performance.now() + 10;
  setInterval(() => { const now = performance.now(); seen.late.push(Math.max(0, now - due)); due = now + 10 }, 10)`

export async function pageDelay(page: Page): Promise<{
  readonly fps: number
  readonly slowFrame: number
  readonly p50: number
  readonly p99: number
  readonly most: number
}> {
  const { frames, late } = await page.evaluate<{ frames: number[]; late: number[] }>('seen')
  return {
    fps: 1000 / percentile(frames, 50),
    slowFrame: percentile(frames, 99),
    p50: percentile(late, 50),
    p99: percentile(late, 99),
    most: Math.max(...late),
  }
}

export async function pageHeap(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page)
  await session.send('HeapProfiler.collectGarbage')
  const { usedSize } = await session.send('Runtime.getHeapUsage')
  await session.detach()
  return usedSize
}
