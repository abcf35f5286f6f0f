import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, type TestContext } from 'vitest'
import { startWeir } from '../kit/weir-process.ts'

/** A file system that only this test has. It is skipped without the rights to mount one. */
async function volume(context: TestContext, options: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-volume-'))
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]).status === 0
  context.onTestFinished(async () => {
    if (mounted) spawnSync('umount', [folder])
    await rm(folder, { recursive: true, force: true })
  })
  if (!mounted) context.skip(`Only root may mount a file system with ${options}.`)
  return folder
}
function remount(folder: string, options: string): void {
  expect(spawnSync('mount', ['-o', `remount,${options}`, folder]).status).toBe(0)
}

function body(): string {
  const events = Array.from({ length: 10 }, () => ({
    specversion: '1.0',
    id: randomBytes(8).toString('hex'),
    source: '/s',
    type: 't',
    data: randomBytes(75_000).toString('base64'),
  }))
  return JSON.stringify(events)
}

async function post(url: string): Promise<number> {
  const answer = await fetch(`${url}/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/cloudevents-batch+json' },
    body: body(),
  })
  await answer.text()
  return answer.status
}

async function accepted(url: string, limitMs = 30_000): Promise<void> {
  for (const until = performance.now() + limitMs; (await post(url)) !== 200;) {
    if (performance.now() > until) throw new Error(`no post was accepted in ${limitMs} ms`)
    await sleep(100)
  }
}

// They mostly wait.
describe.concurrent('small volume', () => {
  it('a volume smaller than `journal.keep` accepts more than it holds, and recovers', async (context) => {
    const { expect } = context
    const folder = await volume(context, 'size=200m')
    await using weir = await startWeir({ folder, config: { store: { enabled: 'none' } } })
    expect(weir.log).toContain('The volume of the data folder is smaller than what Weir may write.')
    expect(weir.log).toContain('200 MiB, and journal.keep 256 MiB + journal.reserve 64.0 MiB are 320 MiB')
    for (let megabytes = 0; megabytes < 300; megabytes++) await accepted(weir.url)
    const hog = join(folder, 'hog')
    // Exactly the free space: other writers of the volume are not Weir's concern.
    const fillUp = (): void =>
      void spawnSync('dd', ['if=/dev/zero', `of=${hog}`, 'bs=1M', 'oflag=append', 'conv=notrunc'])
    const postToFull = (): Promise<number> => {
      fillUp()
      return post(weir.url)
    }
    await expect.poll(postToFull, { timeout: 30_000 }).toBe(503)
    expect((await fetch(`${weir.opsUrl}/healthz/ready`)).status).toBe(503)
    await expect.poll(() => weir.log, { timeout: 20_000 }).toContain('Data is refused')
    await writeFile(hog, '')
    await accepted(weir.url)
    await expect.poll(() => weir.log, { timeout: 20_000 }).toContain('Accepting data again')
    const ledger = await weir.caughtUp(30_000)
    expect(ledger.balanced).toBe(true)
    expect((await weir.stop()).code).toBe(0)
  })

  it('the oldest rows make room, also after a restart on the full volume and after it shrank', async (context) => {
    const { expect } = context
    const folder = await volume(context, 'size=120m')
    await using weir = await startWeir({ folder, config: {} })
    const fill = async (megabytes: number): Promise<void> => {
      for (let posted = 0; posted < megabytes; posted++) {
        // Rows that the store has not read yet cannot make room.
        if (posted % 10 === 0) await weir.caughtUp(30_000)
        expect(await post(weir.url)).toBe(200)
      }
    }
    await fill(100)
    await weir.kill()
    await weir.start()
    await fill(60)
    remount(folder, 'size=105m')
    await accepted(weir.url)
    await fill(20)
    const ledger = await weir.caughtUp(30_000)
    expect(ledger.balanced).toBe(true)
    const [store] = ledger.sinks
    expect(store?.delivered).toBe(1810)
    expect(store?.expired?.['disk']).toBeGreaterThan(500)
    expect(weir.log).toContain('The store removed its oldest rows: the volume lacks room.')
    expect(weir.log).not.toContain('Data is refused')
    expect((await weir.stop()).code).toBe(0)
  })

  it('without free inodes a start waits, not ready, and continues once there are some', async (context) => {
    const { expect } = context
    const folder = await volume(context, 'size=200m')
    await using weir = await startWeir({ folder })
    await accepted(weir.url)
    expect((await weir.stop()).code).toBe(0)
    const used = Number(spawnSync('df', ['--output=iused', folder]).stdout.toString().split('\n')[1])
    remount(folder, `nr_inodes=${used}`)
    const ready = (): Promise<number> =>
      fetch(`${weir.opsUrl}/healthz/ready`).then(
        ({ status }) => status,
        () => 0,
      )
    weir.launch()
    await expect.poll(ready, { timeout: 60_000 }).toBe(503)
    const health = await fetch(`${weir.opsUrl}/healthz/ready`)
    expect(await health.json()).toMatchObject({
      ready: false,
      reasons: [expect.stringContaining('only 0 inodes are free on the volume of')],
    })
    expect((await fetch(`${weir.opsUrl}/healthz/live`)).status).toBe(200)
    expect(await post(weir.url)).toBe(503)
    remount(folder, 'nr_inodes=100000')
    await weir.ready()
    expect(await ready()).toBe(200)
    expect(await post(weir.url)).toBe(200)
    expect((await weir.caughtUp(30_000)).balanced).toBe(true)
    expect((await weir.stop()).code).toBe(0)
  })

  it('a journal at its `max` accepts more once the store has all of it', async (context) => {
    const folder = await mkdtemp(join(tmpdir(), 'weir-volume-'))
    context.onTestFinished(() => rm(folder, { recursive: true, force: true }))
    await using weir = await startWeir({
      folder,
      config: { journal: { segment: '64KiB', max: '1MiB', keep: '64KiB' }, store: { size: '64MiB' } },
    })
    for (let megabytes = 0; megabytes < 8; megabytes++) await accepted(weir.url)
    expect((await weir.caughtUp(30_000)).balanced).toBe(true)
  })
})
