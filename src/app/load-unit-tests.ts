import type { Host } from '../host/index.ts'
import { WeirError } from '../model/errors.ts'
import { formatPath, formatProblems, validate, type ConfigDocument, type Problem } from '../schema/index.ts'
import { locate } from '../schema/document.ts'
import { readDocument } from './config-text.ts'
import { testFileSchema, type UnitTest } from './config-unit-tests.ts'
import { loadConfig, textsOf, type Loaded, type Surroundings } from './load-config.ts'
import { runUnitTest } from './unit-tests.ts'

export type UnitTestReport = Readonly<{
  passed: number
  failed: number
  tests: readonly Readonly<{ file: string; name: string; failures: readonly string[] }>[]
}>

const isTestFile = (file: string) => /\.test\.ya?ml$/.test(file)

/** Throws WEIR_CONFIG_INVALID with all mistakes in configuration and tests, also if there is no test. */
export async function runUnitTests(
  host: Host,
  files: readonly string[],
  surroundings: Surroundings = 'machine',
): Promise<UnitTestReport> {
  const configs = files.filter((file) => !isTestFile(file))
  if (configs.length === 0)
    throw new WeirError('WEIR_CONFIG_INVALID', 'no configuration is named', {
      advice: 'Name it before the tests: `weir test weir.yaml web.test.yaml`.',
    })
  const loaded = await loadConfig(host, configs, [], surroundings)
  const sets: Readonly<{ document: ConfigDocument; tests: readonly UnitTest[] }>[] = [
    { document: loaded.document, tests: loaded.config.tests },
  ]
  for (const file of files.filter(isTestFile)) {
    const document = await readDocument(host, [file])
    const validated = validate(testFileSchema, document)
    if (validated.problems !== undefined) throw invalid(validated.problems, document)
    sets.push({ document, tests: validated.value.tests })
  }
  const tests: { file: string; name: string; failures: readonly string[] }[] = []
  for (const { document, tests: documentTests } of sets) {
    const problems = [...twice(document, documentTests), ...(await results(loaded, document, documentTests, tests))]
    if (problems.length > 0) throw invalid(problems, document)
  }
  if (tests.length === 0)
    throw new WeirError('WEIR_CONFIG_INVALID', `${files.join(', ')}: there are no tests`, {
      advice: 'Add a section `tests`, or name a file *.test.yaml.',
    })
  const failed = tests.filter(({ failures }) => failures.length > 0).length
  return { passed: tests.length - failed, failed, tests }
}

async function results(
  loaded: Loaded,
  document: ConfigDocument,
  tests: readonly UnitTest[],
  into: { file: string; name: string; failures: readonly string[] }[],
): Promise<readonly Problem[]> {
  const problems: Problem[] = []
  for (const [index, test] of tests.entries()) {
    const outcome = await runUnitTest(loaded, test)
    into.push({ file: document.file, name: outcome.name, failures: outcome.failures })
    for (const { path, message, hint } of outcome.problems) {
      const whole = ['tests', index, ...path]
      problems.push({
        ...locate(document, whole, 'value'),
        path: formatPath(whole),
        message,
        ...(hint === undefined ? {} : { hint }),
      })
    }
  }
  return problems
}

function twice(document: ConfigDocument, tests: readonly UnitTest[]): readonly Problem[] {
  return tests.flatMap(({ name }, index) =>
    tests.findIndex((test) => test.name === name) === index
      ? []
      : [
          {
            ...locate(document, ['tests', index, 'name'], 'value'),
            path: formatPath(['tests', index, 'name']),
            message: `another test has the name \`${name}\``,
            hint: 'give each test its own name',
          },
        ],
  )
}

function invalid(problems: readonly Problem[], document: ConfigDocument) {
  return new WeirError('WEIR_CONFIG_INVALID', formatProblems(problems, textsOf(document)))
}
