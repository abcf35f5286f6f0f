// sfcapd (or nfcapd, for NetFlow) stores the same datagrams; nfdump prints them.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { runCommand } from '../../../tools/kit/command.ts'
import { freePorts } from '../../kit/free-port.ts'
import { udpQueueEmpty } from '../../kit/udp-queue.ts'
import { install, type Program } from '../install/apt.ts'
import { sfcapd } from '../install/sfcapd.ts'

/** A flow as `nfdump -o json` prints it; counters are multiplied by the sampling rate. */
export type NfdumpFlow = Readonly<Record<string, string | number>>

export interface Sfcapd {
  readonly port: number
  /** Ends the collector and returns the paths of its files, and of the program that reads them. */
  files(): Promise<{ readonly nfdump: string; readonly paths: readonly string[] }>
  /** Ends the collector and returns all received flows. */
  flows(): Promise<NfdumpFlow[]>
  [Symbol.asyncDispose](): Promise<void>
}

const patienceMs = 20_000

/** Resolves when it listens. `folder` exists; `collector` is sfcapd or nfcapd. */
export async function startSfcapd(folder: string, collector: Program = sfcapd): Promise<Sfcapd> {
  const program = await install(collector)
  if (program.path === undefined) throw new Error(program.reason)
  const { path } = program
  const [port = 0] = await freePorts(1)
  const written = join(folder, collector.name)
  await mkdir(written)
  // One file for the whole test: it is turned over every hour. A large socket buffer, because a test sends in one
  // burst.
  const child = spawn(path, ['-p', String(port), '-b', '127.0.0.1', '-w', written, '-t', '3600', '-B', '4194304'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const killWithUs = (): void => void child.kill('SIGKILL')
  process.once('exit', killWithUs)
  const exited = once(child, 'exit').finally(() => process.off('exit', killWithUs))
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  for (let waited = 0; !output.includes(`Startup ${collector.name}`); waited += 10) {
    if (waited > patienceMs || child.exitCode !== null) throw new Error(`${collector.name} was not ready:\n${output}`)
    await sleep(10)
  }
  const end = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGINT')
    await exited
  }
  const files: Sfcapd['files'] = async () => {
    await udpQueueEmpty(port)
    await end()
    return {
      nfdump: join(dirname(path), 'nfdump'),
      paths: readdirSync(written)
        .filter((name) => name.startsWith('nfcapd.2'))
        .map((name) => join(written, name)),
    }
  }
  return {
    port,
    files,
    async flows() {
      const { nfdump, paths } = await files()
      const printed = await Promise.all(
        paths.map((file) => runCommand(nfdump, ['-r', file, '-q', '-o', 'json'], { limit: patienceMs })),
      )
      return printed.flatMap(({ stdout }) => JSON.parse(`[${stdout.trim().replace(/^\[|\]$/g, '')}]`) as NfdumpFlow[])
    },
    [Symbol.asyncDispose]: end,
  }
}
