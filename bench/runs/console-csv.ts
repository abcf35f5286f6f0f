import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { BigStage } from '../../test/browser/kit/big-stage.ts'
import { installedChromium } from '../../test/browser/kit/chromium.ts'
import { folderVariable, makeD } from '../../test/browser/kit/data-set/template.ts'
import type { AcceptanceContext, AcceptanceRun } from '../harness.ts'
import { savedEqualsStore } from './console/saved-csv.ts'

const columns = 'time_received,src,src_port,dst,dst_port,bytes_est,packets_est'

export default {
  name: 'console-csv',
  issue: '30',
  title: 'CSV as shown saves five million rows in the order of the screen, each value equal to the store.',
  async run(context) {
    if (installedChromium() === undefined) context.skip('no Chromium is installed (WEIR_CHROMIUM names one)')
    const template = context.data ?? join(context.folder, 'data-set')
    await makeD(template, context.size(5_000_000, 50_000))
    process.env[folderVariable] = template
    const stage = new BigStage()
    try {
      await stage.open()
      await save(context, stage)
    } finally {
      await stage.close()
    }
  },
} satisfies AcceptanceRun

async function save(context: AcceptanceContext, stage: BigStage): Promise<void> {
  const query = new URLSearchParams({ v: '1', live: '0', t: stage.time, cols: columns })
  const page = await stage.page(`/flows?${query.toString()}`, { locale: 'en-US', timezoneId: 'UTC' })
  page.setDefaultTimeout(0)
  await page.locator('.grid-body [role="row"]').first().waitFor()
  await page.getByRole('button', { name: 'Export', exact: true }).click()
  const began = performance.now()
  const [memory, cpu] = [stage.weir.memory().own, stage.weir.cpuSeconds()]
  const waits = page.waitForEvent('download', { timeout: 0 })
  await page.getByRole('button', { name: 'CSV, as shown' }).click()
  const file = await (await waits).path()
  const seconds = (performance.now() - began) / 1000
  const { rows } = stage.span
  context.figure('rows', rows)
  context.figure('time', seconds, 's')
  context.figure('rows per second', Math.round(rows / seconds))
  context.figure('file', Math.round((await stat(file)).size / 1e6), 'MB')
  context.figure('processor time of the server', Number((stage.weir.cpuSeconds() - cpu).toFixed(1)), 's')
  context.figure('memory of the server above that before, at the end', (stage.weir.memory().own - memory) / 1e6, 'MB')
  await page.getByText(`${new Intl.NumberFormat('en-US').format(rows)} rows saved.`).waitFor()
  await savedEqualsStore(context, stage.weir, file)
}
