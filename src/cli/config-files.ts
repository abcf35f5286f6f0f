/** Configuration files of a command: as arguments or with --config. */
import type { Command } from 'commander'
import { collect } from './option-values.ts'

export type ConfigFlags = Readonly<{ config: readonly string[] }>

/** The action gets the arguments first; `filesOf` joins both. `about` continues "configuration file or folder". */
export function withConfigFiles(command: Command, about = ''): Command {
  return command
    .argument('[file...]', 'the same as --config')
    .option(
      '--config <FILE>',
      `configuration file or folder${about}, or \`-\` for standard input; may be repeated, later files override ` +
        'earlier ones',
      collect,
      [],
    )
}

export function filesOf(files: readonly string[], { config }: ConfigFlags): readonly string[] {
  return [...config, ...files]
}
