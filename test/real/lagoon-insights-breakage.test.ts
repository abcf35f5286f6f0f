// Everything that can go wrong between a ConfigMap and the broker, with burning on: none is deleted before the broker
// confirmed its message.
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { appendFileSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { findKubernetes } from './install/kubernetes.ts'
import { rabbitmq as program } from './install/rabbitmq.ts'
import { confirmRelay, type Confirms, type ConfirmRelay } from './kit/confirm-relay.ts'
import { LagoonStage, queue, sbom, until } from './kit/lagoon.ts'
import { need } from './kit/need.ts'

const missing = findKubernetes()
const stage = new LagoonStage()
const { createConfigMap, metaOf, messagesWith, messageWith, annotated, request } = stage
let relay: ConfirmRelay

beforeAll(async () => {
  if (!(await stage.start())) return
  relay = await confirmRelay(stage.broker.port)
  stage.sink = { url: `amqp://127.0.0.1:${relay.port}`, timeout: '1s' }
  await stage.run({ burn: true })
}, 240_000)
afterAll(async () => {
  await stage.stop()
  await relay?.close()
})

beforeEach(async (context) => {
  if (missing.path === undefined) return context.skip(missing.reason)
  await need(context, program)
  relay.confirms = 'pass'
})

const namesOf = (what: string): readonly string[] => Array.from({ length: 5 }, (_, index) => `${what}-${index}`)

async function burnt(names: readonly string[]): Promise<void> {
  for (const name of names)
    await until(async () => ((await metaOf(name)) === undefined ? true : undefined), `the deletion of ${name}`)
}

async function untouched(names: readonly string[]): Promise<void> {
  for (const name of names)
    expect([name, (await metaOf(name))?.annotations?.['lagoon.sh/insightsProcessed']]).toEqual([name, undefined])
  expect(await Promise.all(names.map(metaOf))).not.toContain(undefined)
}

/** Those with no message, or with several ids. */
async function undelivered(names: readonly string[]): Promise<readonly string[]> {
  const found: string[] = []
  for (const name of names) {
    const ids = (await messagesWith(`${name}.cyclonedx`)).map(({ properties }) => String(properties.messageId))
    if (new Set(ids).size !== 1) found.push(name)
  }
  return found
}

async function stoppedConfirms(count: number): Promise<void> {
  const before = relay.stopped
  await until(() => Promise.resolve(relay.stopped >= before + count ? true : undefined), `${count} confirmations`)
}

/** In blocks, because Weir writes as well. */
function fillDisk(file: string) {
  const block = Buffer.alloc(64 * 1024)
  try {
    for (;;) appendFileSync(file, block)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  }
}

describe('nothing is burnt before its delivery', { timeout: 120_000 }, () => {
  test.each<Confirms>(['swallow', 'nack', 'cut'])('with lost confirmations of the broker: %s', async (mode) => {
    const names = namesOf(`confirm-${mode}`)
    relay.confirms = mode
    for (const name of names) await createConfigMap(name, sbom(name))
    await stoppedConfirms(names.length * 2)
    await untouched(names)
    relay.confirms = 'pass'
    await burnt(names)
    expect(await undelivered(names)).toEqual([])
  })

  test('with a kill between the publication and the confirmation', async () => {
    const names = namesOf('kill')
    relay.confirms = 'swallow'
    for (const name of names) await createConfigMap(name, sbom(name))
    // The others wait for the confirmation of the first published one, which any of them is.
    await messageWith('kill-')
    await stage.weir?.kill()
    await untouched(names)
    relay.confirms = 'pass'
    await stage.run({ burn: true })
    await burnt(names)
    expect(await undelivered(names)).toEqual([])
  })

  test('with messages that no queue takes', async () => {
    const names = namesOf('unroutable')
    const channel = await stage.observer.channel()
    await channel.unbindQueue(queue, 'lagoon-insights', '')
    for (const name of names) await createConfigMap(name, sbom(name))
    await sleep(3000)
    await untouched(names)
    await channel.bindQueue(queue, 'lagoon-insights', '')
    await burnt(names)
    expect(await undelivered(names)).toEqual([])
  })

  test('with a gzip bomb and an unreadable file among them', async () => {
    const names = namesOf('bomb')
    const { labels, annotations } = sbom('bad')
    for (const [name, file] of Object.entries({
      'bad-bomb': gzipSync(Buffer.alloc(80 << 20)),
      'bad-cut': gzipSync('{"a":"b"}').subarray(0, 20),
    }))
      await createConfigMap(name, {
        labels: labels!,
        annotations: annotations!,
        binaryData: { [`${name}.json.gz`]: file.toString('base64') },
      })
    for (const name of names) await createConfigMap(name, sbom(name))
    await burnt(names)
    expect(await undelivered(names)).toEqual([])
    const key = 'insights.lagoon.sh/rejected'
    expect((await annotated('bad-bomb', key))[key]).toBe('too-large-decompressed')
    expect((await annotated('bad-cut', key))[key]).toBe('unreadable-gzip')
    expect(await messagesWith('bad-')).toEqual([])
  })

  test('with a disk that is full while ConfigMaps and requests arrive', async (context) => {
    const folder = join(stage.dir, 'small')
    mkdirSync(folder)
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=96m,mode=0700', 'weir', folder], { stdio: 'ignore' })
    } catch {
      return context.skip('a file system of 96 MiB can be mounted by root only')
    }
    onTestFinished(async () => {
      await stage.run({ burn: true })
      execFileSync('umount', ['-l', folder])
    })
    await stage.weir?.stop()
    const { weir, web } = await stage.replica('full', { burn: true }, join(folder, 'data'))
    try {
      await createConfigMap('before', sbom('before'))
      await burnt(['before'])
      const filler = join(folder, 'filler')
      fillDisk(filler)
      const names = namesOf('full')
      // Larger than what is free, so that none is delivered before the disk is full.
      const file = gzipSync(JSON.stringify({ filler: randomBytes(150_000).toString('base64') })).toString('base64')
      for (const name of names)
        await createConfigMap(name, { ...sbom(name), binaryData: { [`${name}.cyclonedx.json.gz`]: file } })
      const post = (): ReturnType<typeof request> =>
        request('POST', '/facts', { body: `[{"name":"disk","value":"${'x'.repeat(60_000)}"}]`, web })
      await until(async () => ((await post()).status === 503 ? true : undefined), 'a refused request')
      await untouched(names)
      rmSync(filler)
      await burnt(names)
      expect(await undelivered(names)).toEqual([])
      await until(async () => ((await post()).status === 200 ? true : undefined), 'an accepted request')
    } finally {
      await weir.stop()
    }
  })

  test('with two replicas, when the leader is killed', async () => {
    await stage.weir?.stop()
    const lease = { name: 'weir-burn', namespace: 'default', kubeconfig: `${stage.dir}/kubeconfig`, duration: '2s' }
    const replicas = [
      await stage.replica('left', { burn: true, lease }),
      await stage.replica('right', { burn: true, lease }),
    ]
    try {
      const names = Array.from({ length: 40 }, (_, index) => `two-${index}`)
      for (const [index, name] of names.entries()) {
        await createConfigMap(name, sbom(name))
        if (index === 20) await replicas[0]?.weir.kill()
      }
      await burnt(names)
      expect(await undelivered(names)).toEqual([])
    } finally {
      await Promise.all(replicas.map(({ weir }) => weir.stop()))
      await stage.run({ burn: true })
    }
  })
})
