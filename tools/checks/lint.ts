// oxlint with type-aware rules (tsgolint), and the rule that it cannot judge (host-rule.ts has its own check).
import { join, relative } from 'node:path'
import { isMain } from '../kit/main.ts'
import { fewCollections, localBin, runCommand, ROOT } from '../kit/command.ts'
import { runCheckAlone, type Problem } from '../kit/sources.ts'

interface OxlintReport {
  readonly diagnostics: readonly Readonly<{
    message: string
    code?: string
    filename: string
    labels: readonly { readonly span: { readonly line: number } }[]
  }>[]
}

export async function lint(root: string): Promise<Problem[]> {
  // With two processors tsgolint checks types that files share twice, for 60 % more processor time.
  const env = { ...fewCollections, GOMAXPROCS: '1' }
  const result = await runCommand(localBin('oxlint'), ['--type-aware', '-f', 'json'], {
    cwd: root,
    limit: 300_000,
    env,
  })
  let report: OxlintReport
  try {
    report = JSON.parse(result.stdout) as OxlintReport
  } catch {
    throw new Error(`oxlint did not give a report (exit ${result.code}): ${result.output.slice(0, 2000)}`)
  }
  const problems = report.diagnostics.map((finding) => {
    const line = finding.labels[0]?.span.line
    return {
      file: relative(root, join(root, finding.filename)),
      ...(line === undefined ? {} : { line }),
      message: `${finding.message} (${finding.code ?? 'oxlint'})`,
    }
  })
  if (result.code !== 0 && problems.length === 0) throw new Error(`oxlint failed: ${result.output.slice(0, 2000)}`)
  return problems
}

if (isMain(import.meta.url)) {
  process.argv[2] ??= ROOT
  await runCheckAlone(lint, 'lint')
}
