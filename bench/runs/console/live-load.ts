// A page that shows 20,000 flows per second.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { accountOf } from '../../../test/browser/kit/account.ts'
import { markedPort, Marker, watchMarks } from '../../../test/browser/kit/marker.ts'
import type { Stage } from '../../../test/browser/kit/stage.ts'
import { pageDelay, pageHeap, watchPage } from '../../../test/browser/kit/thread.ts'
import { FlowSender } from '../../../test/kit/flow-sender.ts'
import { percentile } from '../../../test/kit/percentile.ts'
import type { AcceptanceContext } from '../../harness.ts'
import { workOf, workText } from './work.ts'

const rate = 20_000
/** Milliseconds between marked flows. */
const markMs = 500

/** Frames per second (median) and MB that the heap has grown by. */
export type LiveFigures = Readonly<{ fps: number; grown: number }>

export async function liveLoad(context: AcceptanceContext, stage: Stage, seconds: number): Promise<LiveFigures> {
  const page = await stage.page('/flows?v=1&view=table')
  await page.locator('.link.good').waitFor()
  const marks = await stage.page(`/flows?v=1&view=table&q=${encodeURIComponent(`dst_port = ${markedPort}`)}`)
  await marks.locator('.link.good').waitFor()
  await marks.evaluate(watchMarks)
  const sender = new FlowSender({ port: stage.weir.ports.netflow, rate })
  const marker = await Marker.open(stage.weir.ports.netflow)
  const started = performance.now()
  await sender.start()
  // One-time allocations of the page are not growth.
  await sleep(Math.min(10_000, (seconds * 1000) / 4))
  const before = await pageHeap(page)
  await page.evaluate(watchPage)
  const work = await workOf(stage)
  const began = performance.now()
  for (let due = began + markMs; performance.now() - began < seconds * 1000; due += markMs) {
    marker.send()
    await sleep(Math.max(0, due - performance.now()))
  }
  const { fps, slowFrame, p99 } = await pageDelay(page)
  context.figure(
    'processor time per second',
    workText(work, await workOf(stage), (performance.now() - began) / 1000),
    'ms',
  )
  await sender.close()
  const ended = performance.now()
  const sent = sender.sent + marker.sentAt.length
  context.figure('flows sent', sent)
  context.figure('flows sent a second', sent / ((ended - started) / 1000))
  context.figure('frames a second, median', fps)
  context.figure('slowest 1 % of frames', slowFrame, 'ms')
  context.figure('delay of the page’s thread, p99', p99, 'ms')
  const grown = ((await pageHeap(page)) - before) / 1e6
  context.figure('heap before', before / 1e6, 'MB')
  context.figure('heap grown by', grown, 'MB')
  context.expect(grown < 50, 'the heap grows by less than 50 MB')
  await accounts(context, page, sent)
  await shownWithin(context, marks, marker)
  await marker.close()
  for (const complaint of stage.complaints) context.expect(false, complaint)
  return { fps, grown }
}

async function accounts(context: AcceptanceContext, page: Page, sent: number) {
  let account = await accountOf(page)
  for (
    const until = performance.now() + 30_000;
    performance.now() < until && account.came !== sent;
    account = await accountOf(page)
  )
    await sleep(200)
  context.figure('the page reports: shown', account.shown)
  context.figure('the page reports: passed too fast', account.passed)
  context.figure('the page reports: left out while held', account.left)
  context.expect(
    account.came === sent && account.shown + account.passed + account.left === sent,
    `shown (${account.shown}), passed (${account.passed}) and left out (${account.left}) add up to the rows ` +
      `sent (${sent})`,
  )
}

async function shownWithin(context: AcceptanceContext, page: Page, { sentAt }: Marker) {
  const seen = await page.evaluate<Record<string, number>>('marks')
  const took = sentAt.map((at, mark) => (seen[String(1000 + mark)] ?? Number.POSITIVE_INFINITY) - at)
  context.figure('from datagram to row: median', percentile(took, 50), 'ms')
  context.figure('from datagram to row: p95', percentile(took, 95), 'ms')
  context.figure('from datagram to row: most', Math.max(...took), 'ms')
  context.expect(took.every(Number.isFinite), `each of ${took.length} marked datagrams became a row`)
  context.expectSpeed(percentile(took, 95) < 1000, 'a datagram is a row within a second (p95)')
}
