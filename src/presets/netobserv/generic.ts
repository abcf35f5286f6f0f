import type { Assembly, Branch } from './branch.ts'
import type { Generic } from './flp-file.ts'
import { mapOf, MapSteps, multiply } from './steps.ts'

/** Each rule reads the flow before the stage; a later rule replaces the result of an earlier one. */
export function generic(
  name: string,
  before: Branch,
  { policy, rules = [], output: written }: Generic & Readonly<{ output: 'rows' | 'otlp' }>,
  path: string,
  assembly: Assembly,
): Branch {
  const { report } = assembly
  const toOtlp = written === 'otlp'
  const steps = new MapSteps()
  const renamed: Record<string, string> = {}
  const replaces = policy === 'replace_keys' && !toOtlp
  if (replaces) steps.replaceAll()
  for (const [index, { input = '', output = '', multiplier = 0 }] of rules.entries()) {
    const at = `${path}.rules[${index}]`
    if (multiplier !== 0) {
      if (!multiply(steps, input, toOtlp ? input : output, multiplier)) {
        report.note(at, `\`${input}\` or \`${output}\` is no number, so that nothing is multiplied`)
        continue
      }
      if (toOtlp && input !== output) renamed[input] = output
    } else if (toOtlp) {
      if (input !== output) renamed[input] = output
    } else if ((replaces || input !== output) && !steps.copy(input, output))
      report.refuse(at, `\`${output}\` cannot hold values of \`${input}\``)
  }
  const after = mapOf(name, before, steps, assembly)
  return toOtlp ? { ...after, renamed: { ...before.renamed, ...renamed } } : after
}
