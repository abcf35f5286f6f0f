// A real Neo4j with one user for one test file.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import neo4j, { type Driver } from 'neo4j-driver'
import { freePorts } from '../../kit/free-port.ts'
import { installNeo4j } from '../install/neo4j.ts'

export interface Neo4jServer {
  /** `HOST:PORT`; the same after a restart. */
  readonly address: string
  readonly port: number
  readonly user: string
  readonly password: string
  /** Queries on a separate connection; rows as objects, numbers as numbers. */
  ask<Row extends object>(cypher: string, parameters?: object): Promise<Row[]>
  kill(): Promise<void>
  /** Restarts with its data; kills a running one first. */
  restart(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

const READY_LIMIT = 120_000
const first = 'neo4j'
const user = 'neo4j'
const password = 'password-of-the-test'

/**
 * Resolves when logins work. Throws if Neo4j is unavailable (see `installNeo4j`). `tls`: PEM; the port then accepts
 * both. `lasting`: slower to start, faster afterwards.
 */
export async function startNeo4j({
  heap = '384m',
  lasting = false,
  tls,
}: {
  readonly heap?: string
  readonly lasting?: boolean
  readonly tls?: { readonly cert: string; readonly key: string }
} = {}): Promise<Neo4jServer> {
  const jars = await installNeo4j()
  if (jars.path === undefined) throw new Error(jars.reason)
  const dir = await mkdtemp(join(tmpdir(), 'weir-neo4j-'))
  const [port = 0] = await freePorts(1)
  const address = `127.0.0.1:${port}`
  mkdirSync(join(dir, 'conf'))
  if (tls !== undefined) {
    mkdirSync(join(dir, 'certificates', 'bolt'), { recursive: true })
    writeFileSync(join(dir, 'certificates', 'bolt', 'public.crt'), tls.cert)
    writeFileSync(join(dir, 'certificates', 'bolt', 'private.key'), tls.key)
  }
  writeFileSync(
    join(dir, 'conf', 'neo4j.conf'),
    [
      'server.default_listen_address=127.0.0.1',
      `server.bolt.listen_address=${address}`,
      `server.bolt.advertised_address=${address}`,
      'server.http.enabled=false',
      'server.https.enabled=false',
      `server.memory.pagecache.size=${lasting ? '256m' : '64m'}`,
      'dbms.usage_report.enabled=false',
      'db.tx_log.preallocate=false',
      'db.tx_log.rotation.retention_policy=1 files',
      'dbms.security.auth_lock_time=0s',
      ...(tls === undefined
        ? []
        : [
            'server.bolt.tls_level=OPTIONAL',
            'dbms.ssl.policy.bolt.enabled=true',
            `dbms.ssl.policy.bolt.base_directory=${join(dir, 'certificates', 'bolt')}`,
            'dbms.ssl.policy.bolt.client_auth=NONE',
          ]),
      '',
    ].join('\n'),
  )
  let driver: Driver | undefined
  const connect = (): Driver =>
    (driver ??= neo4j.driver(`bolt://${address}`, neo4j.auth.basic(user, password), {
      disableLosslessIntegers: true,
      telemetryDisabled: true,
    }))
  const launch = async (): Promise<ChildProcess> => {
    const jvm = [
      `-Xmx${heap}`,
      '-XX:+UseSerialGC',
      ...(lasting ? [] : ['-XX:TieredStopAtLevel=1']),
      '-XX:-UsePerfData',
      '-Djava.net.preferIPv4Stack=true',
      '--add-opens=java.base/java.nio=ALL-UNNAMED',
      '--add-opens=java.base/sun.nio.ch=ALL-UNNAMED',
    ]
    const child = spawn(
      'java',
      [
        ...jvm,
        '-cp',
        `${jars.path}/*`,
        'org.neo4j.server.CommunityEntryPoint',
        `--home-dir=${dir}`,
        `--config-dir=${join(dir, 'conf')}`,
      ],
      { stdio: ['ignore', 'pipe', 'pipe'], cwd: dir },
    )
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-20_000)))
    const killWithUs = (): void => void child.kill('SIGKILL')
    process.once('exit', killWithUs)
    child.once('exit', () => process.off('exit', killWithUs))
    for (let waited = 0; !(await answers(address)); waited += 100) {
      if (waited > READY_LIMIT || child.exitCode !== null) {
        child.kill('SIGKILL')
        throw new Error(`Neo4j was not ready (exit ${child.exitCode}):\n${output}`)
      }
      await sleep(100)
    }
    return child
  }
  let running = await launch()
  const kill = async (): Promise<void> => {
    await driver?.close()
    driver = undefined
    if (running.exitCode !== null || running.signalCode !== null) return
    const exited = once(running, 'exit')
    running.kill('SIGKILL')
    await exited
  }
  return {
    address,
    port,
    user,
    password,
    async ask<Row extends object>(cypher: string, parameters: object = {}) {
      const { records } = await connect().executeQuery(cypher, parameters)
      return records.map((record) => record.toObject() as Row)
    },
    kill,
    async restart() {
      await kill()
      running = await launch()
    },
    async [Symbol.asyncDispose]() {
      await kill()
      await rm(dir, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** Whether it takes logins; the password that it begins with is changed. */
async function answers(address: string): Promise<boolean> {
  for (const login of [password, first]) {
    const driver = neo4j.driver(`bolt://${address}`, neo4j.auth.basic(user, login), {
      connectionTimeout: 2000,
      maxTransactionRetryTime: 0,
    })
    try {
      if (login === password) await driver.executeQuery('RETURN 1')
      else
        await driver.executeQuery(
          'ALTER CURRENT USER SET PASSWORD FROM $first TO $password',
          { first, password },
          { database: 'system' },
        )
      return true
    } catch (error) {
      // Not there yet, or it has the first password still.
      if (!(error instanceof Error && 'code' in error && String(error.code).includes('Unauthorized'))) return false
    } finally {
      await driver.close()
    }
  }
  return false
}
