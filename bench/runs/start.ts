// Clone, `npm ci`, `npm start`; then the time of a start, and the load at rest.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { loadavg } from 'node:os'
import { delimiter, join, sep } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AcceptanceRun, AcceptanceContext } from '../harness.ts'
import { ROOT, runCommand } from '../../tools/kit/command.ts'
import { freePorts } from '../../test/kit/free-port.ts'
import { percentile } from '../../test/kit/percentile.ts'
import { prepareWeir, type WeirProcess } from '../../test/kit/weir-process.ts'

const readyLimitMs = 1000
const idleLimitMB = 170
const testLimitMs = 300_000

export default {
  name: 'start',
  issue: '2.1',
  title: 'A fresh clone runs with Node 20 and npm alone, is ready within a second and idles in 170 MB.',
  async run(context) {
    const env = machinesOwn()
    // `.ci/run` has begun with `npm ci` in this checkout.
    const clone = context.scale === 'ci' ? ROOT : await freshClone(context, env)
    await checkCommands(context, clone, env)
    await checkStarts(context, clone)
    await checkIdle(context, clone)
    if (context.scale === 'ci') return
    const tests = await runCommand('npm', ['test'], {
      limit: testLimitMs + 60_000,
      cwd: clone,
      env: { ...env, CI: 'true' },
    })
    context.figure('npm test', tests.seconds, 's')
    context.expect(tests.code === 0, `npm test passes${tests.code === 0 ? '' : `: ${tests.output.slice(-2000)}`}`)
    context.expectSpeed(tests.seconds * 1000 < testLimitMs, 'npm test takes less than five minutes')
  },
} satisfies AcceptanceRun

async function freshClone(context: AcceptanceContext, env: Record<string, string | undefined>): Promise<string> {
  const clone = join(context.folder, 'clone')
  const cloned = await runCommand('git', ['clone', '--quiet', '--no-hardlinks', ROOT, clone], {
    limit: 60_000,
    env,
    cwd: context.folder,
  })
  if (cloned.code !== 0) throw new Error(`git clone failed:\n${cloned.output}`)
  const installed = await runCommand('npm', ['ci'], { limit: 240_000, cwd: clone, env })
  context.figure('npm ci', installed.seconds, 's')
  context.expect(
    installed.code === 0,
    `npm ci works${installed.code === 0 ? '' : `: ${installed.output.slice(-2000)}`}`,
  )
  return clone
}

