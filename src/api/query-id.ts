import type { FastifyInstance } from 'fastify'
import type { Random } from '../host/index.ts'

export const queryIdHeader = 'x-query-id'

/** Each call returns the next id. */
export function queryIds(random: Random): () => string {
  const process = Buffer.from(random.bytes(4)).toString('hex')
  let count = 0
  return () => `${process}-${(++count).toString(36)}`
}

export function assignQueryIds(app: FastifyInstance, next: () => string): void {
  app.addHook('onRequest', ({ url }, reply, done) => {
    // Files of the console are no queries.
    if (!url.startsWith('/assets/')) reply.header(queryIdHeader, next())
    done()
  })
}
