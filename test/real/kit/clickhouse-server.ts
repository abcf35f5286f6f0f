// Debian's ClickHouse of 2018, over HTTP on loopback.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readRows } from '../../../src/codecs/clickhouse-native/index.ts'
import { freePorts } from '../../kit/free-port.ts'

export interface OldClickHouse {
  readonly url: string
  /** Rows as objects; 64-bit integers as bigint. */
  ask<Row>(sql: string): Promise<Row[]>
  run(sql: string): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export const readerPassword = 'reads'
const readyMs = 30_000

/** User `reader` may only read, with {@link readerPassword}; user `default` everything. */
export async function startClickHouse(program: string): Promise<OldClickHouse> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-clickhouse-'))
  const [port = 0] = await freePorts(1)
  const users = `<yandex><profiles><default/><reader><readonly>1</readonly></reader></profiles>
<users>${['default', 'reader']
    .map(
      (name) =>
        `<${name}><password>${name === 'reader' ? readerPassword : ''}</password><networks>` +
        `<ip>::/0</ip></networks><profile>${name}</profile>` +
        `<quota>default</quota></${name}>`,
    )
    .join('')}</users><quotas><default/></quotas></yandex>`
  await writeFile(join(folder, 'users.xml'), users)
  await writeFile(
    join(folder, 'config.xml'),
    `<yandex><logger><level>warning</level><console>1</console></logger><http_port>${port}</http_port>
<listen_host>127.0.0.1</listen_host><path>${folder}/data/</path><tmp_path>${folder}/tmp/</tmp_path>
<mark_cache_size>16777216</mark_cache_size><users_config>${folder}/users.xml</users_config>
<default_profile>default</default_profile><default_database>default</default_database></yandex>`,
  )
  for (const name of ['data', 'tmp']) await mkdir(join(folder, name))
  const child = spawn(program, [`--config-file=${folder}/config.xml`], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-4000)))
  const url = `http://127.0.0.1:${port}`
  const exited = once(child, 'exit')
  const killWithUs = (): void => void child.kill('SIGKILL')
  process.once('exit', killWithUs)
  child.once('exit', () => process.off('exit', killWithUs))
  const dispose = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL')
      await exited
    }
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  for (let waited = 0; ; waited += 50) {
    if (
      await fetch(`${url}/ping`).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      break
    if (waited > readyMs || child.exitCode !== null) {
      await dispose()
      throw new Error(`ClickHouse was not ready:\n${output}`)
    }
    await sleep(50)
  }
  const post = async (sql: string): Promise<Uint8Array> => {
    const response = await fetch(`${url}/?query=${encodeURIComponent(sql)}`, { method: 'POST' })
    const body = new Uint8Array(await response.arrayBuffer())
    if (!response.ok) throw new Error(`${sql}: ${Buffer.from(body).toString()}`)
    return body
  }
  return {
    url,
    ask: async <Row>(sql: string) => readRows<Row>(await post(`${sql} FORMAT Native`)),
    run: async (sql) => void (await post(sql)),
    [Symbol.asyncDispose]: dispose,
  }
}
