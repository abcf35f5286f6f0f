import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { live, ModelJournal, modelKey } from '../../../../test/kit/kubernetes-model.ts'
import { SeededRandom } from '../../../../test/kit/random.ts'
import { seeds } from '../../../../test/kit/seeds.ts'
import { Database } from '../../../host/database.ts'
import { realHost } from '../../../host/index.ts'
import { recordingLog, recordingMetrics } from '../../../store/testing/frames.ts'
import type { KubeObject } from '../client/types.ts'
import { openObjects } from '../source.ts'
import { ObjectMap } from './objects.ts'
import type { Step } from './steps.ts'

let dir = ''
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'weir-rows-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

const uidOf = (number: number): string => `${String(number).padStart(8, '0')}-aaaa-4bbb-8ccc-dddddddddddd`
const digest = (text: string): string => Buffer.from(text.padEnd(16, '.')).toString('base64url')
const collections = ['c0', 'c1', 'c2']
const documentOf = (uid: string): string => `${uid} ${'x'.repeat((Number(uid.slice(0, 8)) * 7) % 400)}`

/** 240 objects in three collections, written in several commits. */
function fill(path: string): void {
  const map = new ObjectMap(path)
  map.begun = 1_700_000_000_000
  for (let first = 0; first < 240; first += 40) {
    const steps: Step[] = []
    for (let number = first; number < first + 40; number++) {
      const collection = map.collection(collections[number % 3] ?? '')
      const uid = uidOf(number)
      const facts = { version: String(70_000 + number), hash: digest(`h${number}`), emitted: digest(`t${number}`) }
      const known = Object.assign(map.add(collection, uid), facts)
      steps.push({
        is: 'put',
        collection,
        uid,
        known,
        facts,
        names: { namespace: `ns-${number}`, name: `name-${number}` },
        document: Uint8Array.from(Buffer.from(documentOf(uid))),
        emission: { at: 1_700_000_000_000 + number, version: facts.version, since: '2026-11-20T00:00:00Z' },
      })
    }
    map.commit(steps, { sequence: first + 40, row: 0 })
  }
  for (const key of collections)
    map.commit([{ is: 'cursor', collection: map.collection(key), version: `9${key}`, listed: true }], undefined)
  map.close()
}

/** All data that the map reads from disk, one line each. */
function linesOf(map: ObjectMap): string[] {
  const lines = [`position ${JSON.stringify(map.position)}`, `begun ${map.begun}`]
  for (const collection of map.collections()) {
    lines.push(`${collection.key} ${collection.cursor} ${collection.whole}`)
    for (const [uid, known] of collection.objects) {
      lines.push(`${collection.key} ${uid} ${known.row} ${known.version} ${known.hash} ${known.emitted}`)
      const document = map.document(known)
      if (document !== undefined) lines.push(`${uid} ${document.toString()}`)
    }
    for (const { uid, namespace, name } of map.names(collection))
      lines.push(`name ${collection.key} ${uid} ${namespace} ${name}`)
  }
  for (const { collection, uid, row, emitted, at, version, since } of map.emittedBefore(
    Number.MAX_SAFE_INTEGER,
    0,
    1000,
  ))
    lines.push(`emitted ${collection.key} ${uid} ${row} ${emitted} ${at} ${version} ${since}`)
  return lines
}

async function open(folder: string): Promise<{
  readonly map: ObjectMap
  readonly log: ReturnType<typeof recordingLog>
  readonly metrics: ReturnType<typeof recordingMetrics>
}> {
  const [log, metrics] = [recordingLog(), recordingMetrics()]
  return { map: await openObjects(folder, { host: realHost(), log, metrics, id: 'cluster' }), log, metrics }
}

async function folderWith(bytes: Uint8Array): Promise<string> {
  const folder = await mkdtemp(join(dir, 'case-'))
  await writeFile(join(folder, 'objects.sqlite'), bytes)
  return folder
}

test('after any bit flip no value is wrong, and kinds with unknown objects are listed again', async () => {
  const path = join(dir, 'filled.sqlite')
  fill(path)
  const bytes = await readFile(path)
  const whole = await open(await folderWith(bytes))
  const right = new Set(linesOf(whole.map))
  whole.map.close()
  const toList = new Set([
    ...collections.map((key) => `${key} undefined false`),
    'position {"sequence":0,"row":0}',
    'begun undefined',
  ])
  const seen = { rows: 0, files: 0 }
  for (const seed of seeds(1, 6)) {
    const random = new SeededRandom(seed)
    for (let round = 0; round < 50; round++) {
      const damaged = Uint8Array.from(bytes)
      const bit = random.integer(0, bytes.length * 8 - 1)
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const folder = await folderWith(damaged)
      const { map, log, metrics } = await open(folder)
      const lines = linesOf(map)
      expect(
        lines.filter((line) => !right.has(line) && !toList.has(line)),
        `seed ${seed}, bit ${bit}`,
      ).toEqual([])
      const isAside = (await readdir(folder)).some((name) => name.includes('damaged'))
      if (isAside) seen.files++
      else if (map.size < 240) seen.rows++
      expect(
        map.size === 240 ||
          map.size === 0 ||
          [...map.collections()].some(
            ({ cursor, whole: is, objects }) => objects.size < 80 && cursor === undefined && !is,
          ),
        `seed ${seed}, bit ${bit}`,
      ).toBe(true)
      expect(
        map.size === 240 || log.lines.filter(({ level }) => level === 'error').length === 1,
        `seed ${seed}, bit ${bit}`,
      ).toBe(true)
      expect(
        map.size === 240 ||
          [...metrics.counts.keys()].some((name) => name.startsWith('weir_kubernetes_damaged_records_total')),
        `seed ${seed}, bit ${bit}`,
      ).toBe(true)
      map.close()
      await rm(folder, { recursive: true })
    }
  }
  expect(seen.rows).toBeGreaterThan(2)
  expect(seen.files).toBeGreaterThan(2)
}, 60_000)

const pod = (name: string, version: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'shop', uid: `uid-${name}`, resourceVersion: version },
  spec: { nodeName: name },
})

test('an object with a damaged version is listed again and emits no wrong change', async () => {
  const [journal, path] = [new ModelJournal(), join(dir, 'version.sqlite')]
  const first = await live(journal, path)
  await first.tracker.listing()
  for (const name of ['a', 'b']) await first.tracker.present(pod(name, '100'))
  await first.tracker.listed('100')
  await first.stop()
  const database = new Database(path)
  database.exec("UPDATE objects SET version = '900' WHERE uid = 'uid-a'")
  database.close()
  const again = await live(journal, path)
  const before = journal.changes().length
  expect([again.map.damaged, again.tracker.cursor, again.map.collection(modelKey).objects.get('uid-a')]).toEqual([
    1,
    undefined,
    undefined,
  ])
  await again.tracker.listing()
  for (const [name, version] of [
    ['a', '100'],
    ['b', '101'],
  ] as const)
    await again.tracker.present({ ...pod(name, version), spec: { nodeName: `${name}${version}` } })
  await again.tracker.listed('101')
  await again.tracker.changed('MODIFIED', pod('a', '102'))
  await again.stop()
  expect(
    journal
      .changes()
      .slice(before)
      .map(({ name, operation }) => `${operation} ${name}`),
  ).toEqual(['updated b', 'updated a'])
  const last = await live(journal, path)
  expect([last.map.damaged, last.map.collection(modelKey).objects.get('uid-a')?.version]).toEqual([0, '102'])
  await last.stop()
})
