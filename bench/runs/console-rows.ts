import type { AcceptanceRun } from '../harness.ts'
import { installedChromium } from '../../test/browser/kit/chromium.ts'
import { manyRows } from './console/many-rows.ts'

export default {
  name: 'console-rows',
  issue: '4.1',
  title: '200,000 rows delay the main thread by less than 20 ms (p99).',
  async run(context) {
    if (installedChromium() === undefined) context.skip('no Chromium is installed (WEIR_CHROMIUM names one)')
    await manyRows(context)
  },
} satisfies AcceptanceRun
