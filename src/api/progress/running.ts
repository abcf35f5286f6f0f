import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../host/index.ts'
import { operationOf } from '../access/gate.ts'
import { queryIdHeader } from './query-id.ts'
import { asWork, Work, type WorkProgress } from '../../topics/work.ts'

type Running = Readonly<{
  id: string
  user: string
  operation: string
  began: number
  work: Work
}>

export type RunningQuery = Pick<Running, 'id' | 'operation'> & WorkProgress & { readonly runningMs: number }

/** Requests without the end of their response. */
export class RunningQueries {
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #all = new Set<Running>()

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock
  }

  run(request: FastifyRequest, reply: FastifyReply, act: () => void): void {
    const running: Running = {
      id: String(reply.getHeader(queryIdHeader)),
      user: request.user,
      operation: operationOf(request) ?? '',
      began: this.#clock.monotonic(),
      work: new Work(this.#clock),
    }
    this.#all.add(running)
    reply.raw.once('close', () => this.#all.delete(running))
    asWork(running.work, act)
  }

  /** Those that wait for the store or read it, in the order of their arrival. */
  of(user: string): readonly RunningQuery[] {
    return [...this.#all].flatMap((running) => {
      const progress = running.user === user ? running.work.progress() : undefined
      if (progress === undefined) return []
      const { id, operation, began } = running
      return [{ id, operation, runningMs: Math.round(this.#clock.monotonic() - began), ...progress }]
    })
  }
}
