import type { Page } from 'playwright-core'
import { overviewComplete, windowComplete } from '../../../test/browser/kit/appears.ts'
import type { BigStage } from '../../../test/browser/kit/big-stage.ts'
import { BUDGET } from '../../../tools/checks/console-size.ts'
import { percentile } from '../../../test/kit/percentile.ts'
import type { AcceptanceContext } from '../../harness.ts'
import type { Targets } from './targets.ts'
import { readyScript } from './ready.ts'
import { anotherMs, warmRuns } from './warm.ts'
import { workOf, workText } from '../console/work.ts'

const firstRows = `document.querySelector('.grid-body [role="row"] [role="gridcell"]') !== null`
const homeComplete = `document.querySelector('.talkers tbody tr') !== null &&
  document.querySelector('.home .chart canvas') !== null && document.querySelector('.home .loading') === null`

const isoOf = (ms: number) => new Date(ms).toISOString()

/** From navigation to the complete page: cold in an empty profile, then warm in another. */
export async function pages(context: AcceptanceContext, targets: Targets, stage: BigStage): Promise<void> {
  for (const each of pagesOf(stage)) await measurePage(context, targets, stage, each)
}

type MeasuredPage = Readonly<{
  what: string
  path: (ms: number) => string
  condition: string
  /** Of the parts below the window, which load later. */
  whole?: string
  ms: number
}>

function pagesOf({ span }: BigStage): readonly MeasuredPage[] {
  const flows = (query: string) => (ms: number) =>
    `/flows?v=1&live=0&t=${isoOf(span.from + ms)}..${isoOf(span.to)}&${query}`
  return [
    { what: 'first rows', path: flows('view=table'), condition: firstRows, ms: 1000 },
    {
      what: 'overview, grouped automatically',
      path: flows('view=overview'),
      condition: windowComplete,
      whole: overviewComplete,
      ms: 2000,
    },
    {
      what: 'overview by service port',
      path: flows('view=overview&dim=service_port'),
      condition: windowComplete,
      whole: overviewComplete,
      ms: 2000,
    },
    { what: 'table by service port', path: flows('view=table&group=service_port'), condition: firstRows, ms: 2000 },
    { what: 'Home', path: () => '/home', condition: homeComplete, ms: 2000 },
  ]
}

async function measurePage(
  context: AcceptanceContext,
  targets: Targets,
  stage: BigStage,
  { what, path, condition, whole = condition, ms }: MeasuredPage,
): Promise<void> {
  const open = async (page: Page, ms: number) => {
    await page.goto(stage.weir.url + path(ms), { waitUntil: 'commit' })
    return page.evaluate<number>('ready')
  }
  const first = await stage.page(undefined)
  await first.addInitScript(readyScript(condition))
  const cold = await open(first, anotherMs())
  const scripts = await first.evaluate<number>(`performance.getEntriesByType('resource')
    .filter(({ name }) => /\\.m?js(?:\\?|$)/.test(name))
    .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)`)
  await first.context().close()
  const page = await stage.page(undefined)
  await page.addInitScript(`${readyScript(condition)}\n${readyScript(whole, 'whole')}`)
  await open(page, anotherMs())
  const wholes: number[] = []
  const before = await workOf(stage)
  const { p95, runs } = await warmRuns(context, async () => {
    const shown = await open(page, anotherMs())
    wholes.push(await page.evaluate<number>('whole'))
    return shown
  })
  context.figure(`${what}: processor time per opening`, workText(before, await workOf(stage), runs), 'ms')
  // Bars are for warm runs. The check of first rows and overview in an empty profile has a million flows.
  context.figure(`${what}: empty profile`, cold, 'ms')
  targets.judge(`${what}: p95 of ${runs}`, p95, 'ms', { most: ms })
  if (whole !== condition)
    targets.judge(`${what}: with all below the window, p95`, percentile(wholes, 95), 'ms', { most: ms })
  const same = anotherMs()
  const again = await warmRuns(context, () => open(page, same))
  context.figure(`${what}: the same range again, p95 of ${again.runs}`, again.p95, 'ms')
  targets.judge(`${what}: scripts`, scripts / 1024, 'KiB', { most: BUDGET.first / 1024 })
  await page.context().close()
}
