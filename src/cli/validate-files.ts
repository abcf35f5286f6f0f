/** `weir validate --no-environment`. */
import { weirSchema } from '../app/config.ts'
import type { Loaded } from '../app/load-config.ts'
import { walkWritten } from '../schema/descend.ts'
import { formatPath } from '../schema/problem.ts'
import { noFile } from './config-files.ts'
import { printData, type OutputFormat } from './output.ts'

/** What the machine would have to provide. */
export async function printUnverified(
  files: readonly string[],
  { document, unknown }: Loaded,
  output: OutputFormat,
): Promise<void> {
  const unknownPaths = new Set(unknown.map(formatPath))
  const unverified = unknown.map((path) => ({ setting: formatPath(path), needs: 'a variable' }))
  walkWritten(weirSchema.info, document.value, (info, value, path) => {
    if (typeof value !== 'string' || unknownPaths.has(formatPath(path))) return
    const needs = info.holds === undefined ? /^(?:env|file):\S+$/.exec(value)?.[0] : `the file ${value}`
    if (needs !== undefined && (info.kind === 'secret' || info.holds !== undefined))
      unverified.push({ setting: formatPath(path), needs })
  })
  const width = unverified.reduce((most, { setting }) => Math.max(most, setting.length), 0)
  await printData(
    { output },
    {
      whole: { valid: true, unverified },
      rows: unverified,
      columns: ['setting', 'needs'],
      table: () =>
        `${files.join(', ') || noFile} is valid.\n` +
        (unverified.length === 0
          ? ''
          : `\nNot verified without an environment:\n${unverified
              .map(({ setting, needs }) => `  ${setting.padEnd(width)}  ${needs}\n`)
              .join('')}`),
    },
  )
}
