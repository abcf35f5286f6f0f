#!/usr/bin/env node
// The start of every command. It is plain JavaScript that an old Node can still read, because its first duty
// is to find a Node that Weir supports: this one, or the one that npm installed beside it.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import module, { createRequire } from 'node:module'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const OLDEST_MAJOR = 24
// Few arenas, and fixed thresholds: by default the C library raises them with each large buffer that is freed, and then
// keeps such buffers. 36 MB of 370 after half an hour of 1,000 flows a second, at the same processor time.
const allocator = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '262144', MALLOC_TRIM_THRESHOLD_: '262144' }
// Queries occupy threads of this pool, and syncs of the journal go through it, too. It is made at its first use.
process.env.UV_THREADPOOL_SIZE ??= '12'
// The commands that keep running: `weir run`, and those in the place of other programs.
const services = ['run', 'cts-exporter', 'flows-to-clickhouse', 'insights-remote', 'kollect', 'neo4j-sink']
const root = dirname(dirname(fileURLToPath(import.meta.url)))
const source = new URL('../src/main.ts', import.meta.url)
const isCheckout = existsSync(source)

if (Number(process.versions.node.split('.')[0]) >= OLDEST_MAJOR) {
  beginSmall()
  endWhenAsked()
  await start()
} else {
  startOnInstalledNode()
}

/**
 * What the C library and V8 read once, when a process begins, cannot be set later: a service begins anew with it, as
 * the same process, before anything is loaded (40 ms). Threads that each keep free memory of their own, and a main
 * thread whose young objects may fill 48 MB, were a quarter of what watching a large cluster took.
 */
function beginSmall() {
  const small = smallStart()
  if (small === undefined || process.execve === undefined) return
  process.execve(
    process.execPath,
    [process.execPath, ...small.arguments, ...process.execArgv, ...process.argv.slice(1)],
    small.env,
  )
}

function smallStart() {
  const set = process.execArgv.some((argument) => argument.startsWith('--max-semi-space-size'))
  if (process.platform !== 'linux' || !services.includes(process.argv[2]) || set) return undefined
  return { arguments: ['--max-semi-space-size=4'], env: { ...allocator, ...process.env } }
}

/**
 * The first process of a container has no default action for signals; `onSignal` (src/host/process.ts) replaces this
 * one. It comes after `beginSmall`: an exec would lose a signal that was caught and not yet handled.
 */
function endWhenAsked() {
  for (const [name, number] of [
    ['SIGTERM', 15],
    ['SIGINT', 2],
  ])
    process.on(name, () => process.exit(process.argv[2] === 'run' ? 0 : 128 + number))
  // The channel to an old Node closes however that one ends. Without this, `kill -9` of it would leave an orphan that
  // holds the data folder.
  if (process.channel === undefined) return
  process.on('disconnect', () => process.exit(1))
  process.channel.unref()
}

async function start() {
  // A cache that cannot be written (read-only file system) costs start time, nothing else.
  const cache = module.enableCompileCache?.()
  // Workers look for it in the environment; without it they compile everything anew at each start.
  if (cache?.directory !== undefined) process.env.NODE_COMPILE_CACHE ??= dirname(cache.directory)
  const emitted = new URL('../dist/main.js', import.meta.url)
  // The package contains the bundle only. A checkout runs its bundle while it is up to date, and its TypeScript after
  // an edit.
  const useSources = isCheckout && !(await import('./sources.mjs')).bundleIsCurrent(root)
  await import(useSources ? source.href : emitted.href)
}

function startOnInstalledNode() {
  const node = installedNode()
  if (node === undefined) {
    process.stderr.write(
      `weir needs Node ${OLDEST_MAJOR} or newer, and this is ${process.version}. ` +
        (isCheckout
          ? `Run \`npm ci\` in ${root} (it brings a fitting Node), then start through npm: \`npm start\` or ` +
            `\`npm run -s weir -- <command>\`.\n`
          : `Install Node ${OLDEST_MAJOR} or newer, then start weir again.\n`),
    )
    process.exit(1)
  }
  // An exec would close the channel, so the child gets at once what `beginSmall` would set.
  const { arguments: first, env } = smallStart() ?? { arguments: [], env: process.env }
  const child = spawn(node, [...first, fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env,
  })
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGUSR2']) {
    if (constants.signals[signal] === undefined) continue
    process.on(signal, () => {
      // A terminal sends its interrupt to the whole group: the child has it already, and a second one means "at once".
      if (signal === 'SIGINT' && process.stdin.isTTY) return
      child.kill(signal)
    })
  }
  child.on('error', (error) => {
    process.stderr.write(`weir cannot start ${node}: ${error.message}. Run \`npm ci\` again.\n`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => {
    process.exit(signal === null ? code : 128 + constants.signals[signal])
  })
}

/** Path of the Node that npm installed as an optional dependency for this platform, if it is there. */
function installedNode() {
  const require = createRequire(import.meta.url)
  const platform = process.platform === 'win32' ? 'win' : process.platform
  const file = process.platform === 'win32' ? 'node.exe' : 'node'
  for (const name of [`node-${platform}-${process.arch}`, `node-bin-${platform}-${process.arch}`]) {
    try {
      const path = join(dirname(require.resolve(`${name}/package.json`)), 'bin', file)
      if (existsSync(path)) return path
    } catch {
      // Not the package of this platform.
    }
  }
  return undefined
}
