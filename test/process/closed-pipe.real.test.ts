// Issue 24, item 18: `weir --help | head -1` printed an EPIPE stack.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ROOT, runCommand } from '../../tools/kit/command.ts'
import { startWeir, type WeirProcess } from '../kit/weir-process.ts'

let folder = ''
let weir: WeirProcess
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-pipe-'))
  weir = await startWeir({ folder })
})
afterAll(async () => {
  await weir.stop()
  await rm(folder, { recursive: true, force: true })
})

/** Runs `weir …` into a pipe with a reader that has ended or reads one line only. */
async function piped(
  command: string,
  reader: 'gone' | 'head -n 1',
): Promise<{ command: string; code: string; stderr: string }> {
  const errors = join(folder, 'stderr')
  const read = reader === 'gone' ? 'exec true <&-' : reader
  const wait = reader === 'gone' ? 'sleep 0.1; ' : ''
  const script =
    `{ ${wait}"${process.execPath}" bin/weir.mjs ${command} 2>"${errors}"; echo $? >"${errors}.code"; } ` +
    `| { ${read}; }`
  await runCommand('bash', ['-c', script], { limit: 60_000, cwd: ROOT })
  return { command, code: (await readFile(`${errors}.code`, 'utf8')).trim(), stderr: await readFile(errors, 'utf8') }
}

it.each([
  '--help',
  'run --help',
  'schema',
  'schema -o markdown',
  'create netflow',
  'fields',
  'completion bash',
  'check',
  'ledger --data DATA',
  'ledger --verify --data DATA',
  'doctor --data DATA',
  'exporters --data DATA',
  'top --data DATA -o json --watch 1',
  'query --data DATA "SELECT 1"',
  'query --data DATA "SELECT range, repeat(\'x\', 100) FROM range(300000)"',
  'tap http --data DATA',
  'journal list --data DATA',
  'dead-letters list --data DATA',
])('weir %s ends quietly when its output pipe is closed', async (command) => {
  const line = command.replace('DATA', `"${weir.data}"`)
  // What follows something, as `tap`, learns of it with the next row.
  const events = setInterval(
    () =>
      void weir.events([{ specversion: '1.0', id: String(Math.random()), source: '/s', type: 't' }]).catch(() => {}),
    200,
  )
  try {
    for (const reader of ['gone', 'head -n 1'] as const)
      expect(await piped(line, reader)).toEqual({ command: line, code: '0', stderr: '' })
  } finally {
    clearInterval(events)
  }
})

it('a command with a closed error pipe ends quietly', async () => {
  const code = join(folder, 'code')
  const script =
    `{ sleep 0.1; "${process.execPath}" bin/weir.mjs schema no-such-component 2>&1 >/dev/null; echo $? ` +
    `>"${code}"; } | { exec true <&-; }`
  const { stderr } = await runCommand('bash', ['-c', script], { limit: 60_000, cwd: ROOT })
  expect(stderr).toBe('')
  expect(Number(await readFile(code, 'utf8'))).toBeLessThan(3)
})

it('an output that cannot be written, as on a full disk, is one sentence and an exit code', async () => {
  const { code, stderr } = await runCommand('sh', ['-c', `"${process.execPath}" bin/weir.mjs schema >/dev/full`], {
    limit: 60_000,
    cwd: ROOT,
  })
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: 'weir: standard output cannot be written: no space left on device\n',
  })
})

it('a running server stops in order when its log pipe is closed', async () => {
  const exitCode = join(folder, 'code')
  const flags =
    `--data "${folder}/piped" --listen 127.0.0.1:0 --ops 127.0.0.1:0 --netflow off --ipfix-tcp off ` + '--sflow off'
  const pid = join(folder, 'pid')
  // A reload writes a line after the reader has ended: earlier lines fit into the pipe.
  const reader = `{ grep -m 1 'weir is ready'; exec <&-; kill -HUP "$(cat "${pid}")"; }`
  const script =
    `{ "${process.execPath}" bin/weir.mjs run ${flags} 2>&1 & echo $! >"${pid}"; wait $!; echo $? ` +
    `>"${exitCode}"; } | ${reader}`
  const { timedOut } = await runCommand('bash', ['-c', script], { limit: 60_000, cwd: ROOT })
  expect({ timedOut, code: (await readFile(exitCode, 'utf8')).trim() }).toEqual({ timedOut: false, code: '0' })
})

it('a server with a closed standard output states the reason, stops in order, and keeps the rows', async () => {
  const at = (name: string) => join(folder, `stdout-${name}`)
  const off = 'sources: {netflow: {listen: off, tcp: off}, sflow: {listen: off}}'
  const sinks = 'sinks: {out: {type: stdout, from: [http]}}'
  await writeFile(at('config'), `listen: 127.0.0.1:0\nops: off\n${off}\n${sinks}\n`)
  const weirRun = (errors: string) =>
    `"${process.execPath}" bin/weir.mjs run --config "${at('config')}" --data "${at('data')}" 2>"${errors}"`
  const text = async (name: string) => readFile(at(name), 'utf8').catch(() => '')
  const closed = `{ ${weirRun(at('errors'))}; echo $? >"${at('code')}"; } | { exec true <&-; }`
  const ended = runCommand('bash', ['-c', closed], { limit: 60_000, cwd: ROOT })
  await expect.poll(() => text('errors'), { timeout: 50_000 }).toContain('weir is ready')
  const [, url = ''] = /weir is ready: (\S+)/.exec(await text('errors')) ?? []
  const event = { specversion: '1.0', id: 'kept', source: '/s', type: 't' }
  const headers = { 'content-type': 'application/cloudevents+json' }
  const { ok } = await fetch(`${url}/events`, { method: 'POST', headers, body: JSON.stringify(event) })
  expect([ok, (await ended).timedOut, (await text('code')).trim()]).toEqual([true, false, '0'])
  expect(await text('errors')).toContain(
    'weir: standard output was closed. Weir stops; rows of its sink stay in the journal.\n',
  )
  const again = `${weirRun(at('again'))} >"${at('lines')}" & grep -m 1 kept <(tail -n +1 -F "${at('lines')}"); kill %1`
  const { stdout } = await runCommand('bash', ['-c', `set -m; touch "${at('lines')}"; ${again}`], {
    limit: 60_000,
    cwd: ROOT,
  })
  expect(stdout).toContain('"id":"kept"')
})
