import type { Command } from 'commander'
import { program } from '../../src/cli/program.ts'
import { generatedHead } from './markdown.ts'

const width = 110

/** Every command with its own help page. */
export async function cliPage(): Promise<string> {
  const weir = program()
  return `${generatedHead('Commands', 'the commands of src/cli')}\
In a checkout \`npm start -- [flags]\` is \`weir run [flags]\`, and \`npm run -s weir -- <command>\` is any other command.

Exit codes: 0 done (for \`weir run\`: a clean stop), 2 bad configuration or a command line that cannot be used, 1 anything
else. What goes to standard output is the answer; everything said about it goes to standard error.

${everyCommand(weir, ['weir'])
  .map(([words, command]) => `## ${words.join(' ')}\n\n\`\`\`text\n${page(command).trim()}\n\`\`\`\n`)
  .join('\n')}`
}

function everyCommand(command: Command, words: readonly string[]): [words: readonly string[], command: Command][] {
  return [[words, command], ...command.commands.flatMap((below) => everyCommand(below, [...words, below.name()]))]
}

function page(command: Command): string {
  let text = ''
  command.configureOutput({
    writeOut: (piece) => (text += piece),
    getOutHelpWidth: () => width,
    getOutHasColors: () => false,
  })
  command.outputHelp()
  return text
}
