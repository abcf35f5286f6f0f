import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startWeir, type WeirProcess } from '../kit/weir-process.ts'

const endless = 'SELECT count(*) FROM range(1000000000000) t(i) WHERE hash(i) = 1'
let folder = ''
let weir: WeirProcess

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-sql-'))
  weir = await startWeir({ folder })
})
afterEach(async () => {
  await weir.kill()
  await rm(folder, { recursive: true, force: true })
})

function sql(statement: string, signal?: AbortSignal): Promise<Response> {
  return fetch(`${weir.url}/api/v1/sql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ sql: statement }),
    ...(signal === undefined ? {} : { signal }),
  })
}

function children(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === weir.pid ? [Number(pid)] : []
      } catch {
        return []
      }
    })
}

function resident(): number {
  return [weir.pid, ...children()].reduce((sum, pid) => {
    try {
      return sum + Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) * 1024
    } catch {
      return sum
    }
  }, 0)
}

describe.runIf(process.platform === 'linux')('a statement that needs too much', () => {
  it('fails alone, within `sql.memory` (1 GiB), and its memory is given back', async () => {
    await sql('SELECT 1 AS a')
    const before = resident()
    let most = 0
    const watch = setInterval(() => (most = Math.max(most, resident())), 5)
    try {
      const answers = await Promise.all([
        sql("SELECT repeat('x', 2000000000)"),
        sql("SELECT repeat('x', 2000000000), repeat('y', 2000000000)"),
      ])
      for (const answer of answers) {
        expect(answer.status).toBe(422)
        expect(await answer.json()).toMatchObject({
          code: 'WEIR_SQL_MEMORY',
          detail: expect.stringContaining('1024 MiB') as string,
        })
      }
    } finally {
      clearInterval(watch)
    }
    expect(most - before).toBeLessThan(2.5 * (1 << 30))
    expect(await (await sql('SELECT 1 AS a')).json()).toEqual([{ a: 1 }])
    await expect.poll(() => resident() - before).toBeLessThan(200 << 20)
  })

  it('ends with the connection of its client, and gives its place to the next', async () => {
    for (let gone = 0; gone < 3; gone++) {
      const client = new AbortController()
      const answer = sql(endless, client.signal).catch(() => undefined)
      await expect.poll(() => children().length).toBeGreaterThan(0)
      client.abort()
      await answer
    }
    expect(await (await sql('SELECT 1 AS a')).json()).toEqual([{ a: 1 }])
    await expect.poll(() => children().length).toBeLessThanOrEqual(1)
  })

  it('does not hold up a stop, nor outlives a kill', async () => {
    const answers = [sql(endless), sql(endless)].map((answer) =>
      answer.then(
        () => undefined,
        () => undefined,
      ),
    )
    await expect.poll(() => children().length, { timeout: 20_000 }).toBe(2)
    const working = children()
    expect(await weir.stop()).toMatchObject({ code: 0 })
    await Promise.all(answers)
    const alive = (): number[] =>
      working.filter((pid) => {
        try {
          return /^State:\s+[^Z]/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'))
        } catch {
          return false
        }
      })
    expect(alive()).toEqual([])
    await weir.start()
    const again = sql(endless).catch(() => undefined)
    await expect.poll(() => children().length, { timeout: 20_000 }).toBe(1)
    working.splice(0, 2, ...children())
    await weir.kill()
    await again
    await expect.poll(alive, { timeout: 20_000 }).toEqual([])
  })
})
