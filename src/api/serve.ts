import type { FastifyInstance } from 'fastify'
import type { TObject, TSchema } from 'typebox'
import type { Operation, Surroundings } from '../topics/operation.ts'
import { answerJson } from './answer.ts'
import { problem, refusals } from './json-schema.ts'
import type { ApiContext } from './options.ts'
import { problemTable } from './problems.ts'
import { abortOnDisconnect, requireStore } from './store-query.ts'

type Served = Readonly<{ context: ApiContext; url: string }>

/** A route for an operation: GET with its parameters in the URL. `needed`: what it uses besides the store. */
export function serve<Parameters extends TObject, Response extends TSchema, Needed extends object>(
  app: FastifyInstance,
  { context, url }: Served,
  operation: Operation<Parameters, Response, Needed>,
  ...needed: object extends Needed ? [] : [() => Needed]
): void {
  const { id, summary, description, parameters, result, refuses = [], run } = operation
  const { $id } = result as { readonly $id?: string }
  const further = Object.fromEntries(refuses.map((code) => [problemTable[code].status, problem]))
  const schema = {
    operationId: id,
    summary,
    ...(description === undefined ? {} : { description }),
    querystring: parameters,
    response: { 200: $id === undefined ? result : { $ref: `${$id}#` }, ...refusals, ...further },
  }
  app.get(url, { schema }, async (request, reply) => {
    const signal = abortOnDisconnect(reply)
    const surroundings: Surroundings = {
      store: requireStore(context),
      now: context.host.clock.now(),
      viewer: request.principal,
      signal,
    }
    const more = needed[0]?.()
    try {
      const value = await run(request.query as never, { ...surroundings, ...more } as Surroundings & Needed)
      return signal.aborted ? reply.hijack() : answerJson(request, reply, value)
    } catch (error) {
      if (signal.aborted) return reply.hijack()
      throw error
    }
  })
}
