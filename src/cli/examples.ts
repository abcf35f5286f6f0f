export type Exits = Readonly<Partial<Record<0 | 1 | 2 | 70 | 78, string>>>

/** Arguments of `addHelpText`: `about`, the examples, and the meaning of each exit code. */
export function examples(commands: readonly string[], exits: Exits = {}, about?: string): ['after', string] {
  const meanings = Object.entries({ 0: 'success', 2: 'usage error', ...exits } satisfies Exits)
  const text = `
${about === undefined ? '' : `${about}\n\n`}Examples:
${commands.map((command) => `  $ ${command}`).join('\n')}

Exit code: ${meanings.map(([code, meaning]) => `${code} ${meaning}`).join(', ')}.`
  return ['after', text]
}
