// SQS and SNS servers for one test file.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { request, type IncomingHttpHeaders } from 'node:http'
import { join } from 'node:path'
import { runCommand } from '../../../tools/kit/command.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import { awsServer, region, type AwsServer, type Behind, type Passed } from '../../kit/aws-server.ts'
import { freePorts } from '../../kit/free-port.ts'
import { installElasticmq } from '../install/elasticmq.ts'
import { installMoto } from '../install/moto.ts'
import { JVM } from './kafka.ts'

const readyLimit = 60_000

/** `direct`: the server without the proxy. */
export type VersionedAws = AwsServer & { readonly version: string | undefined; readonly direct?: string }

export async function startMoto(): Promise<VersionedAws> {
  const python = await installMoto()
  if (python.path === undefined) throw new Error(python.reason)
  const [port = 0] = await freePorts(1)
  const printed = await runCommand(python.path, ['-c', 'import moto; print(moto.__version__)'], { limit: 30_000 })
  const server = await behind(
    '123456789012',
    port,
    spawn(join(python.path, '../moto_server'), ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' }),
    // Moto reads at the start of a request which groups of a FIFO queue wait for an acknowledgement. A request that
    // waits while they are acknowledged ends empty after the 20 s of the source.
    (body) => body.replace(/"WaitTimeSeconds":20\b/, '"WaitTimeSeconds":1'),
  )
  return { ...server, version: printed.stdout.trim(), direct: `http://127.0.0.1:${port}` }
}

export async function startElasticmq(): Promise<VersionedAws> {
  const jars = await installElasticmq()
  if (jars.path === undefined) throw new Error(jars.reason)
  const [port = 0] = await freePorts(1)
  const settings = [
    `rest-sqs.bind-hostname=127.0.0.1`,
    `rest-sqs.bind-port=${port}`,
    'rest-stats.enabled=false',
    'rest-sqs.sqs-limits=strict',
    `aws.region=${region}`,
  ]
  const child = spawn(
    'java',
    [...JVM, ...settings.map((one) => `-D${one}`), '-cp', join(jars.path, '*'), 'org.elasticmq.server.Main'],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  )
  let version: string | undefined
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    version ??= /Starting ElasticMQ server \(([^)]+)\)/.exec(text)?.[1]
  })
  const server = await behind('000000000000', port, child)
  return { ...server, version }
}

type Change = (body: string) => string

async function behind(
  account: string,
  port: number,
  child: ChildProcess,
  change: Change = (body) => body,
): Promise<AwsServer> {
  const killWithUs = (): void => void child.kill('SIGKILL')
  process.once('exit', killWithUs)
  child.once('exit', () => process.off('exit', killWithUs))
  const close = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }
  for (let waited = 0; !(await answers(port)); waited += 100) {
    if (waited > readyLimit || child.exitCode !== null) {
      await close()
      throw new Error(`${child.spawnfile} was not ready after ${waited / 1000} s`)
    }
    await sleep(100)
  }
  const pass: Behind['pass'] = (path, headers, body) => {
    const sent = change(body)
    return passOn(port, path, { ...headers, 'content-length': String(Buffer.byteLength(sent)) }, sent)
  }
  return awsServer({ account, pass, close })
}

function answers(port: number): Promise<boolean> {
  return passOn(port, '/', {}, '').then(
    () => true,
    () => false,
  )
}

function passOn(port: number, path: string, headers: IncomingHttpHeaders, body: string): Promise<Passed> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { port, host: '127.0.0.1', path, method: 'POST', headers: { ...headers, connection: 'close' } },
      (response) => {
        const parts: Buffer[] = []
        response.on('data', (part: Buffer) => parts.push(part)).on('error', reject)
        response.on('end', () => {
          resolve({
            status: response.statusCode ?? 0,
            body: Buffer.concat(parts).toString(),
            type: String(response.headers['content-type']),
          })
        })
      },
    )
    outgoing.on('error', reject).end(body)
  })
}
