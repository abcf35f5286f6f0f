import type { Command } from 'commander'
import { realHost } from '../host/index.ts'
import { self } from '../host/process.ts'
import { action } from './client.ts'
import { colour } from './colour.ts'
import { filesOf, withConfigFiles, type ConfigFlags } from './config-files.ts'
import { printData, withOutput, type OutputFlags } from './output.ts'
import { examples } from './examples.ts'

export function register(program: Command): void {
  withOutput(
    withConfigFiles(
      program
        .command('test')
        .description(
          'Run the unit tests of a configuration: input rows of transforms and sinks, and the expected rows or ' +
            'outcomes. Nothing is started, and no system is contacted.',
        ),
      ' with a section `tests`, or a file *.test.yaml with further tests',
    ).option('--no-environment', 'for CI: variables need not exist; values with a variable are unknown'),
  )
    .addHelpText(
      ...examples(['weir test weir.yaml', 'weir test weir.yaml web.test.yaml -o json'], {
        0: `all tests passed`,
        1: `a test failed`,
        2: `a mistake in the configuration or in a test (printed with file, line and column) or usage error`,
      }),
    )
    .action(action(run))
}

type TestFlags = ConfigFlags & OutputFlags & Readonly<{ environment: boolean }>

async function run(given: readonly string[], { config, environment, output }: TestFlags) {
  const files = filesOf(given, { config })
  const { runUnitTests } = await import('../app/load-unit-tests.ts')
  const report = await runUnitTests(realHost(), files, environment ? 'machine' : 'none')
  await printData(
    { output },
    {
      whole: report,
      rows: report.tests.map(({ file, name, failures }) => ({
        file,
        name,
        result: failures.length === 0 ? 'passed' : 'failed',
        failures: failures.join('\n'),
      })),
      columns: ['file', 'name', 'result', 'failures'],
      table: () =>
        [
          ...report.tests.flatMap(({ name, failures }) => [
            `${failures.length === 0 ? colour('green', 'pass') : colour('red', 'FAIL')}  ${name}`,
            ...failures.map((line) => `      ${line}`),
          ]),
          `${report.passed} passed, ${report.failed} failed`,
          '',
        ].join('\n'),
    },
  )
  if (report.failed > 0) self.leave(1)
}
