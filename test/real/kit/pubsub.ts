// Google's Pub/Sub emulator for one test file.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePorts } from '../../kit/free-port.ts'
import { findPubSub } from '../install/pubsub.ts'

export interface PubSubServer {
  /** Host and port; the same after a restart. */
  readonly endpoint: string
  readonly port: number
  /** Restarts it without its data. */
  restart(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

const readyLimit = 60_000
/** Java otherwise listens on IPv6 only. */
const jvm = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData', '-Djava.net.preferIPv4Stack=true']

/**
 * Resolves when it takes connections. Throws when there is no emulator (see `findPubSub`). `heap`: when it is nearly
 * full, collecting garbage takes most of its time.
 */
export async function startPubSub(heap = '256m'): Promise<PubSubServer> {
  const program = await findPubSub()
  if (program.path === undefined) throw new Error(program.reason)
  const [port = 0] = await freePorts(1)
  const launch = async (): Promise<ChildProcess> => {
    const child = spawn(
      'java',
      [`-Xms${heap}`, `-Xmx${heap}`, ...jvm, '-jar', program.path, '--host=127.0.0.1', `--port=${port}`],
      { stdio: 'ignore' },
    )
    const killWithUs = (): void => void child.kill('SIGKILL')
    process.once('exit', killWithUs)
    child.once('exit', () => process.off('exit', killWithUs))
    for (let waited = 0; !(await answers(port)); waited += 100) {
      if (waited > readyLimit || child.exitCode !== null) {
        child.kill('SIGKILL')
        throw new Error(`the Pub/Sub emulator was not ready after ${waited / 1000} s`)
      }
      await sleep(100)
    }
    return child
  }
  const end = async (child: ChildProcess): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }
  let running = await launch()
  return {
    endpoint: `127.0.0.1:${port}`,
    port,
    async restart() {
      await end(running)
      running = await launch()
    },
    [Symbol.asyncDispose]: () => end(running),
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => {
      socket.destroy()
      resolve(false)
    })
  })
}
