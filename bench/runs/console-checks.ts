import type { AcceptanceRun } from '../harness.ts'
import { installedChromium } from '../../test/browser/kit/chromium.ts'
import { checkNumbers, numberOf } from './console/check-numbers.ts'
import { runBrowserTests } from './console/run-browser.ts'

export default {
  name: 'console-checks',
  issue: '4.1',
  title: 'The console passes its checks in a real browser, numbers on screen compared with SQL.',
  async run(context) {
    if (installedChromium() === undefined) context.skip('no Chromium is installed (WEIR_CHROMIUM names one)')
    const tests = await runBrowserTests(context, [], 5_400_000)
    for (const number of checkNumbers) {
      const matching = tests.filter(({ title }) => numberOf(title) === number)
      const bad = matching.filter(({ passed }) => !passed)
      const titles = matching.map(({ title }) => title.slice(title.indexOf(': ') + 2)).join('; ')
      context.expect(
        matching.length > 0 && bad.length === 0,
        matching.length === 0
          ? `check ${number}: no test shows it`
          : `check ${number}: ${titles}${bad.map(({ title, failure }) => ` [failed: ${title}: ${failure}]`).join('')}`,
      )
    }
    const others = tests.filter(({ title }) => numberOf(title) === undefined)
    for (const { title, failure } of others.filter(({ passed }) => !passed))
      context.expect(false, `${title}: ${failure}`)
    context.expect(
      others.length > 0 && others.every(({ passed }) => passed),
      `${others.length} further tests in the browser pass`,
    )
  },
} satisfies AcceptanceRun
