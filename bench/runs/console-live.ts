import type { AcceptanceRun } from '../harness.ts'
import { installedChromium } from '../../test/browser/kit/chromium.ts'
import { Stage } from '../../test/browser/kit/stage.ts'
import { liveLoad } from './console/live-load.ts'
import { liveWithoutBrowser } from './console/live-without-browser.ts'

const leastFrames = 50

export default {
  name: 'console-live',
  issue: '4.2',
  title:
    '20,000 flows per second live for ten minutes: 50 frames per second, below 50 MB of heap growth. Shown ' +
    'and skipped rows equal the sent ones, and a datagram is a row within a second.',
  async run(context) {
    if (context.scale === 'ci') return liveWithoutBrowser(context)
    if (installedChromium() === undefined) context.skip('no Chromium is installed (WEIR_CHROMIUM names one)')
    const stage = new Stage()
    try {
      await stage.open()
      const { fps } = await liveLoad(context, stage, (context.minutes ?? 10) * 60)
      context.expectSpeed(fps >= leastFrames, `at least ${leastFrames} frames a second (median)`)
    } finally {
      await stage.close()
    }
  },
} satisfies AcceptanceRun
