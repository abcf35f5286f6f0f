import { writeFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { runCommand } from '../../tools/kit/command.ts'
import { commandTree, flatten } from './command-tree.ts'
import { completionScript, shells } from './completion.ts'
import { program } from './program.ts'
import { temporaryFolder } from './testing/command.ts'
import { launch } from './testing/launch.ts'

const hasBash = (await runCommand('bash', ['-c', 'complete -p >/dev/null; exit 0'], { limit: 10_000 })).code === 0

describe.each(shells)('the script for %s', (shell) => {
  test('knows every command and every flag, and starts Weir for ids only', async () => {
    const script = await completionScript(program(), shell)
    for (const { words, options } of flatten(commandTree(program()))) {
      for (const word of words) expect(script).toContain(word)
      for (const { flags } of options) expect(script).toContain((flags.at(-1) ?? '').slice(2))
    }
    expect(script).not.toMatch(/\$\((?:command )?weir|^ *weir /m)
  })

  test('is what the command prints', async () => {
    expect(await launch(['completion', shell])).toMatchObject({
      code: 0,
      stderr: '',
      stdout: await completionScript(program(), shell),
    })
  })
})

describe.runIf(hasBash)('in bash', () => {
  let script = ''
  beforeAll(async () => {
    script = await completionScript(program(), 'bash')
  })

  /** What bash would offer at the end of a line; the last word is the one being typed. */
  const offered = (...words: readonly string[]): Promise<string[]> => offeredBy('weir', words)

  async function offeredBy(command: string, words: readonly string[]): Promise<string[]> {
    const folder = await temporaryFolder()
    await mkdir(join(folder, 'my data'))
    await writeFile(join(folder, 'my weir.yaml'), '')
    await writeFile(
      join(folder, 'complete.sh'),
      `${script}
COMP_WORDS=(${[command, ...words].map((word) => `'${word}'`).join(' ')})
COMP_CWORD=${words.length}
_weir
[ "\${#COMPREPLY[@]}" = 0 ] || printf '%s\\n' "\${COMPREPLY[@]}"
`,
    )
    const ran = await runCommand('bash', ['--norc', 'complete.sh'], { cwd: folder, limit: 10_000 })
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    return ran.stdout.split('\n').filter((line) => line !== '')
  }

  test('commands are offered, and the commands below them', async () => {
    expect(await offered('')).toEqual([
      'run',
      'init',
      'validate',
      'test',
      'rehearse',
      'simulate',
      'create',
      'config',
      'schema',
      'kollect',
      'cts-exporter',
      'exoscale-exporter',
      'neo4j-sink',
      'flows-to-clickhouse',
      'netobserv',
      'insights-remote',
      'query',
      'flows',
      'events',
      'audit',
      'fields',
      'tap',
      'top',
      'exporters',
      'alerts',
      'changes',
      'why',
      'investigate',
      'incidents',
      'resources',
      'image-diff',
      'images',
      'packages',
      'problems',
      'flaws',
      'facts',
      'inventory',
      'spend',
      'transfers',
      'ledger',
      'dead-letters',
      'sink',
      'status',
      'reload',
      'health',
      'doctor',
      'upgrade',
      'bus',
      'journal',
      'store',
      'replay',
      'ids',
      'completion',
      'help',
      'man',
    ])
    expect(await offered('d')).toEqual(['dead-letters', 'doctor'])
    expect(await offered('journal', '')).toEqual(['check', 'list', 'export'])
    expect(await offered('help', 'j')).toEqual(['journal'])
    expect(await offered('help', 'filt')).toEqual(['filters'])
  })
  test('flags are those of the command, also of run', async () => {
    expect(await offered('journal', 'export', '--')).toEqual([
      '--data',
      '--from',
      '--to',
      '--source',
      '--output',
      '--help',
    ])
    expect(await offered('run', '--n')).toEqual(['--netflow'])
  })
  test('values are offered where there is a list of them', async () => {
    expect(await offered('query', '-o', '')).toEqual(['table', 'json', 'ndjson', 'csv', 'yaml', 'wide', 'vertical'])
    expect(await offered('journal', 'check', '--data', 'x', '--output', 'j')).toEqual(['json'])
    expect(await offered('completion', 'f')).toEqual(['fish'])
    expect(await offered('create', 'netf')).toEqual(['netflow'])
    expect(await offered('query', '--url', '')).toEqual([])
  })
  test('ids of the server that the line selects are offered', async () => {
    const folder = await temporaryFolder()
    const command = join(folder, 'weir')
    // Prints its arguments after `ids`, as words.
    await writeFile(command, '#!/bin/sh\n[ "$1" = ids ] && shift && printf "%s\\n" "$@"\n', { mode: 0o755 })
    const ids = (...words: readonly string[]): Promise<string[]> => offeredBy(command, words)
    expect(await ids('dead-letters', 'retry', '')).toEqual(['sinks'])
    expect(await ids('tap', '--data', 'x', '')).toEqual(['streams', '--data', 'x'])
    expect(await ids('exporters', '--source', 's')).toEqual(['sources'])
    expect(await ids('exporters', 'exp')).toEqual(['exporters'])
    expect(await ids('init', '--sink', '')).toEqual([])
  })
  test('files and folders are offered where they are wanted, with blanks in their names', async () => {
    expect((await offered('run', '--config', 'my')).toSorted()).toEqual(['my data', 'my weir.yaml'])
    expect(await offered('run', '--data', 'my')).toEqual(['my data'])
  })
})
