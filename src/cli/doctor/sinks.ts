/** Whether something answers where sinks deliver to: only asked for with --live. */
import { connect } from 'node:net'
import { targetsOf, type Target } from '../config-facts.ts'
import { fail, ok, warn, type Finding, type Scene } from './finding.ts'

const timeoutMs = 3000
const usualPorts: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443, 'nats:': 4222, 'tls:': 4222 }

export async function checkSinks(scene: Scene): Promise<Finding[]> {
  const urls = targetsOf(scene.config).filter(({ kind }) => kind === 'url')
  return Promise.all(urls.map((target) => checkSink(scene, target)))
}

async function checkSink({ host }: Scene, { sink, value }: Target): Promise<Finding> {
  const check = `sink ${sink}`
  const url = new URL(value)
  const port = Number(url.port) || usualPorts[url.protocol]
  if (port === undefined) return warn(check, `${value} names no port`, 'Add the port to the URL.')
  const error = await tryToConnect(host, url.hostname.replace(/^\[(.*)\]$/, '$1'), port)
  if (error === undefined) return ok(check, `${value}: a TCP connection was made`)
  return fail(check, `${value}: ${error}`, 'Is the server up, is the name right, does a firewall stand between? Weir would keep the rows and try again.')
}

function tryToConnect({ timers }: Scene['host'], host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    const end = (outcome: string | undefined): void => {
      timer.cancel()
      socket.destroy()
      resolve(outcome)
    }
    const timer = timers.after(timeoutMs, () => end(`no answer within ${timeoutMs / 1000} s`))
    socket.on('connect', () => end(undefined)).on('error', (error) => end(error.message))
  })
}
