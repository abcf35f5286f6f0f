import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EventReceiver } from '../kit/event-receiver.ts'
import { freePorts } from '../kit/free-port.ts'
import { startWeir, type WeirProcess } from '../kit/weir-process.ts'

interface HealthBody {
  readonly status: number
  readonly body: { readonly reasons: readonly string[]; readonly warnings: readonly string[] }
}

let folder = ''
let mounted = false
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-ready-'))
})
afterEach(async () => {
  if (mounted) spawnSync('umount', [folder])
  mounted = false
  await rm(folder, { recursive: true, force: true })
})

async function health(weir: WeirProcess, page: 'ready' | 'accepting' | 'live'): Promise<HealthBody> {
  const answer = await fetch(`${weir.opsUrl}/healthz/${page}`)
  return { status: answer.status, body: (await answer.json()) as HealthBody['body'] }
}
const post = async (weir: WeirProcess, id: string, data = ''): Promise<number> => {
  const answer = await fetch(`${weir.url}/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/cloudevents-batch+json' },
    body: JSON.stringify([{ specversion: '1.0', id, source: '/s', type: 't', data }]),
  })
  await answer.text()
  return answer.status
}
const patience = { timeout: 40_000, interval: 200 }

describe('/healthz/ready', () => {
  it('is 503 with the reason while the data folder is removed, and posts are refused', async () => {
    await using weir = await startWeir({ folder })
    expect((await health(weir, 'ready')).status).toBe(200)
    expect(await post(weir, 'a')).toBe(200)
    await rm(weir.data, { recursive: true, force: true })
    await expect
      .poll(() => health(weir, 'ready'), patience)
      .toMatchObject({ status: 503, body: { reasons: [expect.stringContaining(weir.data)] } })
    expect((await health(weir, 'accepting')).status).toBe(503)
    expect((await health(weir, 'live')).status).toBe(200)
    expect(await post(weir, 'b')).toBe(503)
    expect(weir.log).toMatch(/error Data is refused.*reason=/)
  })

  it('is 503 after ten seconds without a writable store; posts are still accepted', async (context) => {
    const store = join(folder, 'data', 'store')
    await mkdir(store, { recursive: true, mode: 0o700 })
    const mount = (...options: readonly string[]): number | null =>
      spawnSync('mount', [...options, 'tmpfs', store]).status
    if (mount('-t', 'tmpfs', '-o', 'size=1m') !== 0) context.skip('Only root may mount a file system.')
    try {
      await using weir = await startWeir({ folder })
      const large = (id: string): Promise<number> =>
        post(
          weir,
          id,
          Array.from({ length: 400 }, (_, n) => createHash('sha512').update(`${id} ${n}`).digest('hex')).join(' '),
        )
      for (let id = 0; id < 60; id++) expect(await large(`${id}`)).toBe(200)
      await expect
        .poll(() => health(weir, 'ready'), patience)
        .toMatchObject({
          status: 503,
          body: {
            reasons: [
              expect.stringMatching(/^store: fails for \d+ s, \d+ rows wait in the journal: .*(?:ENOSPC|space)/),
            ],
          },
        })
      expect((await health(weir, 'accepting')).status).toBe(200)
      expect(await large('last')).toBe(200)
      expect(mount('-o', 'remount,size=200m')).toBe(0)
      await expect.poll(() => health(weir, 'ready'), patience).toMatchObject({ status: 200, body: { reasons: [] } })
      expect(await weir.sql('SELECT count(*) AS n FROM events')).toEqual([{ n: 61 }])
    } finally {
      spawnSync('umount', [store])
    }
  })

  it('is 503 with the pending rows after ten seconds without a sink; posts are still accepted', async () => {
    await using receiver = await EventReceiver.prepare()
    await using weir = await startWeir({
      folder,
      config: {
        sinks: { bus: { type: 'http', url: receiver.url, delivery: { retry_initial: '50ms', retry_max: '200ms' } } },
      },
    })
    expect(await post(weir, 'a')).toBe(200)
    await expect
      .poll(() => health(weir, 'ready'), patience)
      .toMatchObject({ status: 200, body: { warnings: [expect.stringContaining('sink bus: ')] } })
    await expect
      .poll(() => health(weir, 'ready'), patience)
      .toMatchObject({
        status: 503,
        body: { reasons: [expect.stringMatching(/^sink bus: fails for \d+ s, 1 rows wait in the journal: /)] },
      })
    expect((await health(weir, 'accepting')).status).toBe(200)
    expect((await fetch(`${weir.url}/api/v1/health`)).status).toBe(503)
    expect(await post(weir, 'b')).toBe(200)
    await receiver.listen()
    await expect.poll(async () => (await health(weir, 'ready')).status, patience).toBe(200)
  })

  it('is 503 while posts wait for a sink that fails', async () => {
    await using receiver = await EventReceiver.prepare()
    await using weir = await startWeir({
      folder,
      config: {
        http: { ack: 'sink:bus', ack_timeout: '300ms' },
        sinks: { bus: { type: 'http', url: receiver.url, delivery: { retry_initial: '50ms', retry_max: '200ms' } } },
      },
    })
    expect(await post(weir, 'a')).toBe(503)
    await expect
      .poll(() => health(weir, 'accepting'), patience)
      .toMatchObject({
        status: 503,
        body: { reasons: [expect.stringContaining('posts are acknowledged by sink bus, which fails')] },
      })
    await receiver.listen()
    await expect.poll(async () => (await health(weir, 'ready')).status, patience).toBe(200)
    await expect
      .poll(() => weir.log, patience)
      .toMatch(
        /warn {2}Posts are rejected until their acknowledging sink settles rows again.*\n[^]*info {2}Posts are acknowledged again\. seconds=/,
      )
  })

  it('is 503 while a cloud refuses the password of its only source, and while a cluster does not answer', async () => {
    const [nobody = 0] = await freePorts(1)
    const cloud = createServer((_, response) =>
      response
        .writeHead(401, { 'content-type': 'application/json' })
        .end('{"error":{"message":"Invalid username or password","code":401}}'),
    )
    await new Promise<void>((resolve) => cloud.listen(0, '127.0.0.1', resolve))
    const { port } = cloud.address() as { port: number }
    try {
      const kubeconfig = join(folder, 'kubeconfig')
      await writeFile(
        kubeconfig,
        JSON.stringify({
          apiVersion: 'v1',
          kind: 'Config',
          'current-context': 'c',
          contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
          clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${nobody}` } }],
          users: [{ name: 'u', user: {} }],
        }),
      )
      await using weir = await startWeir({
        folder,
        config: {
          sources: {
            cts: {
              type: 'otc-cts',
              iam: `http://127.0.0.1:${port}/v3`,
              endpoint: `http://127.0.0.1:${port}`,
              auth: { type: 'password', user: 'u', password: 'wrong', domain: 'd' },
              projects: [{ name: 'eu-de_p' }],
            },
            kube: { type: 'kubernetes', cluster: 'c1', kubeconfig },
          },
        },
      })
      await expect
        .poll(async () => (await health(weir, 'ready')).body.reasons, patience)
        .toEqual(
          expect.arrayContaining([expect.stringMatching(/^source cts: /), expect.stringMatching(/^source kube: /)]),
        )
      expect((await health(weir, 'ready')).status).toBe(503)
      expect((await health(weir, 'accepting')).status).toBe(200)
    } finally {
      cloud.close()
      cloud.closeAllConnections()
    }
  })
})

describe('small volume', () => {
  it('/healthz/ready is 503 while the disk is full, and 200 once it has room', async (context) => {
    mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=100m', 'tmpfs', folder]).status === 0
    if (!mounted) context.skip('Only root may mount a file system.')
    await using weir = await startWeir({
      folder,
      config: { journal: { reserve: '16MiB', keep: '16MiB' }, store: { size: '16MiB' } },
    })
    const hog = join(folder, 'hog')
    spawnSync('dd', ['if=/dev/zero', `of=${hog}`, 'bs=1M'])
    await expect
      .poll(() => health(weir, 'ready'), patience)
      .toMatchObject({ status: 503, body: { reasons: [expect.stringContaining('bytes are free')] } })
    expect(await post(weir, 'a')).toBe(503)
    await writeFile(hog, '')
    await expect.poll(async () => (await health(weir, 'ready')).status, patience).toBe(200)
    expect(await post(weir, 'b')).toBe(200)
    expect(weir.log).toMatch(/info {2}Accepting data again\. .*seconds=/)
    expect(weir.log).toMatch(/info {2}Weir is ready again\. seconds=/)
  })
})
