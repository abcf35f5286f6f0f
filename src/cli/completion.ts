import { Argument, type Command } from 'commander'
import { self } from '../host/process.ts'
import { action } from './client.ts'
import { examples } from './examples.ts'
import { packagesOption, usePackagesOf } from './packages-of.ts'

export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

export function register(program: Command): void {
  program
    .command('completion')
    .description('Print the completion script of a shell.')
    .addArgument(new Argument('<shell>', 'your shell').choices(shells))
    .option(...packagesOption)
    .addHelpText(
      ...examples([
        'source <(weir completion bash)',
        'weir completion zsh > "${fpath[1]}/_weir"',
        'weir completion fish > ~/.config/fish/completions/weir.fish',
      ]),
    )
    .action(
      action(async (shell: Shell, { config }: { readonly config: readonly string[] }) => {
        await usePackagesOf(config)
        self.stdout(await completionScript(program, shell))
      }),
    )
}

/** The script is static: completion starts Weir for ids of a running server only (`weir ids`). */
export async function completionScript(program: Command, shell: Shell): Promise<string> {
  const [{ commandTree }, { completionOf }, { components }, { listTopics, nameOf }] = await Promise.all([
    import('./command-tree.ts'),
    import('./completion-scripts.ts'),
    import('../app/components.ts'),
    import('./help/topics.ts'),
  ])
  const names = components().map(({ name }) => name)
  const commands = program.commands.map((command) => command.name())
  const topics = (await listTopics()).map((topic) => nameOf(topic, commands))
  return completionOf(shell, commandTree(program), {
    schema: names,
    create: names,
    help: [...commands, ...topics, 'topics'],
  })
}
