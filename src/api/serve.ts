import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { TObject, TSchema } from 'typebox'
import type { Operation, Result, Surroundings } from '../topics/operation.ts'
import { answerJson } from './answer.ts'
import { problem, refusals } from './openapi/json-schema.ts'
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
  serveWith(app, url, operation, (request, signal) => {
    const surroundings: Surroundings = {
      store: requireStore(context),
      now: context.host.clock.now(),
      viewer: request.principal,
      signal,
    }
    return { ...surroundings, ...needed[0]?.() } as Surroundings & Needed
  })
}

type Send<Value> = (request: FastifyRequest, reply: FastifyReply, result: Value) => FastifyReply

/** The same with all that the operation uses. */
export function serveWith<Parameters extends TObject, Response extends TSchema, Needed>(
  app: FastifyInstance,
  url: string,
  operation: Operation<Parameters, Response, Needed, object>,
  neededOf: (request: FastifyRequest, signal: AbortSignal) => Needed,
  send: Send<Result<Response>> = answerJson,
): void {
  app.get(url, { schema: schemaOf(operation) }, async (request, reply) => {
    const signal = abortOnDisconnect(reply)
    const needed = neededOf(request, signal)
    try {
      const result = await operation.run(request.query as never, needed as object & Needed)
      return signal.aborted ? reply.hijack() : send(request, reply, result)
    } catch (error) {
      if (signal.aborted) return reply.hijack()
      throw error
    }
  })
}

function schemaOf<Parameters extends TObject, Response extends TSchema, Needed>({
  id,
  summary,
  description,
  parameters,
  result,
  refuses = [],
}: Operation<Parameters, Response, Needed, object>) {
  const { $id } = result as { readonly $id?: string }
  const further = Object.fromEntries(refuses.map((code) => [problemTable[code].status, problem]))
  return {
    operationId: id,
    summary,
    ...(description === undefined ? {} : { description }),
    querystring: parameters,
    response: { 200: $id === undefined ? result : { $ref: `${$id}#` }, ...refusals, ...further },
  }
}
