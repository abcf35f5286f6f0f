/**
 * Runs the commands of README.md and docs/guide in a fresh clone and prints seconds per command, and the time from
 * nothing to the first row in the console. `npm run docs:run [-- --keep]`. As root, the network is a separate one.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ROOT, runCommand } from '../kit/command.ts'
import { building, endless, expectedCodes, external, programs } from './command-marks.ts'

type Command = Readonly<{ page: string; text: string }>
type Step = Readonly<{
  seconds: number
  page: string
  text: string
  result: 'ran' | 'failed' | 'skipped'
  note: string
}>

const limit = 300_000
const url = 'http://127.0.0.1:8080'

async function documents(): Promise<readonly string[]> {
  const guides = (await readdir(join(ROOT, 'docs/guide'))).filter((name) => name.endsWith('.md')).toSorted()
  return ['README.md', ...guides.map((name) => `docs/guide/${name}`)]
}

/** Blocks with `sh`, in README.md also without a language; continued lines are joined, comments left out. */
export function commandsIn(page: string, text: string): readonly Command[] {
  const blocks = [...text.matchAll(/^ *```(\w*)\n([\s\S]*?)^ *```$/gm)]
  const shell = blocks.flatMap(([, language, block = '']) =>
    language === 'sh' || (language === '' && page === 'README.md') ? [block] : [],
  )
  return shell.flatMap((block) =>
    block
      .replaceAll(/\\\n\s*/g, '')
      .split('\n')
      .map((line) => line.replace(/\s+#.*$/, '').trim())
      .filter((line) => line !== '')
      .map((line) => ({ page, text: line })),
  )
}

/** For a checkout `npm run -s weir --` is `weir`. */
const plainForm = (text: string): string => text.replace(/^npm run -s weir -- /, 'weir ')

class Machine {
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
  #server: ChildProcess | undefined

  constructor(folder: string) {
    this.folder = folder
    this.env = { PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`, WEIR_TOKEN: '' }
  }

  get clone(): string {
    return join(this.folder, 'clone')
  }

  async start(program: string, args: readonly string[], cwd: string): Promise<void> {
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...this.env },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.#server = child
    let log = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text))
    while (!log.includes('weir is ready')) {
      if (child.exitCode !== null) throw new Error(`${program} ${args.join(' ')} ended:\n${log}`)
      await sleep(20)
    }
  }

  async stop(): Promise<void> {
    const child = this.#server
    if (child === undefined || child.exitCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGTERM')
    await exited
    this.#server = undefined
  }

  async run({ page, text }: Command): Promise<Step> {
    const mark = external.find(([pattern]) => pattern.test(plainForm(text)))
    if (mark !== undefined) return { seconds: 0, page, text, result: 'skipped', note: mark[1] }
    if (!programs.test(text))
      return { seconds: 0, page, text, result: 'failed', note: 'not run: no known program; see command-marks.ts' }
    const local = text.replaceAll(/\/(?:var\/lib|backup)\/weir\b/g, './weir-data')
    const started = performance.now()
    const isEndless = endless.test(plainForm(local))
    const ran = await runCommand('bash', ['-c', isEndless ? `timeout --signal=TERM 20 ${local}` : local], {
      cwd: this.clone,
      env: this.env,
      limit,
    })
    const expected = expectedCodes.find(([pattern]) => pattern.test(text))
    const codes = isEndless ? [0, 124] : (expected?.[1] ?? [0])
    const seconds = (performance.now() - started) / 1000
    const failed = !codes.includes(ran.code)
    const note = failed
      ? `exit code ${ran.code}: ${ran.output.trim().slice(-300)}`
      : ran.code === 0
        ? ''
        : (expected?.[2] ?? '')
    return { seconds, page, text, result: failed ? 'failed' : 'ran', note }
  }
}

/** Posts an event, and reads the page and the row as the console does. */
async function firstRow(): Promise<void> {
  await fetch(`${url}/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/cloudevents+json' },
    body: JSON.stringify({ specversion: '1.0', id: '1', source: '/first', type: 'com.example.first' }),
  })
  const page = await fetch(url, { headers: { accept: 'text/html' } })
  if (page.status !== 200) throw new Error(`the console answered with ${page.status}`)
  for (;;) {
    const rows = await fetch(`${url}/api/v1/sql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ sql: 'SELECT type FROM events' }),
    })
    if (rows.status !== 200) throw new Error(`the query ended with ${rows.status}: ${await rows.text()}`)
    if ((await rows.text()).includes('com.example.first')) return
    await sleep(50)
  }
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await act()
  return (performance.now() - started) / 1000
}

async function must(file: string, args: readonly string[], cwd: string): Promise<void> {
  const ran = await runCommand(file, args, { cwd, limit: 1_800_000 })
  if (ran.code !== 0) throw new Error(`${file} ${args.join(' ')} failed:\n${ran.output.slice(-2000)}`)
}

type Prepared = Readonly<{ folder: string; clone: number; archive: string }>

/** Needs the registry of npm. */
async function prepare(): Promise<Prepared> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-commands-'))
  const clone = join(folder, 'clone')
  const seconds = await timed(async () => {
    await must('git', ['clone', '--quiet', ROOT, clone], folder)
    await must('npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund'], clone)
  })
  const platform = process.arch === 'arm64' ? 'linux-arm64' : 'linux-x64'
  await must('node', ['release/archives.ts', platform], clone)
  const archives = join(clone, 'dist/archives')
  const archive = (await readdir(archives)).find((name) => name.endsWith('.tar.gz')) ?? 'none'
  await mkdir(join(folder, 'bin'))
  await symlink(join(clone, 'bin/weir.mjs'), join(folder, 'bin/weir'))
  return { folder, clone: seconds, archive: join(archives, archive) }
}

async function measure({ folder, clone, archive }: Prepared): Promise<readonly Step[]> {
  const machine = new Machine(folder)
  const position = join(folder, 'unpacked')
  await mkdir(position)
  const steps: Step[] = []
  const note = (step: Step): void => {
    steps.push(step)
    print(step)
  }
  const add = (seconds: number, text: string, most: number): void => {
    const result = seconds <= most ? 'ran' : 'failed'
    note({ seconds, page: 'first row', text, result, note: `at most ${most} s on an idle machine` })
  }
  const fromArchive = await timed(async () => {
    await must('tar', ['-xzf', archive], position)
    const [name = 'none'] = await readdir(position)
    await machine.start(join(position, name, 'bin/weir'), ['run'], position)
    await firstRow()
  })
  await machine.stop()
  add(fromArchive, 'archive: tar -xzf, weir run, one event', 60)
  const fromClone = await timed(async () => {
    await machine.start('npm', ['start'], machine.clone)
    await firstRow()
  })
  add(clone + fromClone, 'checkout: git clone, npm ci, npm start, one event', 90)
  // The examples validate and run with it.
  await writeFile(join(machine.clone, 'weir.yaml'), 'sinks:\n  archive: {type: file, path: ./out/events.ndjson}\n')
  await writeFile(join(machine.clone, 'base.yaml'), '{}\n')
  for (const page of await documents())
    for (const command of commandsIn(page, await readFile(join(ROOT, page), 'utf8'))) {
      if (building.test(command.text)) {
        const reason = 'run before, or by release/*.real.test.ts'
        note({ seconds: 0, ...command, result: 'skipped', note: reason })
      } else if (endless.test(plainForm(command.text)) && /\brun\b|start/.test(command.text)) {
        const reason = 'a second Weir on the same ports; measured above'
        note({ seconds: 0, ...command, result: 'skipped', note: reason })
      } else note(await machine.run(command))
    }
  await machine.stop()
  return steps
}

function print({ seconds, page, text, result, note }: Step): void {
  const time = result === 'skipped' ? '     -' : seconds.toFixed(1).padStart(6)
  console.log(`${time}  ${result.padEnd(7)}  ${page}: ${text}${note === '' ? '' : `\n                   ${note}`}`)
}

/** Returns the exit code. */
function summarize(steps: readonly Step[]): number {
  const count = (result: Step['result']): number => steps.filter((step) => step.result === result).length
  console.log(`\n${count('ran')} ran, ${count('skipped')} skipped with a reason, ${count('failed')} failed`)
  return count('failed') === 0 ? 0 : 1
}

/** In a separate network, the default ports are free and nothing is reachable. */
async function inOwnNetwork(prepared: Prepared): Promise<number> {
  const file = join(prepared.folder, 'prepared.json')
  await writeFile(file, JSON.stringify(prepared))
  const command = `ip link set lo up && exec "$0" "$1" --measure "$2"`
  const args = ['--net', 'sh', '-c', command, process.execPath, import.meta.filename, file]
  const ran = await runCommand('unshare', args, { limit: 3_600_000, echo: true })
  return ran.code
}

if (import.meta.main) {
  const [flag, file = ''] = process.argv.slice(2)
  if (flag === '--measure') {
    process.exitCode = summarize(await measure(JSON.parse(await readFile(file, 'utf8')) as Prepared))
  } else {
    const prepared = await prepare()
    try {
      if (process.getuid?.() === 0) process.exitCode = await inOwnNetwork(prepared)
      else process.exitCode = summarize(await measure(prepared))
    } finally {
      if (flag === '--keep') console.log(`kept ${prepared.folder}`)
      else await rm(prepared.folder, { recursive: true, force: true })
    }
  }
}
