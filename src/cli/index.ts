import { self, systemReason } from '../host/process.ts'
import { errorTable, stackOf, WeirError } from '../model/errors.ts'
import { withoutUrlSecrets } from '../model/url-text.ts'
import { badConfiguration } from './bad-configuration.ts'

/** Runs a command line; sets the exit code (0 done or after a clean stop, 2 on bad configuration or a command line that cannot be used, 1 otherwise) and prints errors as a sentence and a line of advice. */
export async function main(args: readonly string[]): Promise<void> {
  try {
    if (args[0] === 'run') {
      // The program's main way skips everything that only other commands need.
      const { runCommand } = await import('./run.ts')
      // Workers of a start that failed half-way must not keep the process alive.
      return await runCommand(args.slice(1)).catch((error: unknown) => self.exit(fail(error)))
    }
    const [{ program }, { withGoFlags }] = await Promise.all([import('./program.ts'), import('./cts-exporter.ts')])
    // Without a command line there is nothing wrong with it: the page, and no error.
    if (args.length === 0) return program().outputHelp()
    await program().parseAsync(withGoFlags(args), { from: 'user' })
  } catch (error) {
    // Commander has said already what is wrong, or printed what was asked for.
    if (isCommanderError(error)) return self.leave(error.exitCode === 0 ? 0 : 2)
    fail(error)
  }
}

/** Prints an error as a sentence and a line of advice, sets the exit code and gives it. */
export function fail(error: unknown): number {
  if (error instanceof WeirError) {
    const message = withoutUrlSecrets(error.message)
    const line = message.includes('\n') ? `${message}\n` : `weir: ${message}\n`
    self.stderr(`${line}      ${error.advice}\n`)
    const code = badConfiguration.has(error.code) ? 2 : 1
    self.leave(code)
    return code
  }
  // Of the machine, not of the program: a stack would say nothing more.
  if (error instanceof Error && 'syscall' in error && 'path' in error) {
    self.stderr(
      `weir: ${String(error.path)} cannot be used: ${systemReason(error)}.\n      ${errorTable.WEIR_DATA_UNUSABLE.advice}\n`,
    )
    self.leave(1)
    return 1
  }
  self.stderr(`weir: ${withoutUrlSecrets(stackOf(error))}\n`)
  self.leave(1)
  return 1
}

function isCommanderError(error: unknown): error is Error & { readonly exitCode: number } {
  return error instanceof Error && 'exitCode' in error && 'code' in error && String(error.code).startsWith('commander.')
}
