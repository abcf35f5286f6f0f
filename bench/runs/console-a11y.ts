import type { AcceptanceRun } from '../harness.ts'
import { installedChromium } from '../../test/browser/kit/chromium.ts'
import { numberOf } from './console/check-numbers.ts'
import { runBrowserTests } from './console/run-browser.ts'

export default {
  name: 'console-a11y',
  issue: '4.4',
  title:
    'axe finds no violation on any view, light, dark or with reduced motion. One journey needs only the ' + 'keyboard.',
  async run(context) {
    if (installedChromium() === undefined) context.skip('no Chromium is installed (WEIR_CHROMIUM names one)')
    const tests = (
      await runBrowserTests(context, ['-t', 'check (39|4[012]): |WCAG|keyboard|list of keys'], 1_500_000)
    ).filter(({ skipped }) => !skipped)
    for (const { title, passed, failure } of tests) context.expect(passed, passed ? title : `${title}: ${failure}`)
    for (const number of [39, 40])
      context.expect(
        tests.some(({ title }) => numberOf(title) === number),
        `check ${number} was run`,
      )
  },
} satisfies AcceptanceRun
