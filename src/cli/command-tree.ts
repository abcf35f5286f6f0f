import type { Command } from 'commander'
import { runFlags } from './flags.ts'

export type CommandNode = Readonly<{
  words: readonly string[]
  summary: string
  description: string
  usage: string
  arguments: readonly Readonly<{
    name: string
    description: string
    required: boolean
    choices: readonly string[]
  }>[]
  options: readonly CommandOption[]
  commands: readonly CommandNode[]
}>

export type CommandOption = Readonly<{
  flags: readonly string[]
  value: string | undefined
  description: string
  choices: readonly string[]
  default: string | undefined
}>

export function commandTree(command: Command, words: readonly string[] = []): CommandNode {
  const name = ['weir', ...words].join(' ')
  const commands = command.commands.map((below) => commandTree(below, [...words, below.name()]))
  return {
    words,
    summary: command.summary() === '' ? command.description() : command.summary(),
    description: command.description(),
    usage: `${name} ${command.usage()}`.trim(),
    arguments:
      words[0] === 'run'
        ? []
        : command.registeredArguments.map((argument) => ({
            name: argument.name(),
            description: argument.description,
            required: argument.required,
            choices: argument.argChoices ?? [],
          })),
    options:
      words[0] === 'run'
        ? runOptions
        : [...command.options.filter((option) => !option.hidden).map(optionOf), helpOption],
    commands,
  }
}

function optionOf(option: Command['options'][number]): CommandOption {
  const value = /<([^>]+)>|\[([^\]]+)\]/.exec(option.flags)
  const written: unknown = option.defaultValue
  return {
    flags: [option.short, option.long].filter((flag) => typeof flag === 'string'),
    value: value?.[1] ?? value?.[2],
    description: option.description,
    choices: option.argChoices ?? [],
    default: typeof written === 'string' || typeof written === 'number' ? String(written) : undefined,
  }
}

const helpOption: CommandOption = {
  flags: ['-h', '--help'],
  value: undefined,
  description: 'show help',
  choices: [],
  default: undefined,
}

const runOptions: readonly CommandOption[] = [
  { name: 'config', value: 'FILE', help: 'configuration file, YAML' },
  ...runFlags,
]
  .map(({ name, value, help }): CommandOption => ({
    flags: [`--${name}`],
    value,
    description: help,
    choices: [],
    default: undefined,
  }))
  .concat(helpOption)

export function flatten(node: CommandNode): CommandNode[] {
  return [node, ...node.commands.flatMap(flatten)]
}
