// The completion scripts of zsh and fish in the shells themselves; src/cli/completion.test.ts has bash.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { completionScript } from '../../src/cli/completion.ts'
import { program } from '../../src/cli/program.ts'
import { temporaryFolder } from '../../src/cli/testing/command.ts'
import { runCommand } from '../../tools/kit/command.ts'
import { install } from './install/apt.ts'
import { fish, zsh } from './install/shells.ts'

/** Types `line` and a tab in a terminal of zsh, and prints what its completion adds. */
const zshDriver = `
zmodload zsh/zpty
zpty -b shell zsh -f -i
zpty -w shell 'PROMPT=; PATH=$PWD:$PATH; autoload -U compinit; compinit -D; source ./weir.zsh; source ./capture.zsh'
zpty -w -n shell "$1"$'\\t'
zpty -w -n shell $'\\C-x'
for i in {1..600}; do
  [[ -e done ]] && break
  zpty -r -t shell output
  sleep 0.05
done
zpty -d shell
`
const zshCapture = `
compadd() {
  if [[ "\${@[1,(i)(-|--)]}" == *-(O|A|D)* ]]; then builtin compadd "$@"; return; fi
  local -a found
  builtin compadd -A found "$@"
  (( $#found )) && print -rl -- $found >> offered
  builtin compadd "$@"
}
finish() { : > done }
zle -N finish
bindkey '^X' finish
`

const inZsh = async (folder: string, line: string): Promise<string[]> => {
  await writeFile(join(folder, 'capture.zsh'), zshCapture)
  await writeFile(join(folder, 'weir.zsh'), await completionScript(program(), 'zsh'))
  const ran = await runCommand('zsh', ['-f', '-c', zshDriver, 'zsh', line], { cwd: folder, limit: 60_000 })
  expect(ran).toMatchObject({ code: 0, stderr: '' })
  const found = await readFile(join(folder, 'offered'), 'utf8').catch(() => '')
  return found.split('\n').filter((word) => word !== '')
}

const inFish = async (folder: string, line: string): Promise<string[]> => {
  await writeFile(join(folder, 'weir.fish'), await completionScript(program(), 'fish'))
  const script = 'set -x PATH $PWD $PATH; source weir.fish; complete -C $argv[1]'
  const ran = await runCommand('fish', ['--no-config', '-c', script, line], {
    cwd: folder,
    limit: 60_000,
    env: { ...process.env, HOME: folder },
  })
  expect(ran).toMatchObject({ code: 0, stderr: '' })
  return ran.stdout
    .split('\n')
    .map((one) => one.split('\t')[0] ?? '')
    .filter((word) => word !== '')
}

describe.each([
  [zsh, inZsh],
  [fish, inFish],
] as const)('in $name', (shell, offeredIn) => {
  let missing: string | undefined
  beforeAll(async () => {
    const found = await install(shell)
    missing = found.path === undefined ? found.reason : undefined
  })

  const offered = async (line: string): Promise<string[]> => {
    const folder = await temporaryFolder()
    await mkdir(join(folder, 'my data'))
    await writeFile(join(folder, 'my weir.yaml'), '')
    // Prints its arguments after `ids`, as words.
    await writeFile(join(folder, 'weir'), '#!/bin/sh\n[ "$1" = ids ] && shift && printf "%s\\n" "$@"\n', {
      mode: 0o755,
    })
    return [...new Set(await offeredIn(folder, line))].toSorted()
  }

  test.for([
    ['commands', 'weir d', ['dead-letters', 'doctor']],
    ['commands below a command', 'weir journal ', ['check', 'export', 'list']],
    ['flags', 'weir run --netf', ['--netflow']],
    ['values of a list', 'weir completion f', ['fish']],
    ['values of a flag', 'weir query -o nd', ['ndjson']],
    ['ids of the server that the line selects', 'weir tap --data x ', ['--data', 'streams', 'x']],
    ['nothing for a URL', 'weir query --url ', []],
  ] as const)('%s', async ([, line, expected], context) => {
    if (missing !== undefined) return context.skip(missing)
    expect(await offered(line)).toEqual(expected)
  })

  test('folders and files', async (context) => {
    if (missing !== undefined) return context.skip(missing)
    const clean = (words: readonly string[]): string[] =>
      words.map((word) => word.replace(/[\\/]+$/, '').replace('\\', ''))
    expect(clean(await offered('weir run --data my'))).toEqual(['my data'])
    expect(clean(await offered('weir run --config my'))).toContain('my weir.yaml')
  })
})
