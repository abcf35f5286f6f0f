#!/usr/bin/env node
// Starts every command on a Node that Weir supports: this one, or the one that npm installed. An old Node reads it.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import module, { createRequire } from 'node:module'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const OLDEST_MAJOR = 24
// By default the C library raises the thresholds with each large buffer and keeps such buffers: 36 MB of 370 after half
// an hour of 1,000 flows per second.
const allocator = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '262144', MALLOC_TRIM_THRESHOLD_: '262144' }
// Queries and syncs of the journal share this pool.
process.env.UV_THREADPOOL_SIZE ??= '12'
const services =
  'run cts-exporter exoscale-exporter flows-to-clickhouse insights-remote kollect neo4j-sink netobserv'.split(' ')
const root = dirname(dirname(fileURLToPath(import.meta.url)))
const source = new URL('../src/main.ts', import.meta.url)
const isCheckout = existsSync(source)

if (Number(process.versions.node.split('.')[0]) >= OLDEST_MAJOR) {
  beginSmall()
  endWhenAsked()
  endWithParent()
  await start()
} else {
  startOnInstalledNode()
}

/**
 * The C library and V8 read these settings once, so that a service replaces its process (40 ms). Memory of threads and
 * young objects of up to 48 MB were a quarter of what a large cluster needed.
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
 * For services until `onSignal` (src/host/process.ts), and for the first process of a container, which ignores a signal
 * without a handler. An exec would lose a caught signal. Others keep the default: a handler waits for the running code.
 */
function endWhenAsked() {
  if (process.pid !== 1 && !services.includes(process.argv[2])) return
  for (const [name, number] of [
    ['SIGTERM', 15],
    ['SIGINT', 2],
  ])
    process.on(name, () => process.exit(process.argv[2] === 'run' ? 0 : 128 + number))
}

/** Closes also when the old Node is killed, which would leave an orphan that holds the data folder. */
function endWithParent() {
  if (process.channel === undefined) return
  process.on('disconnect', () => process.exit(1))
  process.channel.unref()
}

async function start() {
  // A cache that cannot be written (read-only file system) costs start time, nothing else.
  const cache = module.enableCompileCache?.()
  // Workers read it from the environment.
  if (cache?.directory !== undefined) process.env.NODE_COMPILE_CACHE ??= dirname(cache.directory)
  const emitted = new URL('../dist/main.js', import.meta.url)
  // A checkout runs its TypeScript after an edit.
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
      // A terminal interrupts the whole group, and a second interrupt ends the child at once.
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