/** The environment of a shell outside this checkout: the machine's Node, no variables of npm. */
function machinesOwn(): Record<string, string | undefined> {
  const path = (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter(
      (folder) =>
        !folder.endsWith(join('node_modules', '.bin')) &&
        !folder.includes(`node-gyp-bin`) &&
        !folder.includes(`${sep}node_modules${sep}`),
    )
  const hidden = Object.keys(process.env).filter(
    (name) =>
      /^(?:npm_|NODE_|WEIR_|INIT_CWD$)/.test(name) &&
      !/^npm_config_(?:registry|cache|proxy|https_proxy|cafile)$/i.test(name),
  )
  return { ...Object.fromEntries(hidden.map((name) => [name, undefined])), PATH: path.join(delimiter) }
}

async function checkCommands(context: AcceptanceContext, clone: string, env: Record<string, string | undefined>) {
  const versions = await runCommand('sh', ['-c', 'node --version; npm --version'], { limit: 30_000, env, cwd: clone })
  const [node = '', npm = ''] = versions.stdout.split('\n')
  context.figure('Node and npm of the machine', `${node}, ${npm}`)
  const [api = 0, ops = 0, netflow = 0] = await freePorts(3)
  const flags = [
    '--data',
    join(context.folder, 'first'),
    '--listen',
    `127.0.0.1:${api}`,
    '--ops',
    `127.0.0.1:${ops}`,
    '--netflow',
    `127.0.0.1:${netflow}`,
    '--ipfix-tcp',
    'off',
    '--sflow',
    'off',
  ]
  const child = spawn('npm', ['start', '--', ...flags], {
    cwd: clone,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  })
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  let output = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  const ended = { yet: false }
  exited.then(() => (ended.yet = true)).catch(() => {})
  for (let waited = 0; waited < 60_000 && !output.includes('weir is ready') && !ended.yet; waited += 20) await sleep(20)
  context.expect(
    output.includes('weir is ready'),
    `npm start reports that it is ready${output.includes('weir is ready') ? '' : `: ${output.slice(-2000)}`}`,
  )
  const page = await fetch(`http://127.0.0.1:${api}/`).then(
    (answer) => answer.status,
    () => 0,
  )
  context.expect(page === 200, `the first page is there (${page})`)
  // Like Ctrl-C in a terminal: to the whole process group.
  if (!ended.yet) process.kill(-(child.pid ?? 0), 'SIGINT')
  const [code, signal] = await exited
  context.expect(
    code === 0,
    `Ctrl-C stops it with exit code 0 (${signal ?? code})${code === 0 ? '' : `: ${output.slice(-2000)}`}`,
  )
}

async function checkStarts(context: AcceptanceContext, clone: string) {
  // With an empty compile cache.
  const weir = await prepareWeir({
    folder: join(context.folder, 'starts'),
    root: clone,
    env: { NODE_COMPILE_CACHE: join(context.folder, 'compile-cache') },
  })
  const cpu: number[] = []
  const once = async () => {
    await weir.start()
    const ms = weir.readyMs
    cpu.push(weir.cpuSeconds() * 1000)
    await weir.stop()
    return ms
  }
  context.figure('start to ready, empty compile cache', Math.round(await once()), 'ms')
  context.figure('start to ready, empty compile cache, CPU time of all threads', cpu[0] ?? Number.NaN, 'ms')
  const rounds = context.size(20, 1)
  const warm: number[] = []
  for (let i = 0; i < rounds; i++) warm.push(await once())
  context.figure(`start to ready, warm, p50 of ${rounds}`, Math.round(percentile(warm, 50)), 'ms')
  context.figure(`start to ready, warm, p95 of ${rounds}`, Math.round(percentile(warm, 95)), 'ms')
  context.figure('start to ready, warm, slowest', Math.round(Math.max(...warm)), 'ms')
  // Unlike the figures above, these do not depend on the load of the machine.
  context.figure('start to ready, CPU time of all threads, p50', percentile(cpu.slice(1), 50), 'ms')
  context.figure('others on this machine, load average', loadavg()[0] ?? Number.NaN)
  context.expectSpeed(percentile(warm, 95) < readyLimitMs, `it is ready in less than ${readyLimitMs} ms (p95)`)
}

async function checkIdle(context: AcceptanceContext, clone: string) {
  const weir = await prepareWeir({
    folder: join(context.folder, 'idle'),
    root: clone,
    env: { NODE_COMPILE_CACHE: join(context.folder, 'compile-cache') },
  })
  weir.launch()
  try {
    const { own, files, peak, cpu } = await watch(weir, context.size(30_000, 6000))
    context.figure('idle: own memory at its peak', own / 1e6, 'MB')
    context.figure('idle: mapped files at their peak', files / 1e6, 'MB')
    context.figure('idle: peak of all that was resident (VmHWM)', peak / 1e6, 'MB')
    context.figure('idle: CPU', cpu, '% of a core')
    context.expect(own <= idleLimitMB * 1e6, `its own memory is at most ${idleLimitMB} MB (mapped files apart)`)
  } finally {
    await weir.stop()
  }
}

/** Samples from the first moment; CPU counts from the second half only. */
async function watch(
  weir: WeirProcess,
  ms: number,
): Promise<{ own: number; files: number; peak: number; cpu: number }> {
  let own = 0
  let files = 0
  const half = { at: 0, seconds: 0 }
  const started = performance.now()
  while (performance.now() - started < ms) {
    const now = weir.memory()
    own = Math.max(own, now.own)
    files = Math.max(files, now.files)
    if (half.at === 0 && performance.now() - started > ms / 2)
      Object.assign(half, { at: performance.now(), seconds: weir.cpuSeconds() })
    await sleep(50)
  }
  const cpu = ((weir.cpuSeconds() - half.seconds) / ((performance.now() - half.at) / 1000)) * 100
  return { own, files, peak: weir.memory().peak, cpu }
}
