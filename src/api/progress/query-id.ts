import type { FastifyInstance } from 'fastify'
import type { Random } from '../../host/index.ts'

export const queryIdHeader = 'x-query-id'

/** Ids that clients may choose. */
const chosen = /^[\w-]{1,64}$/

/** Each call returns the next id. */
export function queryIds(random: Random): () => string {
  const process = Buffer.from(random.bytes(4)).toString('hex')
  let count = 0
  return () => `${process}-${(++count).toString(36)}`
}

export function assignQueryIds(app: FastifyInstance, next: () => string): void {
  app.addHook('onRequest', ({ url, headers }, reply, done) => {
    const id = headers[queryIdHeader]
    // Files of the console are no queries.
    if (!url.startsWith('/assets/'))
      reply.header(queryIdHeader, typeof id === 'string' && chosen.test(id) ? id : next())
    done()
  })
}
