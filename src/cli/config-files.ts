/** Configuration files of a command: as arguments or with --config. */
import type { Command } from 'commander'
import { self } from '../host/process.ts'
import { installedConfig } from './discover.ts'
import { collect } from './option-values.ts'

export type ConfigFlags = Readonly<{ config: readonly string[] }>

/**
 * Adds an argument and the flag `--config`, which {@link filesOf} joins. `about` continues the help text
 * "configuration file or folder".
 */
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

/** Without files those of the installation. */
export async function filesOrInstalled(files: readonly string[], flags: ConfigFlags): Promise<readonly string[]> {
  const given = filesOf(files, flags)
  return given.length > 0 ? given : installedConfig(self.env['WEIR_DATA'] || undefined)
}

export const installedByDefault = ' (default: that of the installation, such as /etc/weir)'

/** In place of a file: WEIR_* variables and defaults are a configuration, too. */
export const noFile = 'No configuration file was found. The configuration of variables and defaults'
