import { setTimeout as sleep } from 'node:timers/promises'
import type { BigStage } from '../../../test/browser/kit/big-stage.ts'
import { watchPage } from '../../../test/browser/kit/thread.ts'
import { percentile } from '../../../test/kit/percentile.ts'
import type { AcceptanceContext } from '../../harness.ts'
import type { Targets } from './targets.ts'
import { workOf, workText } from '../console/work.ts'

const scrollMs = 8000
const typed = 'src.ns = shop-prod and dst.port = postgres and bytes > 100k'

/** Runs in the page: ms from each key to the frame that shows it. */
const watchKeys = `globalThis.keys = []
  addEventListener('keydown', ({ timeStamp }) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => keys.push(performance.now() - timeStamp)
    port2.postMessage(0)
  }), true)`

export async function input(context: AcceptanceContext, targets: Targets, stage: BigStage): Promise<void> {
  const empty = await stage.page('/nowhere')
  await empty.evaluate(watchPage)
  await sleep(3000)
  const still = await empty.evaluate<number[]>('seen.frames')
  // Where an empty page misses a target, the machine does.
  context.figure('an empty page: worst frame', Math.max(...still), 'ms')
  await empty.context().close()
  const page = await stage.page(`/flows?v=1&view=table&live=0&t=${stage.time}`)
  await page.locator('.grid-body [role="row"]').first().waitFor()
  const box = await page.locator('.grid').boundingBox()
  await page.mouse.move((box?.x ?? 0) + 300, (box?.y ?? 0) + 300)
  let before = await workOf(stage)
  await page.evaluate(watchPage)
  const began = performance.now()
  let turns = 0
  for (; performance.now() - began < scrollMs; turns++) await page.mouse.wheel(0, 240)
  const frames = await page.evaluate<number[]>('seen.frames')
  context.figure('scrolling: turns of the wheel', turns)
  context.figure('scrolling: processor time', workText(before, await workOf(stage), 1), `ms in ${scrollMs / 1000} s`)
  const seconds = frames.reduce((sum, ms) => sum + ms, 0) / 1000
  targets.judge('scrolling: frames per second', frames.length / seconds, '', { least: 50 })
  context.figure('scrolling: slowest 1 % of frames', percentile(frames, 99), 'ms')
  targets.judge('scrolling: worst frame', Math.max(...frames), 'ms', { most: 60 })
  await page.context().close()

  const other = await stage.page(`/flows?v=1&view=table&live=0&t=${stage.time}`)
  await other.locator('.grid-body [role="row"]').first().waitFor()
  const filter = other.getByRole('combobox', { name: 'Filter' })
  await filter.press('End')
  await other.evaluate(watchKeys)
  before = await workOf(stage)
  await filter.pressSequentially(typed, { delay: 60 })
  const keys = await other.evaluate<number[]>('keys')
  context.figure('typing: processor time', workText(before, await workOf(stage), typed.length), 'ms per key')
  context.expect((await filter.inputValue()) === typed, 'the filter box contains the typed text')
  context.figure('typing: from key to frame, p50', percentile(keys, 50), 'ms')
  targets.judge(`typing: from key to frame, p95 of ${keys.length}`, percentile(keys, 95), 'ms', { most: 80 })
  await other.context().close()
}
