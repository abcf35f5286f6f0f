import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePorts } from '../../../test/kit/free-port.ts'
import { kubeconfigOf } from '../../../test/kit/kubeconfig.ts'
import { realHost } from '../../host/index.ts'
import { loadConfig } from '../load-config.ts'
import { readHolder } from '../lock.ts'
import { parts, startWeir, type RunningWeir } from './index.ts'

let folder = ''
let file = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-parts-'))
  file = join(folder, 'weir.yaml')
  const ports = await freePorts(6)
  await writeFile(join(folder, 'kubeconfig'), kubeconfigOf(`http://127.0.0.1:${ports[5]}`))
  await writeFile(
    file,
    `data: ${folder}/data
listen: 127.0.0.1:${ports[0]}
ops: 127.0.0.1:${ports[1]}
http: {listen: "127.0.0.1:${ports[2]}"}
sources:
  netflow: {listen: "127.0.0.1:${ports[3]}", tcp: off}
  otlp: {listen: "127.0.0.1:${ports[4]}", grpc: off}
  sflow: {listen: off}
  kubernetes: {cluster: c1, kubeconfig: ${folder}/kubeconfig}
transforms:
  kept: {type: filter, from: [http], where: "kind = 'event'"}
sinks:
  out: {type: file, path: ${folder}/out}
`,
  )
})

afterAll(() => rm(folder, { recursive: true, force: true }))

async function start(list: typeof parts): Promise<RunningWeir> {
  const host = realHost()
  return startWeir(host, await loadConfig(host, [file], []), { config: [file], overrides: [] }, list)
}

/** Servers, threads and processes of this process. */
async function open(): Promise<Readonly<Record<string, number>>> {
  const kinds = process.getActiveResourcesInfo().filter((kind) => /Server|UDP|^Process/.test(kind))
  const tasks = await readdir('/proc/self/task')
  const children = await Promise.all(
    tasks.map((task) => readFile(`/proc/self/task/${task}/children`, 'utf8').catch(() => '')),
  )
  const names = await Promise.all(tasks.map((task) => readFile(`/proc/self/task/${task}/comm`, 'utf8').catch(() => '')))
  return {
    threads: names.filter((name) => /^(ingest|store|watch)$/m.test(name)).length,
    ...Object.fromEntries(
      Map.groupBy(kinds, (kind) => kind)
        .entries()
        .map(([kind, all]) => [kind, all.length]),
    ),
    children: children.join('').split(' ').filter(Boolean).length,
  }
}

test.each(parts.names)('a failure after %s closes what was opened before', async (name) => {
  const before = await open()
  const failing = parts.after(name, () => Promise.reject(new Error(`planned after ${name}`)))
  await expect(start(failing)).rejects.toThrow(`planned after ${name}`)
  expect(await open()).toEqual(before)
  expect(readHolder(join(folder, 'data'))).toBeUndefined()
})

test('after these failures Weir starts with the same folder and ports, and its stop closes all', async () => {
  const before = await open()
  const weir = await start(parts)
  expect((await fetch(`${weir.url}/api/v1/ledger`)).status).toBe(200)
  await weir.stop()
  expect(await open()).toEqual(before)
  expect(readHolder(join(folder, 'data'))).toBeUndefined()
})
