import type { AcceptanceContext } from '../../harness.ts'
import { BigStage } from '../../../test/browser/kit/big-stage.ts'
import { folderVariable } from '../../../test/browser/kit/data-set/template.ts'
import { pageDelay, serverDelay, watchPage } from '../../../test/browser/kit/thread.ts'
import { join } from 'node:path'

const wanted = 200_000
const limitMs = 20

export async function manyRows(context: AcceptanceContext): Promise<void> {
  process.env[folderVariable] ??= join(context.folder, 'data-set')
  const stage = new BigStage()
  try {
    await stage.open()
    await answers(context, stage)
    await inBrowser(context, stage)
  } finally {
    await stage.close()
  }
}

async function answers(context: AcceptanceContext, { weir, span }: BigStage) {
  // A little more than enough was received by then.
  const to = new Date(span.from + 120_000 + Math.ceil(((span.to - span.from) * wanted) / span.rows)).toISOString()
  const range = { from: new Date(span.from).toISOString(), to }
  const columns = 'time_received,src_addr,src_name,src_port,dst_addr,dst_name,dst_port,proto,bytes,packets,_pos'
  for (const format of ['csv', 'ndjson'] as const) {
    await serverDelay(weir)
    const began = performance.now()
    const answer = await fetch(
      `${weir.url}/api/v1/export?${new URLSearchParams({ ...range, columns, format }).toString()}`,
    )
    let lines = 0
    for await (const piece of answer.body ?? []) for (const byte of piece as Uint8Array) if (byte === 10) lines++
    judge(
      context,
      `one export of ${lines.toLocaleString('en')} rows as ${format}`,
      await serverDelay(weir),
      performance.now() - began,
    )
    context.expect(lines >= wanted, `the export has at least ${wanted.toLocaleString('en')} rows (${lines})`)
  }
  await serverDelay(weir)
  const began = performance.now()
  const queryOf = (cursor: string) =>
    new URLSearchParams({ ...range, columns, limit: '10000', ...(cursor === '' ? {} : { cursor }) }).toString()
  let rows = 0
  for (let cursor: string | null = ''; cursor !== null && rows < wanted;) {
    const page = await fetch(`${weir.url}/api/v1/flows?${queryOf(cursor)}`)
    // Counted without parsing, because the client shares the machine with the server.
    const text = await page.text()
    rows += text.split('],[').length
    cursor = /"next":"([^"]+)"/.exec(text)?.[1] ?? null
  }
  judge(
    context,
    `${rows.toLocaleString('en')} rows in pages of 10,000`,
    await serverDelay(weir),
    performance.now() - began,
  )
}

function judge(
  context: AcceptanceContext,
  what: string,
  { p50, p99, most }: { p50: number; p99: number; most: number },
  ms: number,
) {
  context.figure(`${what}: time`, ms / 1000, 's')
  context.figure(`${what}: delay of the server’s main thread, p50`, p50, 'ms')
  context.figure(`${what}: delay of the server’s main thread, p99`, p99, 'ms')
  context.figure(`${what}: delay of the server’s main thread, most`, most, 'ms')
  context.expectSpeed(p99 < limitMs, `${what}: the server’s main thread is late by less than ${limitMs} ms (p99)`)
}

async function inBrowser(context: AcceptanceContext, stage: BigStage) {
  const page = await stage.page(`/flows?v=1&view=table&live=0&t=${stage.time}`)
  await page.locator('.grid-body [role="row"]').first().waitFor()
  await page.locator('[data-at="0:0"]').focus()
  await serverDelay(stage.weir)
  await page.evaluate(watchPage)
  const began = performance.now()
  const rowIndex = () => page.locator('.grid-body [role="row"]').last().getAttribute('aria-rowindex').then(Number)
  let reached = 0
  while (reached < wanted && performance.now() - began < 600_000) {
    await page.keyboard.press('Control+ArrowDown')
    const before = reached
    while ((reached = await rowIndex()) <= before && performance.now() - began < 600_000) await page.waitForTimeout(20)
  }
  const { p50, p99, most } = await pageDelay(page)
  const server = await serverDelay(stage.weir)
  context.figure('going through rows in the browser: rows', reached)
  context.figure('going through rows in the browser: time', (performance.now() - began) / 1000, 's')
  context.figure('going through rows in the browser: delay of the page’s thread, p50', p50, 'ms')
  context.figure('going through rows in the browser: delay of the page’s thread, p99', p99, 'ms')
  context.figure('going through rows in the browser: delay of the page’s thread, most', most, 'ms')
  context.figure('going through rows in the browser: delay of the server’s main thread, p99', server.p99, 'ms')
  context.expect(reached >= wanted, `the browser goes through ${wanted.toLocaleString('en')} rows`)
  context.expectSpeed(
    server.p99 < limitMs,
    `the server’s main thread is late by less than ${limitMs} ms (p99) meanwhile`,
  )
  for (const complaint of stage.complaints) context.expect(false, complaint)
}
