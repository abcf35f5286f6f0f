import { self, systemReason } from '../host/process.ts'
import { errorTable, stackOf, WeirError } from '../model/errors.ts'
import { withoutUrlSecrets } from '../model/url-text.ts'
import { configurationErrorCodes } from './bad-configuration.ts'

/** Exit code: 0 success or a clean stop, 2 an invalid configuration or command line, otherwise 1. */
export async function main(args: readonly string[]): Promise<void> {
  try {
    if (args[0] === 'run') {
      const { runCommand } = await import('./run.ts')
      // Workers of a failed start must not keep the process alive.
      return await runCommand(args.slice(1)).catch((error: unknown) => self.exit(fail(error)))
    }
    const [{ program }, { withGoFlags }, { withOriginalFlags }, { withSingleDashes }, { withListenFlag }] =
      await Promise.all([
        import('./program.ts'),
        import('./cts-exporter.ts'),
        import('./flows-to-clickhouse.ts'),
        import('./insights-remote.ts'),
        import('./exoscale-exporter.ts'),
      ])
    if (args.length === 0) return program().outputHelp()
    const written = withListenFlag(withSingleDashes(withOriginalFlags(withGoFlags(args))))
    await program().parseAsync(written, { from: 'user' })
  } catch (error) {
    if (isCommanderError(error)) return self.leave(error.exitCode === 0 ? 0 : 2)
    fail(error)
  }
}

function fail(error: unknown): number {
  if (error instanceof WeirError) {
    const message = withoutUrlSecrets(error.message)
    const line = message.includes('\n') ? `${message}\n` : `weir: ${message}\n`
    self.stderr(`${line}      ${error.advice}\n`)
    const code = configurationErrorCodes.has(error.code) ? 2 : 1
    self.leave(code)
    return code
  }
  // An error of the operating system needs no stack.
  if (error instanceof Error && 'syscall' in error && 'path' in error) {
    self.stderr(
      `weir: ${String(error.path)} cannot be used: ${systemReason(error)}.\n      ` +
        `${errorTable.WEIR_DATA_UNUSABLE.advice}\n`,
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
