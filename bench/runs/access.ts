import type { AcceptanceRun } from '../harness.ts'
import { runVitest } from '../../tools/kit/vitest.ts'
import { installKeycloak } from '../../test/real/install/keycloak.ts'

const tests = 'test/real/keycloak.test.ts'

export default {
  name: 'access',
  issue: '4.6',
  title:
    'With a real Keycloak: login, roles, expiry, logout, wrong audience, clock skew. A user limited to one ' +
    'namespace sees nothing else.',
  async run(context) {
    const installed = await installKeycloak()
    if (installed.path === undefined) return context.skip(installed.reason)
    context.figure('Keycloak', installed.version)
    const runs = [
      await runVitest(['--config', 'test/real/vitest.config.ts', tests], { limit: 400_000 }),
      await runVitest(['src/api/access'], { limit: 200_000 }),
    ]
    for (const { report, output } of runs) {
      const results = report?.testResults.flatMap(({ assertionResults }) => assertionResults) ?? []
      const ran = results.filter(({ status }) => status !== 'skipped' && status !== 'pending')
      for (const { ancestorTitles, title, status } of ran)
        context.expect(status === 'passed', [...ancestorTitles, title].join(': '))
      context.expect(ran.length > 3, `tests ran${ran.length > 3 ? '' : `: ${output.slice(-2000)}`}`)
    }
  },
} satisfies AcceptanceRun
