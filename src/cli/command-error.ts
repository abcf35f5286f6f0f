export type ExitCode = 1 | 2 | 70 | 78

/** `exit` is 2 for a wrong command line, 70 or 78 where another program defines these codes, otherwise 1. */
export class CommandError extends Error {
  readonly hints: readonly string[]
  readonly exit: ExitCode
  constructor(message: string, hints: readonly string[] = [], exit: ExitCode = 1) {
    super(message)
    this.name = 'CommandError'
    this.hints = hints
    this.exit = exit
  }
}

/** The server may respond to the same request later. */
export class ServerAway extends CommandError {}
