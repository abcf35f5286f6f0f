import { setTimeout as sleep } from 'node:timers/promises'
import { patientFetch } from '../../../src/net/http/patient-fetch.ts'
import type { WeirProcess } from '../../../test/kit/weir-process.ts'
import { pathOf } from './client.ts'

export type Running = Readonly<{ query_id: string; state: string; unit?: string; done?: number; total?: number }>

export async function runningQueries(weir: WeirProcess): Promise<readonly Running[]> {
  return (await weir.get<{ queries: readonly Running[] }>('/api/v1/queries')).queries
}

/** Large questions at once, no two of which are equal. */
export class Crowd {
  readonly answers: Promise<readonly (number | undefined)[]>
  answered = 0
  readonly #left = new AbortController()

  /** `first`: distinguishes the questions of several crowds. */
  constructor(weir: WeirProcess, size: number, first: number) {
    this.answers = Promise.all(Array.from({ length: size }, (_, index) => this.#request(weir, first + index)))
  }

  /** The status; undefined if the client has left. */
  async #request(weir: WeirProcess, number: number): Promise<number | undefined> {
    const path = pathOf('topology', { filter: `bytes > ${number}`, scope: 'addr', limit: '500', source: 'raw' })
    try {
      const answer = await patientFetch(weir.url + path, {
        signal: this.#left.signal,
        headers: { 'x-query-id': `large-${number}` },
      })
      await answer.arrayBuffer()
      this.answered++
      return answer.status
    } catch (error) {
      if (this.#left.signal.aborted) return undefined
      throw error
    }
  }

  /** Closes all connections. */
  leave(): void {
    this.#left.abort()
  }
}

/** Resolves once a query reads the store. */
export async function reading(weir: WeirProcess): Promise<void> {
  while (!(await runningQueries(weir)).some(({ state }) => state === 'reading')) await sleep(10)
}
