import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { SeededRandom } from '../../../../test/kit/random.ts'
import { seeds } from '../../../../test/kit/seeds.ts'
import { Database } from '../../../host/database.ts'
import { ObjectMap } from './objects.ts'
import type { Known } from './known.ts'
import type { Step } from './steps.ts'

let dir = ''
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'weir-blocks-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

const document = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text))
const put = (map: ObjectMap, known: Known, uid: string, text: string): Step => {
  const own = document(text)
  known.document = own
  return {
    is: 'put',
    collection: map.collection('c'),
    uid,
    known,
    facts: { version: '1', hash: '', emitted: '' },
    names: { namespace: undefined, name: uid },
    document: own,
  }
}
const blocksOf = (path: string): number => {
  const database = new Database(path)
  const blocks = Number(database.prepare('SELECT count(*) AS n FROM blocks').get()?.['n'])
  database.close()
  return blocks
}

test('after any writes, replacements and deletions, each object has its last document, also after a restart', () => {
  for (const seed of seeds(2, 6)) {
    const [dice, path] = [new SeededRandom(seed), join(dir, `${seed}.sqlite`)]
    let map = new ObjectMap(path)
    const wanted = new Map<string, string>()
    let [names, turn] = [0, 0]
    for (let commit = 0; commit < 80; commit++) {
      const steps: Step[] = []
      for (let count = Math.floor(dice.next() * 25); count > 0; count--) {
        const objects = map.collection('c').objects
        const uid = dice.next() < 0.4 || wanted.size === 0 ? `u${names++}` : dice.pick([...wanted.keys()])
        const known = objects.get(uid)
        if (known !== undefined && dice.next() < 0.35) {
          objects.delete(uid)
          wanted.delete(uid)
          steps.push({ is: 'remove', known })
        } else {
          const text = `${uid} ${turn++} ${'x'.repeat(dice.next() < 0.03 ? 70_000 : Math.floor(dice.next() * 3000))}`
          wanted.set(uid, text)
          steps.push(put(map, known ?? map.add(map.collection('c'), uid), uid, text))
        }
      }
      map.commit(steps, undefined)
      if (dice.next() < 0.1) {
        map.close()
        map = new ObjectMap(path)
      }
      for (const [uid, text] of wanted) {
        const known = map.collection('c').objects.get(uid)
        expect(known === undefined ? undefined : map.document(known)?.toString(), `seed ${seed}, ${uid}`).toBe(text)
      }
    }
    // Unused blocks are removed by the next write.
    for (const [uid] of wanted)
      map.commit([{ is: 'remove', known: map.collection('c').objects.get(uid) as Known }], undefined)
    map.commit([], undefined)
    map.close()
    expect(blocksOf(path), `seed ${seed}`).toBe(0)
  }
})

test('a document in a damaged block is lost, and the others remain', () => {
  const path = join(dir, 'damaged.sqlite')
  let map = new ObjectMap(path)
  for (const uid of ['a', 'b'])
    map.commit([put(map, map.add(map.collection('c'), uid), uid, `document of ${uid}`)], undefined)
  map.close()
  const database = new Database(path)
  database.exec(
    "UPDATE blocks SET documents = substr(documents, 1, 10) WHERE id = (SELECT block FROM objects WHERE uid = 'a')",
  )
  database.close()
  map = new ObjectMap(path)
  const found = (uid: string): string | undefined =>
    map.document(map.collection('c').objects.get(uid) as Known)?.toString()
  expect([found('a'), found('b')]).toEqual([undefined, 'document of b'])
  map.close()
})

test('a file with another layout is refused', () => {
  const path = join(dir, 'old.sqlite')
  const database = new Database(path)
  database.exec('PRAGMA user_version = 1')
  database.close()
  expect(() => new ObjectMap(path)).toThrow(/layout 1/)
})
