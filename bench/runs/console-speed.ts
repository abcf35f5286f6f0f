import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { BigStage } from '../../test/browser/kit/big-stage.ts'
import { installedChromium } from '../../test/browser/kit/chromium.ts'
import { copyOfD, folderVariable, makeD } from '../../test/browser/kit/data-set/template.ts'
import { Stage } from '../../test/browser/kit/stage.ts'
import { startWeir } from '../../test/kit/weir-process.ts'
import type { AcceptanceContext, AcceptanceRun } from '../harness.ts'
import { liveLoad } from './console/live-load.ts'
import { runBrowserTests } from './console/run-browser.ts'
import { input } from './console-speed/input.ts'
import { pages } from './console-speed/pages.ts'
import { queries } from './console-speed/queries.ts'
import { Targets } from './console-speed/targets.ts'

const isoOf = (ms: number) => new Date(ms).toISOString()

export default {
  name: 'console-speed',
  issue: '30.4',
  title:
    'Of five million flows the first rows take a second, Home and the overview two, also by service port. Typing, ' +
    'scrolling, large graphs, completion, exports and 20,000 live flows per second keep their limits.',
  async run(context) {
    const full = context.scale === 'full'
    if (full && installedChromium() === undefined) context.skip('no Chromium is installed (WEIR_CHROMIUM names one)')
    process.env[folderVariable] = context.data ?? join(context.folder, 'data-set')
    await makeD(process.env[folderVariable], context.size(5_000_000, 40_000))
    const targets = new Targets(context)
    if (full) await inBrowser(context, targets)
    else await withoutBrowser(context, targets)
    targets.print()
  },
} satisfies AcceptanceRun

async function withoutBrowser(context: AcceptanceContext, targets: Targets) {
  const folder = await mkdtemp(join(context.folder, 'weir-'))
  const { from, to } = await copyOfD(join(folder, 'data'))
  await using weir = await startWeir({ folder })
  await queries(context, targets, weir, { from: isoOf(from), to: isoOf(to) })
}

async function inBrowser(context: AcceptanceContext, targets: Targets) {
  const stage = new BigStage()
  try {
    await stage.open()
    await queries(context, targets, stage.weir, { from: isoOf(stage.span.from), to: isoOf(stage.span.to) })
    await pages(context, targets, stage)
    await input(context, targets, stage)
    for (const complaint of stage.complaints) context.expect(false, complaint)
  } finally {
    await stage.close()
  }
  await live(context, targets)
  const tests = await runBrowserTests(context, ['-t', 'check (19|20|27|29): '], 1_500_000)
  for (const { title, failure, passed } of tests.filter(({ skipped }) => !skipped))
    context.expect(passed, passed ? title : `${title}: ${failure}`)
}

async function live(context: AcceptanceContext, targets: Targets) {
  const stage = new Stage()
  try {
    await stage.open()
    const { fps, grown } = await liveLoad(context, stage, (context.minutes ?? 10) * 60)
    targets.judge('20,000 live flows per second: frames per second, median', fps, '', { least: 55 })
    targets.judge('20,000 live flows per second: growth of the heap', grown, 'MB', { most: 50 })
  } finally {
    await stage.close()
  }
}
